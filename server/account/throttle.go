package account

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxTallies is how many accounts or addresses or users are remembered at a time. Who has made no attempt for the longest is forgotten first: his bucket is the
// fullest. To be forgotten early on purpose, one would need as many addresses.
const maxTallies = 1 << 16

// Throttle counts attempts by key. What it remembers of a key it forgets when that would allow everything again. Its methods may be called from any
// goroutine.
type Throttle struct {
	limit Limit
	most  int // keys

	mu    sync.Mutex
	byKey map[string]*list.Element // guarded by mu; of *tally
	order list.List                // guarded by mu: the latest attempt first
}

// tally is what is remembered of a key.
type tally struct {
	key    string
	bucket *rate.Limiter
	last   time.Time // of its last attempt
}

// NewThrottle makes a Throttle with which every key has the same limit.
func NewThrottle(limit Limit) *Throttle {
	return &Throttle{limit: limit, most: maxTallies, byKey: make(map[string]*list.Element)}
}

// Take counts an attempt now. wait > 0 refuses it, and says when the next is possible; a refused one costs nothing.
func (t *Throttle) Take(now time.Time, key string) (wait time.Duration) {
	if t.limit.Burst < 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweepLocked(now)
	element, ok := t.byKey[key]
	if !ok {
		element = t.order.PushFront(&tally{key: key, bucket: rate.NewLimiter(rate.Every(t.limit.Every), t.limit.Burst)})
		t.byKey[key] = element
	}
	t.order.MoveToFront(element)
	tally := element.Value.(*tally)
	tally.last = now
	r := tally.bucket.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// giveBack takes back one attempt that Take has counted and that was none after
// all. A bucket never holds more than its burst.
func (t *Throttle) giveBack(now time.Time, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, ok := t.byKey[key]; ok {
		// A reservation's own Cancel gives nothing back once its time has come.
		element.Value.(*tally).bucket.AllowN(now, -1)
	}
}

// forget removes a key: its next attempt is its first.
func (t *Throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, ok := t.byKey[key]; ok {
		t.removeLocked(element)
	}
}

// sweepLocked makes room for one more key. With two removed for each that can come, the old ones are soon gone without anybody going through all of them.
func (t *Throttle) sweepLocked(now time.Time) {
	full := time.Duration(t.limit.Burst) * t.limit.Every // after so long without an attempt a bucket is full
	for range 2 {
		oldest := t.order.Back()
		if oldest == nil || t.order.Len() < t.most && now.Sub(oldest.Value.(*tally).last) < full {
			return
		}
		t.removeLocked(oldest)
	}
}

func (t *Throttle) removeLocked(element *list.Element) {
	t.order.Remove(element)
	delete(t.byKey, element.Value.(*tally).key)
}
