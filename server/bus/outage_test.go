package bus

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

func TestStartBeforeRedis(t *testing.T) {
	onEachAlone(t, func(t *testing.T, r *backend) {
		r.stop(t)
		b, h := open(t, r.url, Options{PublishTimeout: time.Second}), &recorder{}
		b.Subscribe(room)
		run(t, b, h)
		began := time.Now()
		_, err := say(t, b, room, "x", "hello")
		wantUnavailable(t, err)
		_, err = b.OpenLog(t.Context(), room, chat.Position{})
		wantUnavailable(t, err)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("a Redis that refuses took %v to say no", took)
		}
		if trace := h.whole(); len(trace) != 0 {
			t.Errorf("trace %q", trace)
		}
		r.start(t)
		poll.Until(t, "subscribed", func() bool { return h.count("subscribed", room) == 1 })
		mustSay(t, b, room, "x", "hello")
		poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == 1 })
	})
}

// Redis is killed under load and comes back with what it had acknowledged:
// nothing is lost, and nothing is there more than once.
func TestRedisRestart(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{PublishTimeout: time.Second}, room)
		const n = 60
		acked := make(map[string]chat.Position)
		for i := range n {
			if i%20 == 10 {
				r.stop(t)
				_, err := say(t, b, room, fmt.Sprint(i), "hello")
				wantUnavailable(t, err)
				r.start(t)
			}
			id := fmt.Sprint(i)
			poll.Until(t, "it is taken", func() bool {
				got, err := say(t, b, room, id, "hello")
				acked[id] = got.Position
				return err == nil
			})
		}
		entries, err := b.After(t.Context(), room, 0, 2*n)
		if err != nil {
			t.Fatal(err)
		}
		var seqs []uint64
		for _, e := range entries {
			p := parse(t, string(e))
			seqs = append(seqs, p.Seq)
			if acked[p.ID] != p.position() {
				t.Errorf("message %s is at %v, acknowledged at %v", p.ID, p.position(), acked[p.ID])
			}
		}
		wantDense(t, "log", seqs, 1, n)
		poll.Until(t, "subscribed again", func() bool { return h.count("subscribed", room) >= 2 })
	})
}

// A room without messages is not a dead link.
func TestQuietLinkIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		p := newProxy(t, r)
		_, h := start(t, p.url, Options{SubscriptionTimeout: 3 * time.Second}, room)
		poll.Until(t, "it has been asked for a sign of life often", func() bool { return p.pings.Load() > 6 })
		if h.count("down", "") != 0 {
			t.Errorf("trace %q", h.whole())
		}
	})
}

// However long Redis is down, it is logged once when it goes and once when it
// is back.
func TestOutageIsLoggedOnce(t *testing.T) {
	t.Parallel()
	r := miniRedis(t)
	p := newProxy(t, r)
	r.stop(t)
	var lines lineCounter
	h := &recorder{}
	b := open(t, p.url, Options{Logger: slog.New(slog.NewTextHandler(&lines, nil))})
	run(t, b, h)
	poll.Until(t, "it has been tried often", func() bool { return p.accepted.Load() > 4 })
	if got := lines.all(); len(got) != 1 || !strings.Contains(got[0], "redis: not reachable yet") {
		t.Errorf("log while Redis was away: %q", got)
	}
	r.start(t)
	poll.Until(t, "it is up", func() bool { return h.count("up", "") == 1 })
	if got := lines.all(); len(got) != 2 || !strings.Contains(got[1], "redis: connected") {
		t.Errorf("log when Redis came: %q", got)
	}
	r.stop(t)
	poll.Until(t, "it is down", func() bool { return h.count("down", "") == 1 })
	poll.Until(t, "it is logged", func() bool { return len(lines.all()) == 3 })
	if got := lines.all(); !strings.Contains(got[2], "redis: connection lost") {
		t.Errorf("log when Redis went: %q", got)
	}
}
