package socket

import (
	"container/list"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// The limit of a connection alone does not keep anyone from flooding a room:
// people open more connections, or come back for another burst. So the messages
// of all connections of an address on this server are limited together, and
// those of all clients in a room.

const (
	// maxIdleQuotas bounds the quotas that no connection uses. Whoever wants one
	// to be forgotten early needs that many addresses.
	maxIdleQuotas = 1 << 16

	// sharedPause is the least time after which somebody who was refused because
	// of others may try again, and half of the most: many are told at once, and
	// each attempt costs a message of its connection's own limit.
	sharedPause = time.Second
)

// quotas limit messages by a key that several connections share. A quota stays
// for some time after its last connection, so that coming back changes nothing.
// Nil limits nothing.
type quotas struct {
	began time.Time
	every time.Duration // per message
	full  time.Duration // for the whole burst

	mu    sync.Mutex
	byKey map[string]*quota // guarded by mu
	idle  list.List         // guarded by mu; of *quota, the longest idle first
}

// quota is the token bucket of one key. It is kept as the time at which it is
// full again, which needs no lock.
type quota struct {
	of      *quotas
	key     string
	fullAt  atomic.Int64  // nanoseconds after of.began
	users   int           // guarded by of.mu
	resting *list.Element // guarded by of.mu; in of.idle if there are no users
}

func newQuotas(perSecond float64, burst int) *quotas {
	if perSecond == 0 {
		return nil
	}
	every := time.Duration(float64(time.Second) / perSecond)
	return &quotas{
		began: time.Now(), every: every, full: time.Duration(burst) * every, byKey: map[string]*quota{},
	}
}

// acquire returns the quota of a key, which the caller releases. It is nil if
// there is no limit, or no key.
func (s *quotas) acquire(key string) *quota {
	if s == nil || key == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.byKey[key]
	if q == nil {
		s.sweepLocked()
		q = &quota{of: s, key: key}
		s.byKey[key] = q
	}
	if q.resting != nil {
		s.idle.Remove(q.resting)
		q.resting = nil
	}
	q.users++
	return q
}

// release ends the use of a quota.
func (q *quota) release() {
	if q == nil {
		return
	}
	q.of.mu.Lock()
	defer q.of.mu.Unlock()
	if q.users--; q.users == 0 {
		q.resting = q.of.idle.PushBack(q)
		q.of.sweepLocked()
	}
}

// sweepLocked forgets up to two idle quotas that are full again, or too many. So
// no call goes through all of them.
func (s *quotas) sweepLocked() {
	now := int64(time.Since(s.began))
	for range 2 {
		oldest := s.idle.Front()
		if oldest == nil {
			return
		}
		q := oldest.Value.(*quota)
		if q.fullAt.Load() > now && s.idle.Len() <= maxIdleQuotas {
			return
		}
		s.idle.Remove(oldest)
		delete(s.byKey, q.key)
	}
}

// take spends one message. wait > 0 refuses it, and is the time until the next
// one is possible. It is safe for concurrent use.
func (q *quota) take(now time.Time) (wait time.Duration) {
	if q == nil {
		return 0
	}
	at := int64(now.Sub(q.of.began))
	for {
		fullAt := q.fullAt.Load()
		next := max(fullAt, at) + int64(q.of.every)
		if wait := time.Duration(next-at) - q.of.full; wait > 0 {
			return wait
		}
		if q.fullAt.CompareAndSwap(fullAt, next) {
			return 0
		}
	}
}

// giveBack undoes a take that refused nothing.
func (q *quota) giveBack() {
	if q != nil {
		q.fullAt.Add(-int64(q.of.every))
	}
}

// pauseShared returns how long a client has to wait that was refused because of
// others, too.
func pauseShared(wait time.Duration) time.Duration {
	return wait + sharedPause + rand.N(sharedPause)
}
