package node

import (
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
		if w := ann.welcome; w.App != "1000" || w.Name != "ann" || w.Room != "livechat" || w.Epoch == "" ||
			w.Seq != 0 ||
			w.Recovered != nil ||
			w.Session == "" {
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
			if m.Text != want || m.Seq != uint64(i+1) || m.Name != "ann" || m.App != "1000" ||
				m.Session != ann.welcome.Session ||
				m.ID == "" ||
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
		if back.welcome.Recovered == nil || !*back.welcome.Recovered || back.next("message").Seq != 2 ||
			back.next("message").Seq != 3 {
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

func TestRoomsAreSeparate(t *testing.T) {
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

func TestRoomSpansTwoServers(t *testing.T) {
	t.Parallel()
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
		x, _, _ := one.online("livechat", 0)
		y, _, _ := two.online("livechat", 0)
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
	// Resume on the other server.
	back := dial(t, two, fmt.Sprintf("after=%s:1", a.welcome.Epoch))
	if m := back.next("message"); m.Seq != 2 || !*back.welcome.Recovered {
		t.Errorf("resume on the other server: %+v", m)
	}
}

func TestStartRefusesTakenPort(t *testing.T) {
	n := start(t)
	cfg, err := config.Load(map[string]string{"ADDR": n.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(cfg, slog.New(slog.DiscardHandler), "test"); err == nil ||
		!strings.Contains(err.Error(), "ADDR="+n.Addr()) ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("a taken port: %v", err)
	}
}

func TestPageAndRooms(t *testing.T) {
	n := start(t)
	dial(t, n, "name=ann")
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
	if status != 200 || !strings.Contains(body, "SUBSCRIBE") ||
		!strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("GET /: %d %v", status, header)
	}
	if status, body, _ := get("/rooms/livechat"); status != 200 ||
		strings.TrimSpace(body) != `{"room":"livechat","online":1,"names":["ann"]}` {
		t.Errorf("GET /rooms/livechat: %d %s", status, body)
	}
}
