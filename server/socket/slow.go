package socket

import (
	"hash/maphash"
	"sync"
	"time"

	"livechat/server/chat"
)

// A client that was closed as too slow reconnects and resumes, which is right
// once or twice. One that is too slow for the room would be closed, resume and
// be closed for ever, each time with everything that it missed. The third close
// in slowWindow therefore tells it to stay away for slowWait.
const (
	maxCuts    = 2
	slowWindow = time.Minute
	slowWait   = 20 * time.Second

	// maxSlowClients bounds the memory for slow clients. Beyond it the oldest
	// entries are dropped.
	maxSlowClients = 4096
)

// slowClients remembers which clients this server closed as too slow. A client
// is identified by its address, name and room. If two slow clients share these,
// one waits without need.
type slowClients struct {
	seed maphash.Seed

	// Guarded by mu.
	mu    sync.Mutex
	known map[uint64]slowClient
}

type slowClient struct {
	cuts  penalties
	until time.Time // it must stay away until then
}

func newSlowClients() *slowClients {
	return &slowClients{seed: maphash.MakeSeed(), known: map[uint64]slowClient{}}
}

// who returns the key of a client.
func (s *slowClients) who(address string, q query) uint64 {
	return maphash.Comparable(s.seed, [3]string{address, q.room, q.name})
}

// cut records that a client is being closed, and returns how long it must stay
// away; 0: it may reconnect at once.
func (s *slowClients) cut(who uint64, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.known[who]
	if !ok && len(s.known) >= maxSlowClients {
		s.forget(now)
	}
	var wait time.Duration
	if p.cuts.hit(now, maxCuts, slowWindow) {
		wait = slowWait
		p.until = now.Add(wait)
	}
	s.known[who] = p
	return wait
}

// forget makes room. Expired entries go first, which loses nothing.
func (s *slowClients) forget(now time.Time) {
	oldest, at := uint64(0), now.Add(time.Hour)
	for who, p := range s.known {
		if now.Sub(p.cuts.since) > slowWindow && now.After(p.until) {
			delete(s.known, who)
		} else if p.cuts.since.Before(at) {
			oldest, at = who, p.cuts.since
		}
	}
	if len(s.known) >= maxSlowClients {
		delete(s.known, oldest)
	}
}

// wait returns how long a client must still stay away.
func (s *slowClients) wait(who uint64, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.known[who].until.Sub(now))
}

// tooSlow is the error frame before the close frame of a client that must stay
// away.
func tooSlow(wait time.Duration) []byte {
	return errorFrame("", &chat.Error{
		Code:      chat.CodeTooSlow,
		Message:   "this connection is too slow for the room, please wait before you come back",
		Retryable: true, RetryAfterMS: max(1, wait.Milliseconds()),
	})
}
