package node

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestHandshakeRefusals: a bad handshake is refused before the upgrade.
func TestHandshakeRefusals(t *testing.T) {
	n := start(t, "ALLOWED_ORIGINS=https://chat.example.org")
	refused := map[string]struct {
		query  []string
		origin string
		status int
		code   string
	}{
		"empty name":            {[]string{"name="}, "", 400, "bad_name"},
		"blank name":            {[]string{"name=  "}, "", 400, "bad_name"},
		"long name":             {[]string{"name=" + strings.Repeat("ä", 33)}, "", 400, "bad_name"},
		"control character":     {[]string{"name=a\x07b"}, "", 400, "bad_name"},
		"line break":            {[]string{"name=a\nb"}, "", 400, "bad_name"},
		"bidi override":         {[]string{"name=a\u202eb"}, "", 400, "bad_name"},
		"zalgo":                 {[]string{"name=a\u0310\u0311\u0312"}, "", 400, "bad_name"},
		"invalid UTF-8":         {[]string{"name=a\xffb"}, "", 400, "bad_name"},
		"empty room":            {[]string{"room="}, "", 400, "bad_room"},
		"upper-case room":       {[]string{"room=Hall"}, "", 400, "bad_room"},
		"long room":             {[]string{"room=" + strings.Repeat("r", 33)}, "", 400, "bad_room"},
		"room with slash":       {[]string{"room=a/b"}, "", 400, "bad_room"},
		"history word":          {[]string{"history=all"}, "", 400, "bad_history"},
		"history negative":      {[]string{"history=-1"}, "", 400, "bad_history"},
		"history 201":           {[]string{"history=201"}, "", 400, "bad_history"},
		"history empty":         {[]string{"history="}, "", 400, "bad_history"},
		"after word":            {[]string{"after=yesterday"}, "", 400, "bad_after"},
		"after no epoch":        {[]string{"after=12"}, "", 400, "bad_after"},
		"after empty":           {[]string{"after="}, "", 400, "bad_after"},
		"after too large":       {[]string{"after=0123456789abcdef:9007199254740992"}, "", 400, "bad_after"},
		"other site":            {nil, "https://evil.example", 403, "forbidden_origin"},
		"host as a prefix":      {nil, "http://127.0.0.1.evil.example", 403, "forbidden_origin"},
		"null origin":           {nil, "null", 403, "forbidden_origin"},
		"file":                  {nil, "file://127.0.0.1", 403, "forbidden_origin"},
		"allowed, other scheme": {nil, "http://chat.example.org", 403, "forbidden_origin"},
	}
	for what, tt := range refused {
		status, code := refusal(t, n, tt.origin, tt.query...)
		if status != tt.status || code != tt.code {
			t.Errorf("%s: got %d %s, want %d %s", what, status, code, tt.status, tt.code)
		}
	}
	for _, origin := range []string{"", "http://127.0.0.1", "http://127.0.0.1:1007",
		"https://chat.example.org"} {
		if status, code := refusal(t, n, origin, "name=ann"); status != http.StatusSwitchingProtocols {
			t.Errorf("origin %q is refused: %d %s", origin, status, code)
		}
	}

	// A malformed query must be refused, not read in part.
	for _, query := range []string{"name=%zz", "name=a;room=b", "after=%"} {
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+n.Addr()+"/ws?"+query,
			nil)
		if resp == nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err == nil {
			_ = conn.Close()
		}
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("query %q: %d", query, resp.StatusCode)
		}
	}

	resp, err := http.Get("http://" + n.Addr() + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("GET /ws without an upgrade: %d %v", resp.StatusCode, resp.Header)
	}
}

// refusal tries a handshake and returns its status and error code.
func refusal(t *testing.T, n *Node, origin string, query ...string) (status int, code string) {
	t.Helper()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	return refused(t, n, h, nil, query...)
}

// refused dials with a header and subprotocols, and returns the status and
// error code.
func refused(
	t *testing.T,
	n *Node,
	h http.Header,
	subprotocols []string,
	query ...string,
) (status int, code string) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols}
	conn, resp, err := dialer.DialContext(t.Context(), address(n, query...), h)
	if resp == nil {
		t.Fatalf("dial: %v", err)
	}
	defer resp.Body.Close()
	if err == nil {
		_ = conn.Close()
		return resp.StatusCode, ""
	}
	body, _ := io.ReadAll(resp.Body)
	var p struct {
		Code   string
		Status int
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Status != resp.StatusCode ||
		resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v: body %q (%s) is no problem+json: %v", query, body, resp.Header.Get("Content-Type"), err)
	}
	return resp.StatusCode, p.Code
}

// TestSlowHandshake: a client that does not finish its request is cut off.
func TestSlowHandshake(t *testing.T) {
	n := start(t, "HEADER_TIMEOUT=100ms")
	c, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(bufio.NewReader(c)); err != nil {
		t.Errorf("read %q, %v; want the end", rest, err)
	}
}
