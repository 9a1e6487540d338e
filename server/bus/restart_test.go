package bus

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// sender publishes in one room, each message until it is acknowledged, as a
// client does.
type sender struct {
	bus  *Bus
	room string
}

// sayAll lets each sender publish one message, all at the same time, until each
// has its ack. Meanwhile it calls a function, which gets the number of failed
// attempts. It returns the times of the last ack, of feeds and of rooms.
func sayAll(t *testing.T, senders []sender, seq uint64, meanwhile func(failed *atomic.Int64)) (feeds,
	rooms time.Time) {
	t.Helper()
	var done sync.WaitGroup
	var failed atomic.Int64
	acks := make([]time.Time, len(senders))
	deadline := time.Now().Add(time.Minute)
	for i, s := range senders {
		done.Go(func() {
			answers := make(chan answer, 1)
			for time.Now().Before(deadline) {
				p := publication(s.room, fmt.Sprint(seq), "hello", answers)
				if err := s.bus.PublishBody(t.Context(), p); err != nil {
					t.Error(err)
					return
				}
				a := <-answers
				if a.err == nil {
					acks[i] = time.Now()
					if a.Position.Seq != seq {
						t.Errorf("%s: seq %d, want %d", s.room, a.Position.Seq, seq)
					}
					return
				}
				failed.Add(1)
				time.Sleep(50 * time.Millisecond) // as a client that was told to try again
			}
			t.Errorf("%s: no ack within a minute", s.room)
		})
	}
	meanwhile(&failed)
	done.Wait()
	for i, s := range senders {
		last := &rooms
		if chat.IsFeed(s.room) {
			last = &feeds
		}
		if acks[i].After(*last) {
			*last = acks[i]
		}
	}
	return feeds, rooms
}

// Redis restarts and has lost nothing, under four servers with five rooms and
// two that publish in the feeds of a thousand users who are offline. The
// longest wait is logged; it should be less than three seconds.
func TestRestartWithAThousandFeeds(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	var names []string
	for i := range 4 {
		names = append(names, fmt.Sprint("server", i))
	}
	var rooms []string
	for i := range 5 {
		rooms = append(rooms, fmt.Sprint("room", i))
	}
	var all, others []*Bus
	var recorders []*recorder
	for i := range 6 {
		// it would log a line for each feed
		o := Options{Name: fmt.Sprint("api", i), Logger: slog.New(slog.DiscardHandler)}
		var subscribed []string
		if i < len(names) {
			o.Name, subscribed = names[i], rooms
		}
		b, h := open(t, r.url, o), &recorder{}
		h.meet(names...)
		h.onSubscribed = func(room string) { openAsARoomDoes(t, b, h, room) }
		subscribe(t, b, h, subscribed...)
		recorders = append(recorders, h)
		if all = append(all, b); i >= len(names) {
			others = append(others, b)
		}
	}
	var senders []sender
	for i, room := range rooms {
		senders = append(senders, sender{all[i%len(names)], room})
	}
	for i := range 1000 {
		senders = append(senders, sender{others[i%len(others)], chat.FeedRoom(int64(i + 1))})
	}
	sayAll(t, senders, 1, func(*atomic.Int64) {})
	for i := range names {
		for _, room := range rooms {
			poll.Until(t, "all messages are received", func() bool { return recorders[i].count("payload", room) == 1 })
			recorders[i].learn(t, all[i], room)
		}
	}
	for _, b := range all {
		poll.Until(t, "it has been there for long enough to know who is alive", func() bool {
			_, ever := b.repairs.connectedFor("")
			return ever > repairPatience
		})
	}
	last := uint64(4)
	if testing.Short() {
		last = 2
	}
	for seq := uint64(2); seq <= last; seq++ {
		r.stop(t)
		var began time.Time
		var found time.Duration
		feeds, rooms := sayAll(t, senders, seq, func(failed *atomic.Int64) {
			poll.Until(t, "all have noticed", func() bool { return failed.Load() >= int64(2*len(senders)) })
			r.start(t)
			began = time.Now()
			for _, h := range recorders {
				poll.Until(t, "Redis is found again", func() bool { return h.count("up", "") == int(seq) })
			}
			found = time.Since(began)
		})
		t.Logf("after Redis answered again: all found it %v, rooms %v, 1,000 feeds %v",
			found.Round(time.Millisecond),
			rooms.Sub(began).Round(time.Millisecond), feeds.Sub(began).Round(time.Millisecond))
	}
}
