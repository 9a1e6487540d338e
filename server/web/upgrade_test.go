package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestNoUpgrade(t *testing.T) {
	site := newSite(t, nil)
	for _, headers := range [][]string{
		nil,
		{"Upgrade: websocket"}, // a proxy that does not pass on Connection
		{"Connection: Upgrade"},
		{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"},
		{"Connection: notupgrade", "Upgrade: websocket"},
	} {
		w := ask(site, "GET", "/ws", headers...)
		wantProblem(t, w, http.StatusUpgradeRequired, "upgrade_required")
		if w.Header().Get("Upgrade") != "websocket" {
			t.Error("426 without Upgrade")
		}
		wantBody(t, ask(site, "GET", "/", headers...), http.StatusOK, "<h1>hello</h1>")
	}
	wantProblem(t, ask(site, "GET", "/other", "Connection: Upgrade", "Upgrade: websocket"),
		http.StatusNotFound, "not_found")
}

// Upgrades work over a real connection: Room must be able to hijack it.
func TestUpgrade(t *testing.T) {
	server := httptest.NewServer(newSite(t, nil))
	defer server.Close()
	for _, test := range []struct{ path, headers string }{
		{"/", "Connection: Upgrade\r\nUpgrade: websocket\r\n"},
		{"/?name=ann", "Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n"},
		{"/ws?room=go", "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n"},
	} {
		got := exchange(t, server, "GET "+test.path+" HTTP/1.1\r\nHost: a\r\n"+test.headers+"\r\n")
		if want := "HTTP/1.1 101 Switching Protocols\r\n\r\nroom for " + test.path; got != want {
			t.Errorf("%s: got %q", test.path, got)
		}
	}
}

// exchange sends raw bytes and returns everything that comes back.
func exchange(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", server.Listener.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
