package limit

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxTallies is how many keys are remembered. The key with the oldest attempt
// is forgotten first, because its bucket is the fullest. To make room for
// itself on purpose, an attacker needs that many addresses.
const maxTallies = 1 << 16

// Rate is a token bucket: Burst events at once (1 or more), then one per Every. A
// negative Burst means no limit.
type Rate struct {
	Burst int
	Every time.Duration
}

// NewRate returns a Rate of perSecond events a second with the given burst. 0
// means no limit.
func NewRate(perSecond float64, burst int) Rate {
	if perSecond == 0 {
		return Rate{Burst: -1}
	}
	return Rate{Burst: burst, Every: time.Duration(float64(time.Second) / perSecond)}
}

// Throttle counts attempts by key. It forgets a key when the full burst is
// allowed again. Its methods are safe for concurrent use.
type Throttle struct {
	rate    Rate
	maxKeys int // keys

	mu    sync.Mutex
	byKey map[string]*list.Element // guarded by mu; of *tally
	order list.List                // guarded by mu; most recent attempt first
}

// tally is the state of one key.
type tally struct {
	key    string
	bucket *rate.Limiter
	last   time.Time // time of the last attempt
}

// NewThrottle returns a Throttle that applies r to each key.
func NewThrottle(r Rate) *Throttle {
	return &Throttle{rate: r, maxKeys: maxTallies, byKey: make(map[string]*list.Element)}
}

// Take counts an attempt. wait > 0 refuses it and is the time until the next
// one is possible. A refused attempt costs nothing.
func (t *Throttle) Take(now time.Time, key string) (wait time.Duration) {
	if t.rate.Burst < 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweepLocked(now)
	element, ok := t.byKey[key]
	if !ok {
		element = t.order.PushFront(&tally{key: key,
			bucket: rate.NewLimiter(rate.Every(t.rate.Every), t.rate.Burst)})
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

// Refund takes back an attempt that Take has counted. A bucket never holds more
// than its burst.
func (t *Throttle) Refund(now time.Time, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, ok := t.byKey[key]; ok {
		// A reservation's Cancel does nothing once its time has come.
		element.Value.(*tally).bucket.AllowN(now, -1)
	}
}

// Forget removes a key, so that its next attempt is its first.
func (t *Throttle) Forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, ok := t.byKey[key]; ok {
		t.removeLocked(element)
	}
}

// sweepLocked makes room for a key. It removes up to two old keys for each new
// one, so no call goes through all of them.
func (t *Throttle) sweepLocked(now time.Time) {
	full := time.Duration(t.rate.Burst) * t.rate.Every // an idle bucket is full after this time
	for range 2 {
		oldest := t.order.Back()
		if oldest == nil || t.order.Len() < t.maxKeys && now.Sub(oldest.Value.(*tally).last) < full {
			return
		}
		t.removeLocked(oldest)
	}
}

func (t *Throttle) removeLocked(element *list.Element) {
	t.order.Remove(element)
	delete(t.byKey, element.Value.(*tally).key)
}
