package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestDialSendsTheOptions(t *testing.T) {
	got := make(chan *http.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	for _, c := range []struct {
		options Options
		query   string
	}{
		{Options{}, ""},
		{Options{Name: "Zoë & co", Room: "tea", History: new(0)}, "history=0&name=Zo%C3%AB+%26+co&room=tea"},
		{Options{History: new(7), After: &Position{"0123456789abcdef", 9}}, "after=0123456789abcdef%3A9"},
	} {
		c.options.URL = server.URL + "/ws"
		c.options.Header = http.Header{"Origin": {"http://elsewhere"}}
		c.options.Load.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}
		_, err := Dial(t.Context(), c.options)
		var refusal *RefusedError
		if !errors.As(err, &refusal) || refusal.Status != http.StatusTeapot {
			t.Fatalf("dial: %v, want a refusal with 418", err)
		}
		r := <-got
		if r.URL.Path != "/ws" || r.URL.RawQuery != c.query ||
			r.Header.Get("Origin") != "http://elsewhere" {
			t.Errorf("%+v: asked for %s with %v", c.options, r.URL, r.Header)
		}
		if !strings.HasPrefix(r.RemoteAddr, "127.0.0.9:") {
			t.Errorf("came from %s, want 127.0.0.9", r.RemoteAddr)
		}
	}
	if _, err := Dial(t.Context(), Options{URL: "localhost:8080"}); err == nil {
		t.Error("an address without a scheme was accepted")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status  int
		header  string
		body    string
		want    RefusedError
		isFinal bool
	}{
		{400, "", `{"type":"about:blank","title":"Bad Request","status":400,"detail":"1 to 32 characters","code":"bad_name"}`,
			RefusedError{400, "bad_name", "1 to 32 characters", 0}, true},
		{429, "3", "", RefusedError{429, "", "Too Many Requests", 3 * time.Second}, false},
		{503, "", "<html>no server is available</html>", RefusedError{503, "", "Service Unavailable", 0},
			false},
		{403, "", `{"code":"forbidden_origin"}`, RefusedError{403, "forbidden_origin", "Forbidden", 0}, true},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}))
		_, err := Dial(t.Context(), Options{URL: server.URL})
		var got *RefusedError
		if !errors.As(err, &got) || *got != c.want || got.Final() != c.isFinal {
			t.Errorf("%d %s: %#v, final %v, want %#v, final %v", c.status, c.body, got, got.Final(), c.want,
				c.isFinal)
		}
		server.Close()
	}
}

func TestDialCanBeCancelledInTheHandshake(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts by its backlog and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, _ = conn.Read(make([]byte, 1)) // the request has arrived: the handshake is under way
			cancel()
			defer conn.Close()
			_, _ = io.Copy(io.Discard, conn) // until the client gives up
		}
	}()
	o := Options{URL: "ws://" + listener.Addr().String(), HandshakeTimeout: time.Hour}
	if _, err := Dial(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v, want it cancelled", err)
	}
}
