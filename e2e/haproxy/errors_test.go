package haproxy

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// say sends text and returns the response's status, type and body.
func (b *balancer) say(t *testing.T, text string) (status int, kind, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", b.room)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(25 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.40q: %v", text, err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), read(t, res)
}

// HAProxy's own errors have the form of the servers'.
func TestErrorsAreProblems(t *testing.T) {
	t.Parallel()
	b := start(t, 1, "CHECK_TIMEOUT=5s")
	api := start(t, 1)
	with := start(t, 1, "API="+api.nodes[0].addr)
	for what, tt := range map[string]struct {
		b      *balancer
		text   string
		status int
		code   string
	}{
		"the server dies": {
			b, "POST /api/die HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 502, "unavailable",
		},
		"the API's server does": {
			with, "POST /api/die HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 502, "unavailable",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			status, kind, body := tt.b.say(t, tt.text)
			if status != tt.status || kind != "application/problem+json" ||
				!strings.Contains(body, `"code":"`+tt.code+`"`) {
				t.Errorf("got %d %s %s, want %d, a problem, and the code %s", status, kind, body, tt.status,
					tt.code)
			}
		})
	}
}

// Requests that a frozen server holds do not wait for it: reads are answered by
// another server, and anything else is refused and executed at most once.
func TestRequestsAtAFrozenServer(t *testing.T) {
	t.Parallel()
	b := start(t, 2, "CHECK_TIMEOUT=500ms")
	close(b.nodes[0].frozen)
	// HAProxy's own timeout is longer
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
	defer cancel()
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			method, body := http.MethodGet, ""
			if i >= 4 {
				method, body = http.MethodPost, "{}"
			}
			req, err := http.NewRequestWithContext(ctx, method, "http://"+b.room+"/api/work",
				strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			if err != nil {
				t.Errorf("%s: %v", method, err)
				return
			}
			defer res.Body.Close()
			text, _ := io.ReadAll(res.Body)
			refused := method == http.MethodPost && res.StatusCode >= 502 &&
				res.Header.Get("Content-Type") == "application/problem+json"
			if !refused && (res.StatusCode != http.StatusOK || string(text) != "WS2") {
				t.Errorf("%s: %d %s", method, res.StatusCode, text)
			}
		})
	}
	asking.Wait()
	if b.nodes[0].worked.Load() == 0 {
		t.Error("the frozen server had no requests, so the test shows nothing")
	}
	// 8, and the 4 reads once more
	if n := b.nodes[0].worked.Load() + b.nodes[1].worked.Load(); n > 12 {
		t.Errorf("8 requests were started %d times", n)
	}
}
