package moderation

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"livechat/server/chat"
)

// A read that began before rules were needed may end after one that counts.
func TestLateAssumptionDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var needed, slow atomic.Bool
		release := make(chan struct{})
		slow.Store(true)
		w := NewWatch(WatchOptions{
			Read: func(context.Context, string) (chat.RoomRules, error) {
				if slow.Swap(false) {
					<-release
				}
				return chat.RoomRules{}, nil
			},
			Needed: needed.Load, Open: func(string) bool { return true },
			Logger: slog.New(slog.DiscardHandler),
		})
		var early sync.WaitGroup
		early.Go(func() { _ = w.read(t.Context(), "hall") })
		synctest.Wait()
		needed.Store(true)
		w.Await(t.Context(), "hall")
		close(release)
		early.Wait()
		if err := w.Admits("hall", chat.Writer{Person: "g:x"}); err != nil {
			t.Errorf("refused: %v", err)
		}
		w.end()
	})
}

// A handshake whose read began before rules were needed looks again.
func TestAwaitLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var needed atomic.Bool
		w := NewWatch(WatchOptions{
			Read: func(context.Context, string) (chat.RoomRules, error) {
				needed.Store(true)
				return chat.RoomRules{}, nil
			},
			Needed: needed.Load, Open: func(string) bool { return true },
			Logger: slog.New(slog.DiscardHandler),
		})
		w.Await(t.Context(), "hall")
		if err := w.Admits("hall", chat.Writer{Person: "g:x"}); err != nil {
			t.Errorf("refused: %v", err)
		}
		w.end()
	})
}
