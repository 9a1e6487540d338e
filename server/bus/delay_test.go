package bus

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// A log that stays closed for a while, and one that cannot be repaired at all,
// delay no other; and publications that wait for them keep their order.
func TestClosedLogDelaysNoOther(t *testing.T) {
	onEachAlone(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{PublishTimeout: patient}, room, "a-closed", "a-broken")
		h.meet(b.name, "alive")
		for _, room := range []string{room, "a-closed", "a-broken"} {
			mustSay(t, b, room, "1", "hello")
		}
		r.raw.Set(t.Context(), b.key("a-broken", "head"), "x", 0)
		r.raw.HSet(t.Context(), b.key("a-closed", "head"), "follower:alive", "1")
		shut(t, r, "a-closed")
		shut(t, r, room)
		const n = 20
		var mu sync.Mutex
		var order []string
		answered := make(chan answer, 2*n+1)
		for i := range n {
			for _, closed := range []string{"a-closed", "a-broken"} {
				p := publication(closed, fmt.Sprint(closed, i), "hello", nil)
				p.Done = func(got Receipt, err error) {
					if closed == "a-broken" {
						return
					}
					mu.Lock()
					defer mu.Unlock()
					order = append(order, fmt.Sprint(got.Position.Seq))
					answered <- answer{got, err}
				}
				if err := b.PublishBody(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
		}
		mustSay(t, b, room, "2", "hello")
		if len(answered) > 0 {
			t.Fatal("what is to wait was published")
		}
		for i := range n {
			if a := <-answered; a.err != nil || a.Position.Seq != uint64(i+2) {
				t.Fatalf("answer %d: %+v", i, a)
			}
		}
	})
}

// Publications that wait for a log that stays closed get an answer in time.
func TestPublishWaitsForAClosedLog(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{PublishTimeout: time.Second}, room)
		h.meet(b.name, "alive")
		mustSay(t, b, room, "1", "hello")
		h.learn(t, b, room)
		r.raw.HSet(t.Context(), "{livechat}:head", "follower:alive", "1")
		shut(t, r, room)
		_, err := say(t, b, room, "2", "hello")
		wantUnavailable(t, err)
		poll.Until(t, "the log is open", func() bool {
			_, err := b.OpenLog(t.Context(), room, chat.Position{})
			return err == nil
		})
		if got := mustSay(t, b, room, "2", "hello"); got.Duplicate || got.Position.Seq != 2 {
			t.Errorf("once more: %+v", got)
		}
	})
}

// The clock of Redis is set while a log is closed.
func TestRepairWhileTheClockIsSet(t *testing.T) {
	for name, step := range map[string]time.Duration{"back": -time.Hour, "forward": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := testredis.Mini(t)
			r := &backend{url: "redis://" + m.Addr(), network: "tcp", addr: m.Addr()}
			r.raw = rawClient(t, r)
			b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
			h.meet(b.name, "alive")
			mustSay(t, b, room, "1", "hello")
			h.learn(t, b, room)
			r.raw.HSet(t.Context(), "{livechat}:head", "follower:alive", "1")
			began := time.Now()
			shut(t, r, room)
			answers := make(chan answer, 1)
			if err := b.PublishBody(t.Context(), publication(room, "2", "hello", answers)); err != nil {
				t.Fatal(err)
			}
			poll.Until(t, "the log is being repaired", func() bool { return m.Exists("{livechat}:mend") })
			m.SetTime(time.Now().Add(step))
			select {
			case a := <-answers:
				if took := time.Since(began); a.err != nil || took < repairPatience {
					t.Errorf("after %v: %+v", took, a)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("the log is still closed after 20 s")
			}
		})
	}
}

// Redis restarts while logs are being repaired after a restart.
func TestRepairAfterTwoRestarts(t *testing.T) {
	r := realRedis(t)
	b, h, old := pair(t, r)
	h[0].meet("server0", "server1", "alive")
	h[1].meet("server0", "server1", "alive")
	r.raw.HSet(t.Context(), "{livechat}:head", "follower:alive", "1")
	for range 2 {
		r.stop(t)
		r.start(t)
		poll.Until(t, "the log is being repaired", func() bool {
			return r.raw.HExists(t.Context(), "{livechat}:mend", "by:server0").Val() &&
				r.raw.HExists(t.Context(), "{livechat}:mend", "by:server1").Val()
		})
	}
	six := mustSay(t, b[1], room, "6", "hello")
	log, err := b[0].OpenLog(t.Context(), room, chat.Position{})
	if err != nil || six.Position.Seq != 6 || len(log.Epochs) != 1 ||
		log.Epochs[0] != (chat.Position{Epoch: old, Seq: 5}) {
		t.Errorf("the next message is %v, the log %+v, %v", six.Position, log, err)
	}
}
