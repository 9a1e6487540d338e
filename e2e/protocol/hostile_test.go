package protocol

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
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// hostile is a client that repeats one thing until the server closes it.
type hostile struct {
	name  string
	begin []byte        // sent once
	again []byte        // sent repeatedly; nil: nothing
	pause time.Duration // between repetitions
	code  int           // expected close code
}

var hostiles = []hostile{
	{name: "pings", again: bytes.Repeat(masked(fin|opPing, "are you there?"), 1000), code: 4013},
	{name: "unsolicited pongs", again: bytes.Repeat(masked(fin|opPong, "I am here"), 1000), code: 4013},
	{name: "typing", again: bytes.Repeat(masked(fin|opText, `{"type":"typing"}`), 1000), code: 4013},
	{
		name:  "empty fragments",
		begin: masked(opText, ""),
		again: bytes.Repeat(masked(opContinuation, ""), 1000),
		code:  1009,
	},
	{name: "empty fragments and pings", begin: masked(opText, ""), code: 1009,
		again: append(bytes.Repeat(masked(opContinuation, ""), 1000), masked(fin|opPing, "")...)},
	{name: "bad requests", again: masked(fin|opText, `{"type":"dance"}`), code: 4500},
	{
		name:  "a slow frame",
		begin: masked(opText, strings.Repeat("a", 16000))[:8],
		again: []byte{'a'},
		pause: 10 * time.Millisecond,
		code:  4009,
	},
	{name: "no answer to pings", pause: time.Hour, code: 4009},
}

// attack connects, sends, and returns the close code that it receives.
func (h hostile) attack(t *testing.T, address string) (int, error) {
	w := dialRaw(t, address)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer w.conn.Close()
	writing.Go(func() {
		_, err := w.conn.Write(h.begin)
		for err == nil && h.again != nil {
			_, err = w.conn.Write(h.again)
			time.Sleep(h.pause) // its pace is what makes a slow frame slow
		}
	})
	return w.closeCode()
}

// A hostile client is closed, with a code that it can read both ways, and costs
// its room nothing: a well-behaved pair continues, and the server's memory does
// not grow.
func TestHostileClients(t *testing.T) {
	c := harness.Start(
		t,
		localcluster.Options{
			Servers: 1,
			Env:     map[string]string{"PING_INTERVAL": "2s", "PONG_TIMEOUT": "1s"},
		},
	)
	pair := harness.JoinAll(t, 2, func(i int) client.Options {
		return client.Options{
			URL:     []string{c.ServerURL(0), c.RoomURL()}[i],
			Room:    "hostile",
			Name:    fmt.Sprint("pair-", i),
			History: new(0),
		}
	})
	var sent harness.Acked
	stop := harness.Talk(t, pair, &sent)
	before, err := c.Servers[0].Memory()
	if err != nil {
		t.Fatal(err)
	}
	var attacks sync.WaitGroup
	for _, h := range hostiles {
		for way, address := range map[string]string{
			"direct": c.ServerURL(0), "through HAProxy": c.RoomURL(),
		} {
			for range 3 {
				attacks.Go(func() {
					if code, err := h.attack(t, address+"?room=hostile&history=0"); code != h.code {
						t.Errorf("%s, %s: closed with %d, %v, want %d", h.name, way, code, err, h.code)
					}
				})
			}
		}
		if h.pause == 0 {
			attacks.Wait() // one kind after the other; the slow ones go on meanwhile
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
		t.Errorf("the server's memory grew from %d to %d MB", before>>20, after>>20)
	}
	harness.CheckHistory(t, pair, &sent, 0)
	for i, m := range pair {
		if _, lost := m.Connections(); lost > 0 {
			t.Errorf("pair-%d lost %d connections", i, lost)
		}
	}
}

// The server, or HAProxy before it, cuts off a client that does not begin or
// finish a handshake.
func TestUnfinishedHandshakesAreCutOff(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1, Env: map[string]string{"HEADER_TIMEOUT": "1s"}})
	var all sync.WaitGroup
	for what, text := range map[string]string{
		"mute":                 "",
		"half a request line":  "GET /?na",
		"unfinished headers":   "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n",
		"an unfinished header": "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("a", 4000),
	} {
		for way, addr := range map[string]string{
			"direct": c.Servers[0].Addr, "through HAProxy": c.HAProxy.Addr,
		} {
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

// Of many connections from one address, as many as the limit get in. The others
// are told 429, or nothing if they come too fast. Other addresses are not
// affected.
func TestConnectionFlood(t *testing.T) {
	const places, flood = 20, 200
	c := harness.Start(t, localcluster.Options{
		Servers: 2,
		Env:     map[string]string{"MAX_PER_IP": fmt.Sprint(places), "RATE_PER_IP": "0", "UNLIMITED": ""},
	})
	pair := harness.JoinAll(t, 2, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("pair-", i), History: new(0),
			Load: client.LoadOptions{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 22)}}}
	})
	var sent harness.Acked
	stop := harness.Talk(t, pair, &sent)
	var mu sync.Mutex
	var open []*client.Conn
	refused := 0
	var dialing sync.WaitGroup
	for range flood {
		dialing.Go(func() {
			conn, err := client.Dial(t.Context(), client.Options{
				URL:  c.RoomURL(),
				Load: client.LoadOptions{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 21)}},
			})
			mu.Lock()
			defer mu.Unlock()
			var r *client.RefusedError
			if err == nil {
				open = append(open, conn)
			} else if errors.As(err, &r) && r.Status == http.StatusTooManyRequests &&
				r.Code == "too_many_connections" && r.RetryAfter > 0 {
				refused++
			}
		})
	}
	dialing.Wait()
	for _, conn := range open {
		conn.Close()
	}
	if len(open) == 0 || len(open) > places || refused == 0 || len(open)+refused > flood {
		t.Errorf("of %d connections %d got in and %d were told 429, want at most %d and some of the others",
			flood, len(open), refused, places)
	}
	stop()
	harness.CheckHistory(t, pair, &sent, 0)
}
