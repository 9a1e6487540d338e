package blob

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A buffer is used again once all attempts to send it have ended.
func TestSendingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := withContent(t.Context(), []byte("x"))
		if err := s.closed(t.Context()); err != nil {
			t.Errorf("before any attempt: %v", err)
		}
		first, second := s.attempt(), s.attempt()
		ended := make(chan error, 1)
		go func() { ended <- s.closed(t.Context()) }()
		synctest.Wait()
		_ = first.Close()
		_ = first.Close() // net/http may close twice
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("an attempt still reads: %v", err)
		default:
		}
		_ = second.Close()
		if err := <-ended; err != nil {
			t.Errorf("after all attempts: %v", err)
		}
	})
}

// Whoever gives up waiting for an attempt leaves nothing that waits for it.
func TestSendingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := withContent(t.Context(), []byte("x"))
		s.attempt() // never closed
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.closed(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait() // a goroutine that is left fails the test at its end
	})
}
