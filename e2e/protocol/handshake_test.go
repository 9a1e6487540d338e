package protocol

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// answer is a status and the code in the problem.
type answer struct {
	status int
	code   string
}

// HAProxy answers some handshakes itself. It checks keys against RFC 6455 and
// answers 400 with a page of its own that has no code. Clients retry after
// that, since HAProxy sends the same for a request that was cut off. It removes
// the Upgrade header from a request with a body.
var (
	ownPage   = answer{http.StatusBadRequest, ""}
	noUpgrade = answer{http.StatusUpgradeRequired, "upgrade_required"}
)

// handshake is a handwritten request: how it differs from a good one, and the
// expected answer.
type handshake struct {
	name    string
	line    string            // instead of `GET / HTTP/1.1`
	replace map[string]string // header → its lines; "" leaves it out
	body    string
	status  int
	code    string // the problem's code, "" with 101
	haproxy answer // through HAProxy, if different
}

var goodHandshake = []struct{ name, line string }{
	{"Host", "Host: localhost\r\n"},
	{"Connection", "Connection: Upgrade\r\n"},
	{"Upgrade", "Upgrade: websocket\r\n"},
	{"Version", "Sec-WebSocket-Version: 13\r\n"},
	{"Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"},
	{"Origin", ""},
	{"Length", ""},
}

// text returns the request as it goes over the wire.
func (h handshake) text() string {
	line := h.line
	if line == "" {
		line = "GET / HTTP/1.1"
	}
	request := line + "\r\n"
	for _, header := range goodHandshake {
		lines, replaced := h.replace[header.name]
		if !replaced {
			lines = header.line
		}
		request += lines
	}
	return request + "\r\n" + h.body
}

// A wrong or ambiguous handshake gets one clear answer (RFC 6455 section 4.2
// and RFC 9457) and nothing after it.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1})
	key := func(keys ...string) map[string]string {
		return map[string]string{"Key": strings.Join(append([]string{""}, keys...), "Sec-WebSocket-Key: ")}
	}
	version := func(lines string) map[string]string { return map[string]string{"Version": lines} }
	for _, h := range []handshake{
		{name: "good", status: 101},
		{
			name: "in lists and capitals", status: 101,
			replace: map[string]string{"Connection": "Connection: keep-alive, UPGRADE\r\n",
				"Upgrade": "Upgrade: WebSocket\r\n"},
		},
		{name: "an empty body", status: 101, replace: map[string]string{"Length": "Content-Length: 0\r\n"}},
		{name: "two keys", status: 400, code: "bad_request",
			replace: key("dGhlIHNhbXBsZSBub25jZQ==\r\n", "AAAAAAAAAAAAAAAAAAAAAA==\r\n")},
		{name: "the same key twice", status: 400, code: "bad_request",
			replace: key("dGhlIHNhbXBsZSBub25jZQ==\r\n", "dGhlIHNhbXBsZSBub25jZQ==\r\n")},
		{name: "no key", status: 400, code: "bad_request", replace: key(), haproxy: ownPage},
		{name: "an empty key", status: 400, code: "bad_request", replace: key("\r\n"), haproxy: ownPage},
		{name: "a short key", status: 400, code: "bad_request", replace: key("AAAAAAAAAAAAAAAAAAAA\r\n"),
			haproxy: ownPage},
		{name: "a long key", status: 400, code: "bad_request", replace: key("AAAAAAAAAAAAAAAAAAAAAAA=\r\n")},
		{name: "a key that is not base64", status: 400, code: "bad_request",
			replace: key("dGhlIHNhbXBsZSBub25jZQ!!\r\n")},
		{name: "a key with trailing bits", status: 400, code: "bad_request",
			replace: key("dGhlIHNhbXBsZSBub25jZR==\r\n")},
		{name: "two origins", status: 400, code: "bad_request",
			replace: map[string]string{"Origin": "Origin: http://localhost\r\nOrigin: http://evil.example\r\n"}},
		{name: "a body", line: "GET /ws HTTP/1.1", status: 400, code: "bad_request",
			replace: map[string]string{"Length": "Content-Length: 5\r\n"}, body: "hello", haproxy: noUpgrade},
		{name: "a body in chunks", line: "GET /ws HTTP/1.1", status: 400, code: "bad_request",
			replace: map[string]string{"Length": "Transfer-Encoding: chunked\r\n"},
			body:    "5\r\nhello\r\n0\r\n\r\n", haproxy: noUpgrade},
		{name: "a body that looks like a request", line: "GET /ws HTTP/1.1", status: 400,
			code: "bad_request", replace: map[string]string{"Length": "Content-Length: 38\r\n"},
			body: "GET /version HTTP/1.1\r\nHost: local\r\n\r\n", haproxy: noUpgrade},
		{name: "HTTP/1.0", line: "GET / HTTP/1.0", status: 400, code: "bad_request"},
		{name: "POST", line: "POST / HTTP/1.1", status: 405, code: "method_not_allowed"},
		{name: "version 8", status: 426, code: "upgrade_required",
			replace: version("Sec-WebSocket-Version: 8\r\n")},
		{name: "version 12 and 13", status: 426, code: "upgrade_required",
			replace: version("Sec-WebSocket-Version: 12, 13\r\n")},
		{name: "two versions", status: 426, code: "upgrade_required",
			replace: version("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n")},
		{name: "no version", status: 426, code: "upgrade_required", replace: version("")},
		{name: "no upgrade", line: "GET /ws HTTP/1.1", status: 426, code: "upgrade_required",
			replace: map[string]string{"Upgrade": ""}},
		{name: "no connection", line: "GET /ws HTTP/1.1", status: 426, code: "upgrade_required",
			replace: map[string]string{"Connection": ""}},
	} {
		for way, addr := range map[string]string{
			"direct": c.Servers[0].Addr, "through HAProxy": c.HAProxy.Addr,
		} {
			want := h
			if h.haproxy.status != 0 && addr == c.HAProxy.Addr {
				want.status, want.code = h.haproxy.status, h.haproxy.code
			}
			if err := want.try(addr); err != nil {
				t.Errorf("%s, %s: %v", h.name, way, err)
			}
		}
	}
}

// try sends the request and checks the answer.
func (h handshake) try(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, h.text()); err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || response.StatusCode != h.status {
		return fmt.Errorf("answered %d %.200s, %v, want %d", response.StatusCode, body, err, h.status)
	}
	if h.code == "" { // an upgraded connection, or a page from HAProxy
		return nil
	}
	var p problem
	if err := json.Unmarshal(body, &p); err != nil || p.Code != h.code || p.Status != h.status ||
		!strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		return fmt.Errorf("answered %s %s, want %s", response.Header.Get("Content-Type"), body, h.code)
	}
	version := response.Header.Get("Sec-WebSocket-Version")
	if (version == "13") != (h.status == http.StatusUpgradeRequired) {
		return fmt.Errorf("Sec-WebSocket-Version: %q", version)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		return fmt.Errorf("followed by %q, %v", rest, err)
	}
	return nil
}
