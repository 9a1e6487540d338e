package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/client"
	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/wire"
)

// traffic is people who talk in rooms, and a feed that is written to, through two
// servers, while Redis fails over.
type traffic struct {
	t        *testing.T
	x, y     *Node
	over     context.CancelFunc
	ctx      context.Context
	speakers sync.WaitGroup
	readers  sync.WaitGroup
	streams  []*stream
}

// stream is what one sender says in a room or feed, and what is heard of it.
type stream struct {
	name string
	last atomic.Int64 // when something was heard, Unix nanoseconds

	mu    sync.Mutex
	acked []string            // guarded by mu
	heard map[string][]string // guarded by mu: by listener
	gaps  int                 // guarded by mu
}

func (s *stream) ack(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, id)
}

func (s *stream) hear(listener, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard[listener] = append(s.heard[listener], id)
	s.last.Store(time.Now().UnixNano())
}

func newTraffic(t *testing.T, redisURL string, rooms []string, user int64) *traffic {
	t.Helper()
	w := &traffic{t: t}
	w.ctx, w.over = context.WithCancel(t.Context())
	settings := []string{"REDIS_URL=" + redisURL, "MESSAGE_RATE=0"}
	w.x, w.y = start(t, append(settings, "APPID=1000")...), start(t, append(settings, "APPID=2000")...)
	for _, room := range rooms {
		w.room(room)
	}
	w.feed(user)
	t.Cleanup(w.end)
	return w
}

func (w *traffic) add(name string) *stream {
	s := &stream{name: name, heard: make(map[string][]string)}
	w.streams = append(w.streams, s)
	return s
}

// room lets one person speak in a room, and another, at the other server, listen.
func (w *traffic) room(room string) {
	s := w.add("room " + room)
	none := 0
	var speaker *client.Session
	for i, n := range []*Node{w.x, w.y} {
		session := client.NewSession(client.Options{URL: "ws://" + n.Addr() + "/", Room: room, Name: fmt.Sprint("c", i), History: &none, MaxBackoff: time.Second},
			func(e client.Event) {
				switch e := e.(type) {
				case *client.Message:
					s.hear(fmt.Sprint("c", i), e.ID)
				case *client.Gap:
					s.mu.Lock()
					s.gaps++
					s.mu.Unlock()
				}
			})
		w.readers.Go(func() { _ = session.Run(w.ctx) })
		poll.Until(w.t, "the session has joined", func() bool { _, ok := session.Position(); return ok })
		if i == 0 {
			speaker = session
		}
	}
	w.speak(s, func(ctx context.Context, id string) error {
		_, err := speaker.SendAs(ctx, id, "hello")
		return err
	})
}

// feed writes to a user's feed by the one server, and reads it at the other.
func (w *traffic) feed(user int64) {
	s := w.add("feed")
	p := listen(w.t, w.y, user)
	p.deadline(time.Minute)
	w.readers.Go(func() {
		for {
			var e event
			if p.ReadJSON(&e) != nil {
				return
			}
			if e.Type == "message" {
				s.hear("reader", e.ID)
			}
		}
	})
	stop := context.AfterFunc(w.ctx, func() { _ = p.Close() })
	w.t.Cleanup(func() { stop() })
	w.speak(s, func(ctx context.Context, id string) error {
		m := chat.Message{ID: id, App: "api", Name: "somebody", Text: "hello"}
		done := make(chan error, 1)
		err := w.x.bus.Publish(ctx, bus.Publication{
			Room: chat.FeedRoom(user), ID: m.ID, Body: wire.AppendBody(nil, &m), Digest: digest(m.Text), Done: func(_ bus.Receipt, err error) { done <- err },
		})
		if err == nil {
			err = <-done
		}
		return err
	})
}

func (w *traffic) speak(s *stream, say func(context.Context, string) error) {
	ctx := w.ctx
	w.speakers.Go(func() {
		for {
			id := uuid.NewString()
			for {
				err := say(ctx, id)
				if ctx.Err() != nil {
					return
				}
				if err == nil {
					break
				}
				sleepFor(ctx, 100*time.Millisecond)
			}
			s.ack(id)
			sleepFor(ctx, 20*time.Millisecond)
		}
	})
}

func sleepFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// heardAgain returns how long after a moment each stream was heard again, at most.
func (w *traffic) heardAgain(since time.Time) (longest time.Duration) {
	w.t.Helper()
	for _, s := range w.streams {
		poll.Until(w.t, s.name+" is heard again", func() bool { return s.last.Load() > since.UnixNano() })
		longest = max(longest, time.Since(since))
	}
	return longest
}

// said returns when each stream has had so many more acknowledgements.
func (w *traffic) said(more int) {
	w.t.Helper()
	for _, s := range w.streams {
		before := s.count()
		poll.Until(w.t, s.name+" goes on", func() bool { return s.count() >= before+more })
	}
}

func (s *stream) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.acked)
}

// silence returns the longest time for which a stream was not heard until stop is called.
func (w *traffic) silence() (stop func() time.Duration) {
	ctx, cancel := context.WithCancel(w.ctx)
	var watch sync.WaitGroup
	var longest time.Duration
	watch.Go(func() {
		for ctx.Err() == nil {
			for _, s := range w.streams {
				longest = max(longest, time.Since(time.Unix(0, s.last.Load())))
			}
			sleepFor(ctx, 10*time.Millisecond)
		}
	})
	return func() time.Duration { cancel(); watch.Wait(); return longest }
}

func (w *traffic) end() {
	w.over()
	w.speakers.Wait()
	w.readers.Wait()
}

// check waits until all that was acknowledged is heard, and fails if something
// was not, or twice, or in another order.
func (w *traffic) check() {
	w.t.Helper()
	for _, s := range w.streams {
		s.mu.Lock()
		want := slices.Clone(s.acked)
		s.mu.Unlock()
		for _, listener := range s.listeners() {
			poll.Until(w.t, s.name+": "+listener+" has heard all", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.heard[listener]) > 0 && slices.Contains(s.heard[listener], want[len(want)-1])
			})
			s.mu.Lock()
			got := slices.Clone(s.heard[listener][:slices.Index(s.heard[listener], want[len(want)-1])+1])
			s.mu.Unlock()
			if !slices.Equal(got, want) {
				w.t.Errorf("%s: %s has heard %d, want %d%s", s.name, listener, len(got), len(want), difference(got, want))
			}
		}
		w.t.Logf("%s: %d acknowledged, %d gaps", s.name, len(want), s.gaps)
	}
}

func (s *stream) listeners() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.heard {
		names = append(names, name)
	}
	return names
}

func difference(got, want []string) string {
	var b strings.Builder
	for i, id := range want {
		if n := strings.Count(strings.Join(got, " "), id); n != 1 {
			fmt.Fprintf(&b, "; number %d %d times", i, n)
		}
	}
	return b.String()
}

// roomOn returns a room, and a user's feed, in the given shard.
func roomOn(c *testredis.Cluster, shard int) (room string, user int64) {
	for i := 0; room == ""; i++ {
		if name := fmt.Sprint("room", i); c.Shard("livechat:room:"+name) == shard {
			room = name
		}
	}
	for user = 1; c.Shard("livechat:room:"+chat.FeedRoom(user)) != shard; user++ {
	}
	return room, user
}

// The master of a room and a feed is killed under traffic: its replica takes
// over, and both are heard again. Then the new master is killed as well.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	room, user := roomOn(c, 1)
	other, _ := roomOn(c, 2)
	w := newTraffic(t, c.URL(), []string{room, other}, user)
	w.said(20)
	master, replica := c.Masters[1], c.Replicas[1]
	for range 2 {
		master.Kill()
		killed := time.Now()
		c.Promoted(replica)
		promoted := time.Now()
		took := w.heardAgain(promoted)
		t.Logf("a new master %v after the kill; heard again %v after that", promoted.Sub(killed).Round(time.Millisecond), took.Round(time.Millisecond))
		if took > 5*time.Second {
			t.Errorf("silent for %v after there was a new master", took)
		}
		w.said(20)
		w.check()
		master.Start()
		c.Replicates(master)
		master, replica = replica, master
	}
}

// A master is demoted and promoted again at once, twice: it is the same process,
// with the scripts that it had.
func TestClusterFailoversInARow(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	room, user := roomOn(c, 1)
	w := newTraffic(t, c.URL(), []string{room}, user)
	w.said(20)
	began := time.Now()
	master, replica := c.Masters[1], c.Replicas[1]
	for range 2 { // the other masters do not vote a third time for four seconds
		c.Failover(replica)
		t.Log("promoted after", time.Since(began).Round(time.Millisecond))
		master, replica = replica, master
	}
	over := time.Now()
	t.Logf("two failovers in %v; heard again %v after the last", over.Sub(began).Round(time.Millisecond), w.heardAgain(over).Round(time.Millisecond))
	w.said(20)
	w.check()
}

// A slot moves to another master under traffic.
func TestClusterReshard(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	room, user := roomOn(c, 1)
	other, _ := roomOn(c, 2)
	w := newTraffic(t, c.URL(), []string{room, other}, user)
	w.said(20)
	stop := w.silence()
	for _, r := range []string{room, chat.FeedRoom(user)} {
		c.MoveSlot(c.Slot("livechat:room:"+r), c.Masters[1], c.Masters[2])
		w.heardAgain(time.Now())
	}
	silent := stop()
	t.Log("silent for", silent.Round(time.Millisecond), "at most")
	if silent > 5*time.Second {
		t.Errorf("silent for %v", silent)
	}
	w.check()
}

// Sentinels promote the replica, and then, as soon as it can be, the first master again.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := testredis.NewSentinels(t)
	w := newTraffic(t, s.URL(), []string{"den"}, 1)
	w.said(20)
	s.Master.Kill()
	killed := time.Now()
	s.Promoted(s.Replica)
	promoted := time.Now()
	took := w.heardAgain(promoted)
	t.Logf("a new master %v after the kill; heard again %v after that", promoted.Sub(killed).Round(time.Millisecond), took.Round(time.Millisecond))
	if took > 5*time.Second {
		t.Errorf("silent for %v after there was a new master", took)
	}
	w.check()
}
