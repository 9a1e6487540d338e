package node

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/config"
)

func TestJoinTalkResume(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		ann := dial(t, n, "name=  ann ")
		if w := ann.welcome; w.App != "1000" || w.Name != "ann" || w.Room != "livechat" || w.Epoch == "" || w.Seq != 0 || w.Recovered != nil || w.Session == "" {
			t.Errorf("welcome: %+v", w)
		}
		guest := dial(t, n)
		if !strings.HasPrefix(guest.welcome.Name, "guest-") {
			t.Errorf("guest: %+v", guest.welcome)
		}
		ann.send("plain words")
		ann.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"with id"}`)
		if e := ann.next("ack"); e.ID != "123e4567-e89b-42d3-a456-426614174000" || e.Seq != 2 || e.Duplicate {
			t.Errorf("ack: %+v", e)
		}
		for i, want := range []string{"plain words", "with id"} {
			m := guest.next("message")
			if m.Text != want || m.Seq != uint64(i+1) || m.Name != "ann" || m.App != "1000" || m.Session != ann.welcome.Session || m.ID == "" ||
				time.Since(time.UnixMilli(m.At)).Abs() > time.Minute {
				t.Errorf("message %d: %+v", i, m)
			}
		}
		// The same id again.
		ann.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"with id"}`)
		if e := ann.next("ack"); e.Seq != 2 || !e.Duplicate {
			t.Errorf("ack of a message sent twice: %+v", e)
		}
		ann.send("third")
		if m := guest.next("message"); m.Seq != 3 || m.Text != "third" {
			t.Errorf("after the duplicate: %+v", m)
		}

		late := dial(t, n, "history=2")
		for want := uint64(2); want <= 3; want++ {
			if m := late.next("message"); m.Seq != want {
				t.Errorf("history: got %d, want %d", m.Seq, want)
			}
		}
		back := dial(t, n, fmt.Sprintf("after=%s:1", late.welcome.Epoch))
		if back.welcome.Recovered == nil || !*back.welcome.Recovered || back.next("message").Seq != 2 || back.next("message").Seq != 3 {
			t.Errorf("resume: %+v", back.welcome)
		}
		lost := dial(t, n, "after=0123456789abcdef:1")
		if lost.welcome.Recovered == nil || *lost.welcome.Recovered || lost.next("message").Seq != 1 {
			t.Errorf("resume of another log: %+v", lost.welcome)
		}
		none := dial(t, n, "history=0")
		ann.send("fourth")
		if m := none.next("message"); m.Seq != 4 {
			t.Errorf("without history the first message is %d", m.Seq)
		}
	})
}

func TestRoomsAreApart(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		hall, here := dial(t, n, "room=hall"), dial(t, n)
		if hall.welcome.Room != "hall" || hall.welcome.Epoch == here.welcome.Epoch {
			t.Errorf("welcome to the hall: %+v", hall.welcome)
		}
		hall.send("in the hall")
		here.send("here")
		if m := hall.next("message"); m.Text != "in the hall" || m.Seq != 1 {
			t.Errorf("in the hall: %+v", m)
		}
		if m := here.next("message"); m.Text != "here" || m.Seq != 1 {
			t.Errorf("here: %+v", m)
		}
	})
}

func TestTwoServersAreOneRoom(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	one, two := start(t, "REDIS_URL="+r.URL), start(t, "REDIS_URL="+r.URL, "APPID=2000")
	a, b := dial(t, one, "name=ann"), dial(t, two, "name=bob")
	if a.welcome.Epoch != b.welcome.Epoch || b.welcome.App != "2000" {
		t.Errorf("welcomes: %+v and %+v", a.welcome, b.welcome)
	}
	a.send("from one")
	if m := b.next("message"); m.Text != "from one" || m.App != "1000" {
		t.Errorf("on the other server: %+v", m)
	}
	b.send("from two")
	for _, want := range []string{"from one", "from two"} {
		if m := a.next("message"); m.Text != want {
			t.Errorf("got %+v, want %s", m, want)
		}
	}
	poll.Until(t, "both servers count two people", func() bool {
		x, _ := one.online("livechat")
		y, _ := two.online("livechat")
		return x == 2 && y == 2
	})
	a.send(`{"type":"typing"}`)
	if e := b.next("typing"); e.Name != "ann" || e.Session != a.welcome.Session {
		t.Errorf("typing: %+v", e)
	}
	if got := strings.TrimSpace(r.CLI("PUBLISH", "livechat", "hello by hand")); got != "2" {
		t.Errorf("PUBLISH reached %s servers", got)
	}
	for _, p := range []*peer{a, b} {
		if e := p.next("notice"); e.Text != "hello by hand" {
			t.Errorf("notice: %+v", e)
		}
	}
	// A resume on the other server.
	back := dial(t, two, fmt.Sprintf("after=%s:1", a.welcome.Epoch))
	if m := back.next("message"); m.Seq != 2 || !*back.welcome.Recovered {
		t.Errorf("resume on the other server: %+v", m)
	}
}

// TestRedisDownAtStart: the server waits, says so, and is there once Redis is.
func TestRedisDownAtStart(t *testing.T) {
	r := testredis.New(t)
	n := startOnly(t, "REDIS_URL="+r.URL)
	status, body := n.readiness()
	if status != http.StatusServiceUnavailable || body.Status != "starting" || body.Redis != "down" {
		t.Errorf("readiness: %d %+v", status, body)
	}
	r.Start()
	poll.Until(t, "the node is ready", func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Redis == "up" })
	p := dial(t, n)
	p.send("hello")
	p.next("message")
}

// TestRedisRestart: nobody is disconnected, and what was said before the crash and after it is one log.
func TestRedisRestart(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL)
	p := dial(t, n)
	p.send("before")
	p.next("message")
	r.Kill()
	poll.Until(t, "the node notices", func() bool { _, body := n.readiness(); return body.Redis == "down" })
	if status, _ := n.readiness(); status != http.StatusOK {
		t.Errorf("a Redis outage makes the server unready: %d", status)
	}
	p.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"meanwhile"}`)
	if e := p.nextError(); e.Code != "unavailable" || !e.Retryable || e.ID == "" {
		t.Errorf("a message during the outage: %+v", e)
	}
	r.Start()
	poll.Until(t, "the node notices", func() bool { _, body := n.readiness(); return body.Redis == "up" })
	p.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"meanwhile"}`)
	if m := p.next("message"); m.Seq != 2 || m.Text != "meanwhile" {
		t.Errorf("after the restart: %+v", m)
	}
}

func TestDrain(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	cfg, err := config.Load(map[string]string{"ADDR": "127.0.0.1:0", "REDIS_URL": r.URL, "ROLE": "ws", "DRAIN_DELAY": "300ms", "DRAIN_PERIOD": "300ms"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(cfg, slog.New(slog.DiscardHandler), "test")
	if err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the node is ready", func() bool { status, _ := n.readiness(); return status == http.StatusOK })
	peers := []*peer{dial(t, n), dial(t, n), dial(t, n)}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		done <- n.Shutdown(ctx)
	}()
	poll.Until(t, "readyz says 404", func() bool {
		resp, err := http.Get("http://" + n.Addr() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body struct{ Status string }
		return json.NewDecoder(resp.Body).Decode(&body) == nil && resp.StatusCode == http.StatusNotFound && body.Status == "draining"
	})
	peers[0].send("one may still talk")
	peers[1].next("message")
	moments := map[int64]bool{}
	for _, p := range peers { // asked to move, each at its own moment of the period
		e := p.next("reconnect")
		moments[e.AfterMS] = true
		if e.AfterMS < 0 || e.AfterMS >= 300 {
			t.Errorf("asked to move after %d ms, the period has 300", e.AfterMS)
		}
	}
	if len(moments) != len(peers) {
		t.Errorf("asked to move at the same moment: %v", moments)
	}
	for i, p := range peers { // and closed when they do not
		if got := p.closed(); got != 1012 {
			t.Errorf("client %d: closed with %d", i, got)
		}
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestResumeBeyondTheRing: who missed far more than the ring holds gets all of it from the log, in order, then what is live; and is told what
// the log has no more.
func TestResumeBeyondTheRing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, redisURL string) {
		const missed = 3000
		n := start(t, "REDIS_URL="+redisURL, "RING_SIZE=256", "HISTORY_LENGTH=100000", "MESSAGE_RATE=0", "PUBLISH_TIMEOUT=1m")
		first := dial(t, n)
		for i := range missed {
			first.send(fmt.Sprint(i))
		}
		poll.Until(t, "all is in the log", func() bool { return n.rooms.Get("livechat").Position().Seq == missed })
		back := dial(t, n, fmt.Sprintf("after=%s:1", first.welcome.Epoch))
		if !*back.welcome.Recovered {
			t.Errorf("welcome: %+v", back.welcome)
		}
		first.send("live")
		for want := uint64(2); want <= missed+1; want++ {
			if m := back.next("message"); m.Seq != want {
				t.Fatalf("got %d, want %d", m.Seq, want)
			}
		}
	})
}

// TestResumeBeyondTheLog: what nobody has any more is announced before what there is.
func TestResumeBeyondTheLog(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "RING_SIZE=256", "MESSAGE_RATE=0", "ROLE=ws") // without an archive
	p := dial(t, n)
	for i := range 1000 {
		p.send(fmt.Sprint(i))
	}
	poll.Until(t, "all is in the log", func() bool { return n.rooms.Get("livechat").Position().Seq == 1000 })
	r.CLI("XTRIM", "{livechat}:log", "MAXLEN", "=", "600")
	back := dial(t, n, fmt.Sprintf("after=%s:100", p.welcome.Epoch))
	if *back.welcome.Recovered {
		t.Error("recovered what is lost")
	}
	if e := back.next("gap"); e.From != 101 || e.To != 400 {
		t.Errorf("gap: %+v", e)
	}
	for want := uint64(401); want <= 1000; want++ {
		if m := back.next("message"); m.Seq != want {
			t.Fatalf("got %d, want %d", m.Seq, want)
		}
	}
}

// TestResumeBehindTheEndOfTheLog: Redis and all servers crashed, and Redis came back older. A client that saw more must see what gets the
// lost numbers next.
func TestResumeBehindTheEndOfTheLog(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		p := dial(t, n)
		p.send("one")
		p.next("message")
		back := dial(t, n, fmt.Sprintf("after=%s:10", p.welcome.Epoch))
		if *back.welcome.Recovered || back.welcome.Seq != 1 {
			t.Errorf("welcome: %+v", back.welcome)
		}
		if e := back.next("reset"); e.Epoch != p.welcome.Epoch || e.Seq != 0 {
			t.Errorf("reset: %+v", e)
		}
		p.send("two")
		for want := uint64(1); want <= 2; want++ {
			if m := back.next("message"); m.Seq != want {
				t.Errorf("got %d, want %d", m.Seq, want)
			}
		}
	})
}

// TestDrainCutsOffWhoStays: a client that ignores the close frame cannot keep the server from ending.
func TestDrainCutsOffWhoStays(t *testing.T) {
	n := start(t)
	dial(t, n) // never reads, never answers
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	n.sessions.Drain(ctx, 0)
	if n.sessions.Count() != 0 {
		t.Errorf("%d connections are left", n.sessions.Count())
	}
}

func TestStartRefuses(t *testing.T) {
	n := start(t)
	cfg, err := config.Load(map[string]string{"ADDR": n.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(cfg, slog.New(slog.DiscardHandler), "test"); err == nil || !strings.Contains(err.Error(), "ADDR="+n.Addr()) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a taken port: %v", err)
	}
}

func TestPageAndRooms(t *testing.T) {
	n := start(t)
	dial(t, n)
	get := func(path string) (int, string, http.Header) {
		resp, err := http.Get("http://" + n.Addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body), resp.Header
	}
	status, body, header := get("/")
	if status != 200 || !strings.Contains(body, "SUBSCRIBE") || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("GET /: %d %v", status, header)
	}
	if status, body, _ := get("/rooms/livechat"); status != 200 || strings.TrimSpace(body) != `{"room":"livechat","online":1}` {
		t.Errorf("GET /rooms/livechat: %d %s", status, body)
	}
}
