package room

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// fakeFeed notes what was asked for.
type fakeFeed struct{ calls []string }

func (f *fakeFeed) Subscribe(room string)   { f.calls = append(f.calls, "+"+room) }
func (f *fakeFeed) Unsubscribe(room string) { f.calls = append(f.calls, "-"+room) }

func newTestRegistry(feed Feed) *Registry {
	return NewRegistry(Options{
		RingSize: 64, MaxRooms: 2, Linger: 30 * time.Second, Log: newLog(3), Feed: feed, Wake: func(*Room) {},
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(),
	})
}

func TestRegistryOpensAndClosesRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		feed := &fakeFeed{}
		g := newTestRegistry(feed)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go g.Run(ctx)

		got := make(chan *Room)
		for range 2 {
			go func() {
				r, err := g.Acquire(ctx, "a")
				if err != nil {
					t.Error(err)
				}
				got <- r
			}()
		}
		synctest.Wait()
		g.Subscribed("a")
		a := <-got
		if b := <-got; a != b {
			t.Error("two rooms of one name")
		}
		g.Payload("a", payload(chat.Position{Epoch: epochA, Seq: 3}))
		synctest.Wait()
		if a.Position().Seq != 3 {
			t.Errorf("after a payload the room is at %v", a.Position())
		}
		g.Release(a)
		time.Sleep(time.Hour)
		if g.Get("a") != a {
			t.Fatal("a room with a client was closed")
		}
		g.Release(a)
		time.Sleep(29 * time.Second)
		if g.Get("a") != a {
			t.Fatal("a room was closed before its linger time")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if g.Get("a") != nil || !slices.Equal(feed.calls, []string{"+a", "-a"}) {
			t.Errorf("the room was not closed: %v", feed.calls)
		}
		g.Payload("a", []byte("late")) // of a closed room
	})
}

func TestRegistryRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestRegistry(&fakeFeed{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for i := range 2 { // nobody confirms: they open rooms, and wait in vain
			if _, err := g.Acquire(ctx, fmt.Sprint(i)); err == nil || chat.AsError(err).Code != chat.CodeUnavailable {
				t.Errorf("room %d: %v", i, err)
			}
		}
		if _, err := g.Acquire(t.Context(), "third"); err == nil || chat.AsError(err).Code != chat.CodeTooManyRooms {
			t.Errorf("third room: %v", err)
		}
		for range 5 {
			g.sweep(4)
		}
		if g.Get("0") != nil {
			t.Error("a room that never opened stays for ever")
		}
	})
}
