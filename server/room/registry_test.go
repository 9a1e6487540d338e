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

// fakeSubscriptions records calls.
type fakeSubscriptions struct{ calls []string }

func (f *fakeSubscriptions) Subscribe(room string)   { f.calls = append(f.calls, "+"+room) }
func (f *fakeSubscriptions) Unsubscribe(room string) { f.calls = append(f.calls, "-"+room) }

func newTestRegistry(subs Subscriptions) *Registry {
	return NewRegistry(Options{
		RingSize: 64, MaxRooms: 2, Linger: 30 * time.Second, Log: newLog(3), Subscriptions: subs,
		Wake:   func(*Room) {},
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(),
	})
}

func TestRegistryOpensAndClosesRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		subs := &fakeSubscriptions{}
		g := newTestRegistry(subs)
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
			t.Error("two rooms with one name")
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
		if g.Get("a") != nil || !slices.Equal(subs.calls, []string{"+a", "-a"}) {
			t.Errorf("the room was not closed: %v", subs.calls)
		}
		g.Payload("a", []byte("late")) // for a closed room
	})
}

func TestRegistryRefusesTooManyRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestRegistry(&fakeSubscriptions{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for i := range 2 { // no subscription is confirmed: Acquire times out
			if _, err := g.Acquire(ctx, fmt.Sprint(i)); err == nil ||
				chat.AsError(err).Code != chat.CodeUnavailable {
				t.Errorf("room %d: %v", i, err)
			}
		}
		if _, err := g.Acquire(t.Context(), "third"); err == nil ||
			chat.AsError(err).Code != chat.CodeTooManyRooms {
			t.Errorf("third room: %v", err)
		}
		for range 5 {
			g.sweep(4)
		}
		if g.Get("0") != nil {
			t.Error("a room that never opened stays open")
		}
	})
}
