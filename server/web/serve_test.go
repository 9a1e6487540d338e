package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
)

// long is an answer that does not fit into the kernel's buffers.
var long = bytes.Repeat([]byte("livechat"), 4<<20)

// serve serves some handlers until the end of the test and returns the server
// and its address: /long, /echo (reads the body), /raw (takes the connection
// over and echoes), /wait (answers when released), and anything else ("ok",
// without reading the body).
func serve(t *testing.T, timeouts Timeouts) (s *Server, addr string, release func()) {
	t.Helper()
	released := make(chan struct{})
	release = sync.OnceFunc(func() { close(released) })
	var raw sync.WaitGroup
	mux := http.NewServeMux()
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(long) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "no body", http.StatusBadRequest)
			return
		}
		_, _ = w.Write(body)
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-released
		_, _ = w.Write([]byte("waited"))
	})
	mux.HandleFunc("/raw", func(w http.ResponseWriter, _ *http.Request) {
		nc, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		raw.Go(func() { _, _ = io.Copy(nc, rw); nc.Close() })
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = NewServer(&root{next: mux, log: slog.New(slog.DiscardHandler)}, timeouts, 20,
		slog.New(slog.DiscardHandler))
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { release(); s.Close(); serving.Wait(); raw.Wait() })
	return s, l.Addr().String(), release
}

// minute is longer than any test takes.
var minute = Timeouts{time.Minute, time.Minute, time.Minute, time.Minute, time.Minute}

// say opens a connection and sends text on it; it is closed at the end of the
// test.
func say(t *testing.T, addr, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// request returns a request with the first bytes of its body.
func request(method, path string, length int, body string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", method, path, length,
		body)
}

// ends waits until the server closes a connection, and reads what comes before.
func ends(t *testing.T, what string, conn net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: the server holds the connection", what)
	}
}

// wantAnswer reads an answer and compares it.
func wantAnswer(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("waiting for the answer %q: %v", want, err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != want {
		t.Errorf("the answer is %q, %v; want %q", body, err, want)
	}
}

func (s *Server) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Whatever a client fails to do, its connection ends.
func TestEveryWaitHasAnEnd(t *testing.T) {
	t.Parallel()
	const soon = 100 * time.Millisecond
	for what, tt := range map[string]struct {
		change func(*Timeouts)
		text   string
		unread bool // the client does not read
	}{
		"says nothing": {func(o *Timeouts) { o.Header = soon }, "", false},
		"half of the headers": {func(o *Timeouts) { o.Header = soon },
			"GET / HTTP/1.1\r\nHost: x\r\n", false},
		"half of a body that is read": {func(o *Timeouts) { o.Header, o.Body = soon, soon },
			request("POST", "/echo", 9, "a"), false},
		"half of a body that is not read": {func(o *Timeouts) { o.Header, o.Body = soon, soon },
			request("POST", "/", 9, "a"), false},
		"no second request": {func(o *Timeouts) { o.Idle = soon }, request("GET", "/", 0, ""),
			false},
		"does not read": {func(o *Timeouts) { o.Write = soon }, request("GET", "/long", 0, ""),
			true},
		"does not read many answers": {func(o *Timeouts) { o.Answer, o.Write = soon, soon },
			strings.Repeat(request("GET", "/long", 0, ""), 30), true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			timeouts := minute
			tt.change(&timeouts)
			s, addr, _ := serve(t, timeouts)
			conn := say(t, addr, tt.text)
			if !tt.unread {
				ends(t, what, conn)
			}
			poll.Until(t, "the connection is gone", func() bool { return s.open() == 0 })
		})
	}
}

// A slow client that keeps reading gets the whole of a long answer.
func TestSlowButSteady(t *testing.T) {
	t.Parallel()
	timeouts := minute
	timeouts.Answer, timeouts.Write = 0, 300*time.Millisecond
	_, addr, _ := serve(t, timeouts)
	conn := say(t, addr, request("GET", "/long", 0, ""))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	begin, n := time.Now(), int64(0)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n < int64(len(long)) {
		k, err := io.CopyN(io.Discard, res.Body, 512<<10)
		if n += k; err != nil && n < int64(len(long)) {
			t.Fatalf("after %v and %d bytes: %v", time.Since(begin), n, err)
		}
		<-tick.C
	}
	if took := time.Since(begin); took < timeouts.Write {
		t.Errorf("it took %v, which shows nothing", took)
	}
}

// A hijacked connection has none of these deadlines.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	const soon = 100 * time.Millisecond
	s, addr, _ := serve(t, Timeouts{soon, soon, soon, soon, soon})
	conn := say(t, addr, request("GET", "/raw", 0, ""))
	poll.Until(t, "it is taken over", func() bool { return s.open() == 0 })
	// by now the deadlines have passed
	ends(t, "a clock", say(t, addr, request("POST", "/echo", 9, "a")))
	if _, err := io.WriteString(conn, "there?"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 6)); err != nil {
		t.Errorf("a connection that was taken over: %v", err)
	}
}

// A shutdown waits neither for incomplete requests nor for clients that do not
// read.
func TestShutdownWaitsForNoHalfRequest(t *testing.T) {
	t.Parallel()
	s, addr, _ := serve(t, minute)
	for _, text := range []string{
		"", "GET / HTTP/1.1\r\nHost: x\r\n", request("GET", "/", 0, ""),
		request("POST", "/echo", 9, "a"), request("POST", "/", 9, "a"),
		request("POST", "/", 1<<20, strings.Repeat("a", 1000)),
		strings.Repeat(request("GET", "/long", 0, ""), 30),
	} {
		say(t, addr, text)
	}
	poll.Until(t, "all are there", func() bool { return s.open() == 7 })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil || s.open() != 0 {
		t.Errorf("Shutdown: %v, %d connections are left", err, s.open())
	}
}

// A complete request is answered.
func TestShutdownWaitsForAnswers(t *testing.T) {
	t.Parallel()
	s, addr, release := serve(t, minute)
	conns := []net.Conn{say(t, addr, request("GET", "/wait", 0, "")),
		say(t, addr, request("POST", "/wait", 4, "body"))}
	working := func(want int) func() bool {
		return func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			n := 0
			for _, c := range s.conns {
				if c.step == working {
					n++
				}
			}
			return n == want
		}
	}
	poll.Until(t, "the handlers work", working(2))
	half := say(t, addr, request("POST", "/wait", 9, "a"))
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(t.Context()) }()
	ends(t, "half a request", half)
	if !working(2)() {
		t.Error("a request that came in whole was cut off")
	}
	release()
	for _, conn := range conns {
		wantAnswer(t, conn, "waited")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// When the context ends, a handler that does not return is left behind.
func TestShutdownEnds(t *testing.T) {
	t.Parallel()
	s, addr, _ := serve(t, minute)
	say(t, addr, request("GET", "/wait", 0, ""))
	poll.Until(t, "it is there", func() bool { return s.open() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
}

// However many connections send no complete request, one that does is answered,
// and answers in progress are not cut off for it.
func TestFullOfThoseWhoAskNothing(t *testing.T) {
	t.Parallel()
	s, addr, release := serve(t, minute)
	waiting := say(t, addr, request("GET", "/wait", 0, ""))
	for range 30 {
		for _, text := range []string{"", "GET / HTTP/1.1\r\n", request("POST", "/echo", 9, "a"),
			request("GET", "/", 0, "")} {
			say(t, addr, text)
		}
		conn := say(t, addr, request("GET", "/", 0, ""))
		wantAnswer(t, conn, "ok")
	}
	poll.Until(t, "it has not many more than it may, of 151", func() bool { return s.open() <= 40 })
	release()
	wantAnswer(t, waiting, "waited")
}
