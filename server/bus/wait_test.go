package bus

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// For whom a closed log waits, and who waits for it.

// shut makes Redis look to a log as if it had been restarted.
func shut(t *testing.T, r *backend, room string) {
	t.Helper()
	b := Bus{options: Options{Channel: "livechat"}}
	if err := r.raw.HSet(t.Context(), b.key(room, "head"), "run", "another").Err(); err != nil {
		t.Fatal(err)
	}
}

// A room that is open on one of four servers is closed no longer than it takes
// that one, whoever comes first: itself, or one that only publishes there.
func TestMendWaitsForFollowersOnly(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		follower, h := start(t, r.url, Options{PublishTimeout: patient}, other)
		mustSay(t, follower, other, "1", "hello")
		h.learn(t, follower, other)
		guest, g := start(t, r.url, Options{PublishTimeout: patient}, room)
		for _, h := range []*recorder{h, g} {
			h.meet(follower.name, guest.name, "third", "fourth")
		}
		for i, b := range []*Bus{follower, guest, guest} {
			shut(t, r, other)
			began := time.Now()
			id := fmt.Sprint(i + 2)
			if got := mustSay(t, b, other, id, "hello").Position.Seq; got != uint64(i+2) {
				t.Errorf("message %s has seq %d", id, got)
			}
			if took := time.Since(began); took >= mendPatience {
				t.Errorf("message %s waited %v", id, took)
			}
		}
	})
}

// A follower that is alive and does not come is waited for, and one that is not alive is not.
func TestMendWaitsForFollowersThatLive(t *testing.T) {
	for name, waits := range map[string]bool{"alive": true, "dead": false} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, r *backend) {
				t.Parallel()
				b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
				h.meet(b.name, "alive")
				mustSay(t, b, room, "1", "hello")
				poll.Until(t, "it has been there for long enough to know who is alive", func() bool {
					_, ever := b.mends.stood("")
					return ever > mendPatience
				})
				h.learn(t, b, room)
				r.raw.HSet(t.Context(), "{livechat}:head", "follower:"+name, "1")
				began := time.Now()
				shut(t, r, room)
				mustSay(t, b, room, "2", "hello")
				if took := time.Since(began); (took >= mendPatience) != waits {
					t.Errorf("the log was closed for %v", took)
				}
				if names := followersOf(t, r); len(names) != 1 {
					t.Errorf("the head has %v, want one follower", names)
				}
			})
		})
	}
}

// followersOf returns who follows the default room, as its head has it.
func followersOf(t *testing.T, r *backend) []string {
	fields := r.raw.HKeys(t.Context(), "{livechat}:head").Val()
	return slices.DeleteFunc(fields, func(f string) bool { return !strings.HasPrefix(f, "follower:") })
}

// Who has just started does not take for dead whom it has not heard of yet.
func TestMendByAServerThatKnowsNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *backend) {
		a, h := start(t, r.url, Options{}, room)
		h.meet(a.name, "somebody")
		mustSay(t, a, room, "1", "hello")
		r.raw.HSet(t.Context(), "{livechat}:head", "follower:somebody", "1")
		began := time.Now()
		shut(t, r, room)
		fresh, _ := start(t, r.url, Options{PublishTimeout: patient}, room)
		mustSay(t, fresh, room, "2", "hello")
		if took := time.Since(began); took < mendPatience {
			t.Errorf("it waited for %v only", took)
		}
	})
}

// Who does not follow a room any longer is not waited for, and its head forgets it.
func TestUnsubscribeLeavesTheHead(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		followers := func() int { return len(followersOf(t, r)) }
		for range 3 {
			b.Subscribe(room)
			opened(t, b, room)
			if n := followers(); n != 1 {
				t.Errorf("%d followers of a log that is open once", n)
			}
			b.Unsubscribe(room)
			poll.Until(t, "the head forgets it", func() bool { return followers() == 0 })
		}
	})
}

// Servers that crash one after the other do not fill the head of a log.
func TestFollowersAreBounded(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		opened(t, b, room)
		for i := range 2100 {
			r.raw.HSet(t.Context(), "{livechat}:head", fmt.Sprint("follower:crashed", i), "1")
		}
		_, _ = start(t, r.url, Options{}, room)
		c := open(t, r.url, Options{})
		c.Subscribe(room)
		opened(t, c, room)
		if n := r.raw.HLen(t.Context(), "{livechat}:head").Val(); n > 100 {
			t.Errorf("the head has %d fields", n)
		}
		poll.Until(t, "those who are there are asked to come again", func() bool { return h.count("subscribed", room) > 1 })
	})
}

// After a restart of Redis that lost nothing, the feeds of people who are away are opened side by side.
func TestManyFeedsAfterARestart(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient})
	h.meet("first", "second")
	const feeds = 200
	round := func(id string, seq uint64) {
		answers := make(chan answer, feeds)
		for i := range feeds {
			if err := b.Publish(t.Context(), publication(fmt.Sprint("@feed:", i), id, "hello", answers)); err != nil {
				t.Fatal(err)
			}
		}
		deadline := time.After(20 * time.Second)
		for i := range feeds {
			select {
			case a := <-answers:
				if a.err != nil || a.Position.Seq != seq {
					t.Fatalf("%+v", a)
				}
			case <-deadline:
				t.Fatalf("after 20 s %d of %d were published", i, feeds)
			}
		}
	}
	round("1", 1)
	r.stop(t)
	r.start(t)
	poll.Until(t, "Redis is found again", func() bool { return h.count("up", "") == 2 })
	began := time.Now()
	round("2", 2)
	t.Logf("%d feeds took %v", feeds, time.Since(began).Round(time.Millisecond))
}

// Nor do they wait when all servers that live have said that they are back.
func TestFeedsOfThoseWhoAreAwayDoNotWait(t *testing.T) {
	r := realRedis(t)
	var all [3]*Bus
	var h [3]*recorder
	for i := range all {
		all[i], h[i] = open(t, r.url, Options{PublishTimeout: patient, Name: fmt.Sprint("server", i)}), &recorder{}
		h[i].meet("server0", "server1")
		if i < 2 {
			h[i].onSubscribed = func(room string) { openAsARoomDoes(t, all[i], h[i], room) }
			follow(t, all[i], h[i], room, other)
			continue
		}
		follow(t, all[i], h[i])
	}
	poll.Until(t, "it has been there for long enough to know who is alive", func() bool {
		_, ever := all[2].mends.stood("")
		return ever > mendPatience
	})
	mustSay(t, all[2], "@feed:1", "0", "hello")
	var took time.Duration
	for i := range 5 { // on a busy machine a server may be late to find Redis
		r.stop(t)
		r.start(t)
		poll.Until(t, "Redis is found again", func() bool { return h[2].count("up", "") == i+2 })
		began := time.Now()
		if got := mustSay(t, all[2], "@feed:1", fmt.Sprint(i+1), "hello").Position.Seq; got != uint64(i+2) {
			t.Errorf("seq %d", got)
		}
		if took = time.Since(began); took < mendPatience*9/10 {
			return
		}
	}
	t.Errorf("the feed waited %v, and no less before", took)
}

// A log that is closed, and stays so for a while, and one that cannot be
// repaired at all, hold up no other; and what waits for them keeps its order.
func TestAClosedLogHoldsUpNoOther(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
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
				if err := b.Publish(t.Context(), p); err != nil {
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

// What waits for a log that stays closed gets its answer in its time.
func TestPublishIntoAClosedLog(t *testing.T) {
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
func TestMendWhileTheClockIsSet(t *testing.T) {
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
			if err := b.Publish(t.Context(), publication(room, "2", "hello", answers)); err != nil {
				t.Fatal(err)
			}
			poll.Until(t, "the log is being repaired", func() bool { return m.Exists("{livechat}:mend") })
			m.SetTime(time.Now().Add(step))
			select {
			case a := <-answers:
				if took := time.Since(began); a.err != nil || took < mendPatience {
					t.Errorf("after %v: %+v", took, a)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("the log is still closed after 20 s")
			}
		})
	}
}

// Redis restarts while logs are being repaired after a restart.
func TestMendAfterTwoRestarts(t *testing.T) {
	r := realRedis(t)
	b, h, old := pair(t, r)
	h[0].meet("server0", "server1", "alive")
	h[1].meet("server0", "server1", "alive")
	r.raw.HSet(t.Context(), "{livechat}:head", "follower:alive", "1")
	for range 2 {
		r.stop(t)
		r.start(t)
		poll.Until(t, "the log is being repaired", func() bool {
			return r.raw.HExists(t.Context(), "{livechat}:mend", "by:server0").Val() && r.raw.HExists(t.Context(), "{livechat}:mend", "by:server1").Val()
		})
	}
	six := mustSay(t, b[1], room, "6", "hello")
	log, err := b[0].OpenLog(t.Context(), room, chat.Position{})
	if err != nil || six.Position.Seq != 6 || len(log.Past) != 1 || log.Past[0] != (chat.Position{Epoch: old, Seq: 5}) {
		t.Errorf("the next message is %v, the log %+v, %v", six.Position, log, err)
	}
}
