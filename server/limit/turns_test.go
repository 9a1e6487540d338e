package limit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A key that asks a hundred times at once delays others by one turn.
func TestOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(TurnLimits{Places: 1, PlacesPerKey: 1, Waiting: 200, WaitingPerKey: 100})
		var mu sync.Mutex
		var order []string
		use := func(key string) {
			leave, err := turns.Enter(t.Context(), key)
			if err != nil {
				t.Errorf("%s: %v", key, err)
				return
			}
			time.Sleep(time.Second)
			mu.Lock()
			order = append(order, key)
			mu.Unlock()
			leave()
		}
		for range 100 {
			go use("a")
			synctest.Wait()
		}
		for _, key := range []string{"b", "c", "b"} {
			go use(key)
			synctest.Wait()
		}
		time.Sleep(200 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if got := strings.Join(order[:7], ""); got != "aabcaba" || len(order) != 103 {
			t.Errorf("had their turns: %s, %d in all", got, len(order))
		}
		if taken, waiting := turns.Count(); taken != 0 || waiting != 0 ||
			len(turns.held)+len(turns.queues)+len(turns.order) != 0 {
			t.Errorf("left: %+v", turns)
		}
	})
}

// One key cannot take all places, however long it holds them.
func TestAPlaceForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(TurnLimits{Places: 2, PlacesPerKey: 1, Waiting: 3, WaitingPerKey: 2})
		leave, err := turns.Enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan error, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 3 {
			go func() {
				leave, err := turns.Enter(ctx, "a")
				if err == nil {
					leave()
				}
				waits <- err
			}()
			synctest.Wait()
		}
		if err := <-waits; !errors.Is(err, ErrFull) {
			t.Errorf("a third who waits: %v", err)
		}
		for i := range 10 {
			leave, err := turns.Enter(t.Context(), fmt.Sprint("b", i))
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		other, err := turns.Enter(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			leave, err := turns.Enter(ctx, "c")
			if err == nil {
				leave()
			}
			waits <- err
		}()
		synctest.Wait()
		if _, err := turns.Enter(t.Context(), "d"); !errors.Is(err, ErrFull) {
			t.Errorf("a fourth who waits: %v", err)
		}
		time.Sleep(2 * time.Second)
		for range 3 {
			if err := <-waits; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("at the deadline: %v", err)
			}
		}
		leave()
		other()
		if _, err := turns.Enter(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the deadline: %v", err)
		}
		if taken, waiting := turns.Count(); taken != 0 || waiting != 0 ||
			len(turns.held)+len(turns.queues)+len(turns.order) != 0 {
			t.Errorf("left: %+v", turns)
		}
	})
}
