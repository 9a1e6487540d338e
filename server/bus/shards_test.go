package bus

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// shardRooms returns a room and a feed in each of the three shards of a
// cluster.
func shardRooms(c *testredis.Cluster) (rooms, feeds [3]string) {
	find := func(format string) (found [3]string) {
		for i, n := 0, 0; n < 3; i++ {
			name := fmt.Sprintf(format, i)
			if shard := c.Shard("livechat:room:" + name); found[shard] == "" {
				found[shard] = name
				n++
			}
		}
		return found
	}
	return find("room%d"), find("user:%08d")
}

// steadySender publishes in a room until it is stopped, each message until it
// is acknowledged.
type steadySender struct {
	acked  atomic.Int64
	failed atomic.Int64
	worst  atomic.Int64 // the longest time from one ack to the next

	mu   sync.Mutex
	acks []time.Time // guarded by mu
}

func startSender(
	t *testing.T, b *Bus, room string, over <-chan struct{}, done *sync.WaitGroup,
) *steadySender {
	s := new(steadySender)
	done.Go(func() {
		last := time.Now()
		for i := 0; ; i++ {
			select {
			case <-over:
				return
			case <-time.After(20 * time.Millisecond):
			}
			for {
				if _, err := say(t, b, room, fmt.Sprint(room, "#", i), "hello"); err == nil {
					break
				}
				s.failed.Add(1)
				time.Sleep(50 * time.Millisecond)
			}
			s.acked.Add(1)
			s.mu.Lock()
			s.acks = append(s.acks, time.Now())
			s.mu.Unlock()
			s.worst.Store(max(s.worst.Load(), int64(time.Since(last))))
			last = time.Now()
		}
	})
	return s
}

// A master that hangs affects only the rooms of its own shard: the others
// publish and receive as usual.
func TestHungMasterDelaysOnlyItsRooms(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	rooms, feeds := shardRooms(c)
	b, h := start(t, c.URL(), Options{SubscriptionTimeout: 3 * time.Second}, append(rooms[:], feeds[:]...)...)
	for _, r := range append(rooms[:], feeds[:]...) {
		opened(t, b, r)
		mustSay(t, b, r, r+" first", "hello")
	}
	c.Masters[0].Hang()
	defer c.Masters[0].Continue()
	over := make(chan struct{})
	var senders sync.WaitGroup
	var healthy []*steadySender
	for shard := range 3 {
		for _, r := range []string{rooms[shard], feeds[shard]} {
			if s := startSender(t, b, r, over, &senders); shard > 0 {
				healthy = append(healthy, s)
			}
		}
	}
	began := time.Now()
	poll.Until(t, "the others say 40 messages each", func() bool {
		for _, s := range healthy {
			if s.acked.Load() < 40 {
				return false
			}
		}
		return true
	})
	t.Log("took", time.Since(began))
	c.Masters[0].Continue()
	close(over)
	senders.Wait()
	for _, s := range healthy {
		if s.failed.Load() > 0 || s.worst.Load() > int64(2*time.Second) {
			t.Errorf("in a healthy room: %d failed, %v at most between two",
				s.failed.Load(), time.Duration(s.worst.Load()))
		}
		t.Logf("healthy: %d acked, %v at most between two", s.acked.Load(), time.Duration(s.worst.Load()))
	}
	for _, r := range []string{rooms[1], feeds[1], rooms[2], feeds[2]} {
		poll.Until(t, "all messages are received", func() bool { return h.count("payload", r) >= 41 })
		wantDense(t, r, h.seqs(t, r), 1, h.count("payload", r))
	}
}

// receivedTimes records when the payloads of each room arrived.
type receivedTimes struct {
	mu    sync.Mutex
	times map[string][]time.Time // guarded by mu
}

func (h *receivedTimes) note(payload []byte) {
	now := time.Now()
	var m struct{ ID string }
	_ = json.Unmarshal(payload, &m) // the test finds what cannot be read
	room, _, _ := strings.Cut(m.ID, "#")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times[room] = append(h.times[room], now)
}

func (h *receivedTimes) of(room string) []time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.times[room])
}

// A slot that moves while its room is in use takes the room with it. How long
// that is noticed is logged: while the slot is split nothing can be published,
// and afterwards publishing should continue within a second.
func TestOrderIsKeptWhileSlotsMove(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	rooms, feeds := shardRooms(c)
	b, h := open(t, c.URL(), Options{SubscriptionTimeout: 3 * time.Second}), &recorder{}
	h.meet(b.name)
	received := &receivedTimes{times: make(map[string][]time.Time)}
	h.onPayload = received.note
	subscribe(t, b, h, rooms[0], feeds[0], rooms[1])
	over := make(chan struct{})
	var senders sync.WaitGroup
	said := make(map[string]*steadySender)
	for _, r := range []string{rooms[0], feeds[0], rooms[1]} {
		opened(t, b, r)
		said[r] = startSender(t, b, r, over, &senders)
	}
	few := func(n int64) func() bool {
		return func() bool {
			for _, s := range said {
				if s.acked.Load() < n {
					return false
				}
			}
			return true
		}
	}
	poll.Until(t, "all say 50", few(50))
	fill(t, b, c.Masters[0].Port, rooms[0], 20*20*60) // 20 messages a second for IDTTL
	moves := make(map[string]*testredis.Move)
	for _, r := range []string{rooms[0], feeds[0]} {
		moves[r] = c.MoveSlot(c.Slot("livechat:room:"+r), c.Masters[0], c.Masters[1])
	}
	poll.Until(t, "all say 100 more", few(150))
	close(over)
	senders.Wait()
	for r, s := range said {
		t.Logf("%s: %d acked, %d failed, %v at most between two",
			r, s.acked.Load(), s.failed.Load(), time.Duration(s.worst.Load()))
		last, err := b.Tail(t.Context(), r, 1)
		if err != nil || len(last) != 1 {
			t.Fatal(last, err)
		}
		poll.Until(t, "the newest message is received", func() bool {
			return contains(h.events("payload", r), string(last[0]))
		})
		payloads, err := b.After(t.Context(), r, 0, 10_000)
		if err != nil || int64(len(payloads)) != s.acked.Load() {
			t.Errorf("%s: %d in the log, %v", r, len(payloads), err)
		}
		for i, p := range payloads {
			if m := parse(t, string(p)); m.ID != fmt.Sprint(r, "#", i) || m.Seq != uint64(i+1) {
				t.Fatalf("%s: place %d is %+v", r, i, m)
			}
		}
		if m, ok := moves[r]; ok {
			t.Logf("moved %s: split for %v; after it first ack %v, first received %v; longest gap: acks %v, "+
				"received %v",
				r, m.Took().Round(time.Millisecond), firstAfter(s.acks, m.Ended),
				firstAfter(received.of(r), m.Ended),
				silence(s.acks), silence(received.of(r)))
		}
		if r != rooms[1] && h.count("subscribed", r) < 2 {
			t.Errorf("%s was not subscribed again", r)
		}
	}
}

// fill makes Redis remember so many ids in a room, as of earlier messages.
func fill(t *testing.T, b *Bus, port, room string, n int) {
	t.Helper()
	r := rawClient(t, &backend{network: "tcp", addr: "127.0.0.1:" + port})
	for i := 0; i < n; i += 1000 {
		pipe := r.Pipeline()
		for j := range 1000 {
			pipe.Set(t.Context(), b.key(room, "id", fmt.Sprint("old", i+j)), "0123456789abcdef:1 0123456789abcdef",
				time.Minute)
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A slot is split for longer than usual while a log in it is to be opened. That
// is retried often, and not put off for seconds as with a Redis that is down.
func TestRepairAfterALongSplit(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	rooms, _ := shardRooms(c)
	mine := rooms[0]
	b, _ := start(t, c.URL(), Options{SubscriptionTimeout: 3 * time.Second, PublishTimeout: patient}, mine)
	mustSay(t, b, mine, "1", "hello")
	m := c.BeginMove(c.Slot("livechat:room:"+mine), c.Masters[0], c.Masters[1])
	var longest time.Duration
	b.repairs.want(mine, "", true)
	poll.Until(t, "it was tried in vain 8 times", func() bool {
		b.repairs.mu.Lock()
		defer b.repairs.mu.Unlock()
		l := b.repairs.rooms[mine]
		if l == nil || l.busy {
			return false
		}
		longest = max(longest, l.pause)
		return l.fails >= 8
	})
	if longest > lastMove {
		t.Errorf("between two attempts there are %v", longest)
	}
	answers := make(chan answer, 1)
	if err := b.PublishBody(t.Context(), publication(mine, "2", "hello", answers)); err != nil {
		t.Fatal(err)
	}
	m.End()
	if a := <-answers; a.err != nil || a.Position.Seq != 2 {
		t.Errorf("%+v", a)
	}
	t.Logf("split for %v; after it first ack %v",
		m.Took().Round(time.Millisecond), time.Since(m.Ended).Round(time.Millisecond))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
