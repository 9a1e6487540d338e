package bus

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
)

// For which servers a closed log waits, and what waits for it.

// shut makes Redis look to a log as if it had restarted.
func shut(t *testing.T, r *backend, room string) {
	t.Helper()
	b := Bus{options: Options{Channel: "livechat"}}
	if err := r.raw.HSet(t.Context(), b.key(room, "head"), "run", "another").Err(); err != nil {
		t.Fatal(err)
	}
}

// A room that is open on one of four servers is closed no longer than that one
// needs, whichever server comes first: itself, or one that only publishes
// there.
func TestRepairWaitsForSubscribedServersOnly(t *testing.T) {
	onEachAlone(t, func(t *testing.T, r *backend) {
		member, h := start(t, r.url, Options{PublishTimeout: patient}, other)
		mustSay(t, member, other, "1", "hello")
		h.learn(t, member, other)
		guest, g := start(t, r.url, Options{PublishTimeout: patient}, room)
		for _, h := range []*recorder{h, g} {
			h.meet(member.name, guest.name, "third", "fourth")
		}
		for i, b := range []*Bus{member, guest, guest} {
			shut(t, r, other)
			began := time.Now()
			id := fmt.Sprint(i + 2)
			if got := mustSay(t, b, other, id, "hello").Position.Seq; got != uint64(i+2) {
				t.Errorf("message %s has seq %d", id, got)
			}
			if took := time.Since(began); took >= repairPatience {
				t.Errorf("message %s waited %v", id, took)
			}
		}
	})
}

// A log waits for a subscribed server that is up and has not staged, and not for
// one that is down.
func TestRepairWaitsForLiveServersOnly(t *testing.T) {
	t.Parallel()
	for name, waits := range map[string]bool{"alive": true, "dead": false} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, r *backend) {
				b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
				h.meet(b.name, "alive")
				mustSay(t, b, room, "1", "hello")
				poll.Until(t, "it has been there for long enough to know who is alive", func() bool {
					_, ever := b.repairs.connectedFor("")
					return ever > repairPatience
				})
				attempts := 1
				if !waits {
					attempts = 5 // on a busy machine anything may take long
				}
				var took time.Duration
				for i := range attempts {
					h.learn(t, b, room)
					r.raw.HSet(t.Context(), "{livechat}:head", "follower:"+name, "1")
					began := time.Now()
					shut(t, r, room)
					mustSay(t, b, room, fmt.Sprint(i+2), "hello")
					if took = time.Since(began); took < repairPatience {
						break
					}
				}
				if (took >= repairPatience) != waits {
					t.Errorf("the log was closed for %v", took)
				}
				if names := subscribedTo(t, r); len(names) != 1 {
					t.Errorf("the head has %v, want one server", names)
				}
			})
		})
	}
}

// subscribedTo returns the subscribed servers in the head of the default room.
func subscribedTo(t *testing.T, r *backend) []string {
	fields := r.raw.HKeys(t.Context(), "{livechat}:head").Val()
	return slices.DeleteFunc(fields, func(f string) bool { return !strings.HasPrefix(f, "follower:") })
}

// A server that has just started does not take servers for down that it has not
// received anything from yet.
func TestRepairByServerThatKnowsNoPeers(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		a, h := start(t, r.url, Options{}, room)
		h.meet(a.name, "somebody")
		mustSay(t, a, room, "1", "hello")
		r.raw.HSet(t.Context(), "{livechat}:head", "follower:somebody", "1")
		began := time.Now()
		shut(t, r, room)
		fresh, _ := start(t, r.url, Options{PublishTimeout: patient}, room)
		mustSay(t, fresh, room, "2", "hello")
		if took := time.Since(began); took < repairPatience {
			t.Errorf("it waited for %v only", took)
		}
	})
}

// A log does not wait for a server that is no longer subscribed, and its head
// forgets that server.
func TestUnsubscribeRemovesTheServer(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		servers := func() int { return len(subscribedTo(t, r)) }
		for range 3 {
			b.Subscribe(room)
			opened(t, b, room)
			if n := servers(); n != 1 {
				t.Errorf("%d servers at a log that is open once", n)
			}
			b.Unsubscribe(room)
			poll.Until(t, "the head forgets it", func() bool { return servers() == 0 })
		}
	})
}

// Servers that crash one after the other do not fill the head of a log.
func TestSubscribedServersAreBounded(t *testing.T) {
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
		poll.Until(t, "those who are there are asked to come again", func() bool {
			return h.count("subscribed", room) > 1
		})
	})
}

// After a restart of Redis that lost nothing, the feeds of users who are
// offline are opened in parallel.
func TestRestartWithManyFeeds(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient})
	h.meet("first", "second")
	const feeds = 200
	round := func(id string, seq uint64) {
		answers := make(chan answer, feeds)
		for i := range feeds {
			p := publication(fmt.Sprint("@feed:", i), id, "hello", answers)
			if err := b.PublishBody(t.Context(), p); err != nil {
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

// Nor do they wait when all servers that are up have announced that they are
// back.
func TestRestartDoesNotDelayFeedsWithoutServers(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	var all [3]*Bus
	var h [3]*recorder
	for i := range all {
		all[i], h[i] = open(t, r.url, Options{PublishTimeout: patient, Name: fmt.Sprint("server", i)}), &recorder{}
		h[i].meet("server0", "server1")
		if i < 2 {
			h[i].onSubscribed = func(room string) { openAsARoomDoes(t, all[i], h[i], room) }
			subscribe(t, all[i], h[i], room, other)
			continue
		}
		subscribe(t, all[i], h[i])
	}
	poll.Until(t, "it has been there for long enough to know who is alive", func() bool {
		_, ever := all[2].repairs.connectedFor("")
		return ever > repairPatience
	})
	mustSay(t, all[2], "@feed:1", "0", "hello")
	var took time.Duration
	for i := range 5 { // on a busy machine a server may find Redis late
		r.stop(t)
		r.start(t)
		poll.Until(t, "Redis is found again", func() bool { return h[2].count("up", "") == i+2 })
		began := time.Now()
		if got := mustSay(t, all[2], "@feed:1", fmt.Sprint(i+1), "hello").Position.Seq; got != uint64(i+2) {
			t.Errorf("seq %d", got)
		}
		if took = time.Since(began); took < repairPatience*9/10 {
			return
		}
	}
	t.Errorf("the feed waited %v, and no less before", took)
}
