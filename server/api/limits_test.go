package api

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// TestSearchesTakeTurns: one address, however many accounts it has, leaves
// places to others, and one account cannot search without end.
func TestSearchesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		enter := searchTurn()
		refused := make(chan error, 300)
		for i := range 300 {
			go func() {
				leave, err := enter(t.Context(), int64(i%30), fmt.Sprintf("192.0.2.7:%d", i))
				if err != nil {
					refused <- err
					return
				}
				time.Sleep(time.Second)
				leave()
			}()
		}
		synctest.Wait()
		for range len(refused) {
			if e := chat.AsError(<-refused); e.Code != chat.CodeUnavailable || !e.Retryable {
				t.Errorf("refused with %v", e)
			}
		}
		began := time.Now()
		for i := range 20 {
			leave, err := enter(t.Context(), int64(100+i), "192.0.2.8")
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("searches from another address took %v", took)
		}
		for i := range searchBurst + 1 { // guests, by their address
			leave, err := enter(t.Context(), 0, "192.0.2.10")
			refused := chat.AsError(err) != nil && chat.AsError(err).Code == chat.CodeRateLimited
			if want := i == searchBurst; refused != want {
				t.Errorf("search %d of a guest: %v", i, err)
			}
			if err == nil {
				leave()
			}
		}
		if leave, err := enter(t.Context(), 0, "192.0.2.11"); err != nil {
			t.Errorf("a guest elsewhere: %v", err)
		} else {
			leave()
		}
		time.Sleep(time.Minute)
		for i := range searchBurst + 1 {
			leave, err := enter(t.Context(), 7, "192.0.2.9")
			if i < searchBurst && err != nil {
				t.Fatalf("search %d: %v", i, err)
			}
			if i == searchBurst && chat.AsError(err).Code != chat.CodeRateLimited {
				t.Errorf("one too many: %v", err)
			}
			if err == nil {
				leave()
			}
		}
	})
}
