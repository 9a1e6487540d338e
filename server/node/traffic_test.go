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
	"livechat/server/bus"
	"livechat/server/chat"
)

// traffic is clients that publish in rooms, and a feed, through two servers,
// while Redis fails over.
type traffic struct {
	t          *testing.T
	x, y       *Node
	cancel     context.CancelFunc
	ctx        context.Context
	publishers sync.WaitGroup
	readers    sync.WaitGroup
	streams    []*stream
}

// stream is what one sender publishes in a room or feed, and what is received
// of it.
type stream struct {
	name string
	last atomic.Int64 // time of the last message received, Unix nanoseconds

	mu       sync.Mutex
	acked    []string            // guarded by mu
	received map[string][]string // guarded by mu: by listener
	gaps     int                 // guarded by mu
}

func (s *stream) ack(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, id)
}

func (s *stream) receive(listener, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received[listener] = append(s.received[listener], id)
	s.last.Store(time.Now().UnixNano())
}

func newTraffic(t *testing.T, redisURL string, rooms []string, user int64) *traffic {
	t.Helper()
	w := &traffic{t: t}
	w.ctx, w.cancel = context.WithCancel(t.Context())
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
	s := &stream{name: name, received: make(map[string][]string)}
	w.streams = append(w.streams, s)
	return s
}

// room starts a publisher in a room, and a reader at the other server.
func (w *traffic) room(room string) {
	s := w.add("room " + room)
	none := 0
	var speaker *client.Session
	for i, n := range []*Node{w.x, w.y} {
		session := client.NewSession(
			client.Options{
				URL:        "ws://" + n.Addr() + "/",
				Room:       room,
				Name:       fmt.Sprint("c", i),
				History:    &none,
				MaxBackoff: time.Second,
			},
			func(e client.Event) {
				switch e := e.(type) {
				case *client.Message:
					s.receive(fmt.Sprint("c", i), e.ID)
				case *client.Gap:
					s.mu.Lock()
					s.gaps++
					s.mu.Unlock()
				}
			},
		)
		w.readers.Go(func() { _ = session.Run(w.ctx) })
		poll.Until(w.t, "the session has joined", func() bool { _, ok := session.Position(); return ok })
		if i == 0 {
			speaker = session
		}
	}
	w.publish(s, func(ctx context.Context, id string) error {
		_, err := speaker.SendAs(ctx, id, "hello")
		return err
	})
}

// feed publishes to a user's feed at one server and reads it at the other.
func (w *traffic) feed(user int64) {
	s := w.add("feed")
	p := openFeed(w.t, w.y, user)
	p.deadline(time.Minute)
	w.readers.Go(func() {
		for {
			var e event
			if p.ReadJSON(&e) != nil {
				return
			}
			if e.Type == "message" {
				s.receive("reader", e.ID)
			}
		}
	})
	stop := context.AfterFunc(w.ctx, func() { _ = p.Close() })
	w.t.Cleanup(func() { stop() })
	w.publish(s, func(ctx context.Context, id string) error {
		m := chat.Message{ID: id, App: "api", Name: "somebody", Text: "hello"}
		done := make(chan error, 1)
		err := w.x.bus.PublishBody(ctx, bus.Publication{
			Room: chat.FeedRoom(user), ID: m.ID, Body: chat.AppendBody(nil, &m),
			Digest: chat.Digest(m.Text), Done: func(_ bus.Receipt, err error) { done <- err },
		})
		if err == nil {
			err = <-done
		}
		return err
	})
}

func (w *traffic) publish(s *stream, say func(context.Context, string) error) {
	ctx := w.ctx
	w.publishers.Go(func() {
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

// resumed returns the longest time from a moment to the next message of a
// stream.
func (w *traffic) resumed(since time.Time) (longest time.Duration) {
	w.t.Helper()
	for _, s := range w.streams {
		poll.Until(w.t, s.name+" is received again", func() bool { return s.last.Load() > since.UnixNano() })
		longest = max(longest, time.Since(since))
	}
	return longest
}

// awaitAcks waits until each stream has that many more acks.
func (w *traffic) awaitAcks(more int) {
	w.t.Helper()
	for _, s := range w.streams {
		before := s.count()
		poll.Until(w.t, s.name+" continues", func() bool { return s.count() >= before+more })
	}
}

func (s *stream) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.acked)
}

// longestSilence returns the longest time without a message on any stream until
// stop is called.
func (w *traffic) longestSilence() (stop func() time.Duration) {
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
	w.cancel()
	w.publishers.Wait()
	w.readers.Wait()
}

// check waits until all acknowledged messages are received, and fails if one is
// missing, duplicated or out of order.
func (w *traffic) check() {
	w.t.Helper()
	for _, s := range w.streams {
		s.mu.Lock()
		want := slices.Clone(s.acked)
		s.mu.Unlock()
		for _, listener := range s.receivers() {
			poll.Until(w.t, s.name+": "+listener+" has received all", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.received[listener]) > 0 &&
					slices.Contains(s.received[listener], want[len(want)-1])
			})
			s.mu.Lock()
			got := slices.Clone(
				s.received[listener][:slices.Index(s.received[listener], want[len(want)-1])+1],
			)
			s.mu.Unlock()
			if !slices.Equal(got, want) {
				w.t.Errorf("%s: %s has received %d, want %d%s", s.name, listener, len(got), len(want),
					difference(got, want))
			}
		}
		w.t.Logf("%s: %d acknowledged, %d gaps", s.name, len(want), s.gaps)
	}
}

func (s *stream) receivers() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.received {
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
