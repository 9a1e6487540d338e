package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
)

// hostile is a client that does one thing over and over, until it is closed.
type hostile struct {
	name  string
	begin []byte        // sent once
	again []byte        // sent for ever; nil: nothing
	pause time.Duration // between two times
	code  int           // what it is closed with
}

var hostiles = []hostile{
	{name: "pings", again: bytes.Repeat(masked(fin|opPing, "are you there?"), 1000), code: 4013},
	{name: "pongs that nobody asked for", again: bytes.Repeat(masked(fin|opPong, "I am here"), 1000), code: 4013},
	{name: "typing", again: bytes.Repeat(masked(fin|opText, `{"type":"typing"}`), 1000), code: 4013},
	{name: "empty fragments", begin: masked(opText, ""), again: bytes.Repeat(masked(opContinuation, ""), 1000), code: 1009},
	{name: "empty fragments and pings", begin: masked(opText, ""), code: 1009,
		again: append(bytes.Repeat(masked(opContinuation, ""), 1000), masked(fin|opPing, "")...)},
	{name: "bad requests", again: masked(fin|opText, `{"type":"dance"}`), code: 4500},
	{name: "a frame that drips", begin: masked(opText, strings.Repeat("a", 16000))[:8], again: []byte{'a'}, pause: 10 * time.Millisecond, code: 4009},
	{name: "no answer to pings", pause: time.Hour, code: 4009},
}

// attack connects, does what the hostile does, and returns the close code that it sees.
func (h hostile) attack(t *testing.T, address string) (int, error) {
	w := dialRaw(t, address)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer w.conn.Close()
	writing.Go(func() {
		_, err := w.conn.Write(h.begin)
		for err == nil && h.again != nil {
			_, err = w.conn.Write(h.again)
			time.Sleep(h.pause)
		}
	})
	return w.closeCode()
}

// A hostile client is closed, with a code that it sees on either way, and costs the others in its room nothing: a well-behaved pair goes on, and
// every server's memory stays what it was.
func TestHostileClients(t *testing.T) {
	c := start(t, cluster.Options{Servers: 1, Env: map[string]string{"PING_INTERVAL": "2s", "PONG_TIMEOUT": "1s"}})
	pair := joinAll(t, 2, func(i int) client.Options {
		return client.Options{URL: []string{c.ServerURL(0), c.RoomURL()}[i], Room: "hostile", Name: fmt.Sprint("pair-", i), History: new(0)}
	})
	var sent acked
	stop := talk(t, pair, &sent)
	before, err := c.Servers[0].Memory()
	if err != nil {
		t.Fatal(err)
	}
	var attacks sync.WaitGroup
	for _, h := range hostiles {
		for way, address := range map[string]string{"direct": c.ServerURL(0), "through HAProxy": c.RoomURL()} {
			for range 3 {
				attacks.Go(func() {
					if code, err := h.attack(t, address+"?room=hostile&history=0"); code != h.code {
						t.Errorf("%s, %s: closed with %d, %v, want %d", h.name, way, code, err, h.code)
					}
				})
			}
		}
		if h.pause == 0 {
			attacks.Wait() // one kind after the other; those that take their time go on beside
		}
	}
	attacks.Wait()
	stop()
	after, err := c.Servers[0].Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("memory of the server: %d MB before, %d MB after", before>>20, after>>20)
	if after > before+100<<20 {
		t.Errorf("the server's memory went from %d to %d MB", before>>20, after>>20)
	}
	checkHistory(t, pair, &sent, 0)
	for i, m := range pair {
		if _, lost := m.connections(); lost > 0 {
			t.Errorf("pair-%d lost %d connections", i, lost)
		}
	}
}

// Who does not finish a handshake, or never begins one, is cut off, by the server or by HAProxy before it.
func TestHandshakesThatNeverEnd(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Servers: 1, Env: map[string]string{"HEADER_TIMEOUT": "1s"}})
	var all sync.WaitGroup
	for what, text := range map[string]string{
		"mute":                 "",
		"half a request line":  "GET /?na",
		"headers without end":  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n",
		"a header without end": "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("a", 4000),
	} {
		for way, addr := range map[string]string{"direct": c.Servers[0].Addr, "through HAProxy": c.HAProxy.Addr} {
			all.Go(func() {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
				_, _ = io.WriteString(conn, text)
				answer, err := io.ReadAll(conn)
				if err != nil || strings.Contains(string(answer), "101") {
					t.Errorf("%s, %s: %.80q, %v, want the end", what, way, answer, err)
				}
			})
		}
	}
	all.Wait()
}

// Of a flood of sockets from one address so many get in as may, and the rest is
// told 429, or nothing at all if it comes too fast; others do not notice.
func TestConnectionFlood(t *testing.T) {
	const places, flood = 20, 200
	c := start(t, cluster.Options{Servers: 2, Env: map[string]string{"MAX_PER_IP": fmt.Sprint(places), "RATE_PER_IP": "0", "UNLIMITED": ""}})
	pair := joinAll(t, 2, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("pair-", i), LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 22)}, History: new(0)}
	})
	var sent acked
	stop := talk(t, pair, &sent)
	var mu sync.Mutex
	var open []*client.Conn
	refused := 0
	var dialing sync.WaitGroup
	for range flood {
		dialing.Go(func() {
			conn, err := client.Dial(t.Context(), client.Options{URL: c.RoomURL(), LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 21)}})
			mu.Lock()
			defer mu.Unlock()
			var r *client.RefusedError
			if err == nil {
				open = append(open, conn)
			} else if errors.As(err, &r) && r.Status == http.StatusTooManyRequests && r.Code == "too_many_connections" && r.RetryAfter > 0 {
				refused++
			}
		})
	}
	dialing.Wait()
	for _, conn := range open {
		conn.Close()
	}
	if len(open) == 0 || len(open) > places || refused == 0 || len(open)+refused > flood {
		t.Errorf("of %d sockets %d got in and %d were told 429, want at most %d and some of the others", flood, len(open), refused, places)
	}
	stop()
	checkHistory(t, pair, &sent, 0)
}
