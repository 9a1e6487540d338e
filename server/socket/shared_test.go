package socket

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// spend takes messages until one is refused, and returns how many there were and
// what the refused one has to wait.
func spend(q *quota) (n int, wait time.Duration) {
	for {
		if wait = q.take(time.Now()); wait > 0 {
			return n, wait
		}
		n++
	}
}

// Connections of one address share its burst, and coming back gives no new one.
func TestQuotaOutlivesConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newQuotas(5, 10)
		a, b := all.acquire("192.0.2.1"), all.acquire("192.0.2.1")
		other := all.acquire("192.0.2.2")
		if n, wait := spend(a); n != 10 || wait != 200*time.Millisecond {
			t.Errorf("the first connection sends %d messages, and then waits %v", n, wait)
		}
		if n, _ := spend(b); n != 0 {
			t.Errorf("the second connection sends %d more", n)
		}
		if n, _ := spend(other); n != 10 {
			t.Errorf("another address sends %d", n)
		}
		a.release()
		b.release()
		if n, _ := spend(all.acquire("192.0.2.1")); n != 0 {
			t.Errorf("who comes back sends %d at once", n)
		}
		time.Sleep(time.Second)
		if n, _ := spend(all.acquire("192.0.2.1")); n != 5 {
			t.Errorf("%d a second later, want 5: refusals must not count", n)
		}
	})
}

// Idle quotas are forgotten once they are full, and there is never more than a
// bounded number of them.
func TestQuotasAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newQuotas(5, 10)
		for i := range 100 {
			q := all.acquire(fmt.Sprint(i))
			spend(q)
			q.release()
		}
		if len(all.byKey) != 100 {
			t.Errorf("%d of 100 addresses are remembered", len(all.byKey))
		}
		time.Sleep(3 * time.Second)
		here := all.acquire("here")
		for i := range 60 {
			all.acquire(fmt.Sprint("new-", i)).release()
		}
		if len(all.byKey) > 2 || all.byKey["here"] != here {
			t.Errorf("%d quotas are left, want the one in use and the last", len(all.byKey))
		}
		for i := range maxIdleQuotas + 10 {
			q := all.acquire(fmt.Sprint("many-", i))
			q.take(time.Now())
			q.release()
		}
		if n := all.idle.Len(); n > maxIdleQuotas {
			t.Errorf("%d idle quotas, want at most %d", n, maxIdleQuotas)
		}
	})
}

// Without a limit, and for addresses that have none, everything is allowed.
func TestNoQuota(t *testing.T) {
	var none *quota
	for _, q := range []*quota{newQuotas(0, 10).acquire("192.0.2.1"), newQuotas(5, 10).acquire(""), none} {
		for range 1000 {
			if q.take(time.Now()) > 0 {
				t.Fatal("a message has to wait without a limit")
			}
		}
		q.release()
	}
}

// Many readers take from one quota at once: none gets what another one has.
func TestQuotaIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newQuotas(1, 1000)
		var taken atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				q := all.acquire("room")
				defer q.release()
				n, _ := spend(q)
				taken.Add(int64(n))
			})
		}
		wg.Wait()
		if taken.Load() != 1000 {
			t.Errorf("%d messages were taken, want 1000", taken.Load())
		}
	})
}

// The cost of the limits for each message: the connection's own, and those of
// its address and its room.
func BenchmarkLimits(b *testing.B) {
	own := newLimiter(1e9, 1<<30)
	address := newQuotas(1e8, 100_000).acquire("192.0.2.1")
	room := newQuotas(1e8, 100_000).acquire("room")
	b.Run("own", func(b *testing.B) {
		now := time.Now()
		for b.Loop() {
			now = now.Add(time.Microsecond)
			own.take(now)
		}
	})
	b.Run("shared", func(b *testing.B) {
		now := time.Now()
		for b.Loop() {
			now = now.Add(time.Microsecond) // a message asks for the time once
			address.take(now)
			room.take(now)
		}
	})
}

func BenchmarkRoomQuotaContended(b *testing.B) {
	all := newQuotas(1e8, 100_000)
	b.RunParallel(func(pb *testing.PB) {
		q := all.acquire("room")
		defer q.release()
		now := time.Now()
		for pb.Next() {
			now = now.Add(time.Microsecond)
			q.take(now)
		}
	})
}

// A message that the room refuses does not count to its address.
func TestQuotaIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuotas(5, 10).acquire("192.0.2.1")
		for range 100 {
			if wait := q.take(time.Now()); wait > 0 {
				t.Fatalf("has to wait %v", wait)
			}
			q.giveBack()
		}
		if n, _ := spend(q); n != 10 {
			t.Errorf("%d messages are left, want 10", n)
		}
	})
}
