package session

import (
	"hash/maphash"
	"sync"
	"time"

	"livechat/server/chat"
)

// A client that is cut off as too slow comes back and resumes, which is what it should do once or twice. One that is too slow for what is said would
// be cut, resume and be cut for ever, each time with all that it missed: the third cut in slowWindow tells it to stay away for slowWait.
const (
	maxCuts    = 2
	slowWindow = time.Minute
	slowWait   = 20 * time.Second

	// maxSlowpokes bounds the memory for them. When there are more, those are forgotten that have been remembered for longest.
	maxSlowpokes = 4096
)

// slowpokes remembers who was cut off as too slow on this server. A client is known by its address, name and room, in which no two that
// are cut at the same time are likely to agree; if they do, one waits a little for nothing.
type slowpokes struct {
	seed maphash.Seed

	// Guarded by mu.
	mu    sync.Mutex
	known map[uint64]slowpoke
}

type slowpoke struct {
	cuts  strikes
	until time.Time // it was told to stay away until then
}

func newSlowpokes() *slowpokes {
	return &slowpokes{seed: maphash.MakeSeed(), known: map[uint64]slowpoke{}}
}

// who returns the number by which a client at an address is known.
func (s *slowpokes) who(address string, q query) uint64 {
	return maphash.Comparable(s.seed, [3]string{address, q.room, q.name})
}

// cut notes that a client is being cut off, and returns how long it is to stay away; 0: it may come back at once.
func (s *slowpokes) cut(who uint64, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.known[who]
	if !ok && len(s.known) >= maxSlowpokes {
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

// forget makes room: for those that would begin to count anew it loses nothing.
func (s *slowpokes) forget(now time.Time) {
	oldest, at := uint64(0), now.Add(time.Hour)
	for who, p := range s.known {
		if now.Sub(p.cuts.since) > slowWindow && now.After(p.until) {
			delete(s.known, who)
		} else if p.cuts.since.Before(at) {
			oldest, at = who, p.cuts.since
		}
	}
	if len(s.known) >= maxSlowpokes {
		delete(s.known, oldest)
	}
}

// wait returns how long a client is still to stay away.
func (s *slowpokes) wait(who uint64, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.known[who].until.Sub(now))
}

// tooSlow is what a client is told that is to stay away for a while. A close frame follows.
func tooSlow(wait time.Duration) []byte {
	return errorFrame("", &chat.Error{
		Code: chat.CodeTooSlow, Message: "this connection is too slow for the room, please wait before you come back",
		Retryable: true, RetryAfterMS: max(1, wait.Milliseconds()),
	})
}
