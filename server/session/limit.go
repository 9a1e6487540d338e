package session

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What no client needs, and how much of it closes the connection. None of these is a setting: they are far from anything that a client
// in good order does, whatever it is used for.
const (
	// maxBadRequests are answered with an error each in a minute; one more closes with 4500.
	maxBadRequests = 4

	// maxSmall is how many frames that are no messages a client may send in smallWindow: pings, pongs and typing. They cost little, but not
	// nothing, and no rate of messages holds them. One more closes with 4013.
	maxSmall    = 1000
	smallWindow = 10 * time.Second

	// maxFragments is how many frames one message may come in. MaxFrame bounds their bytes, but empty ones have none. One more closes with 1009.
	maxFragments = 4096

	// messageTime is how long a message may take from its first byte to its last. Later it closes with 4008.
	messageTime = 30 * time.Second

	// refusedWindow is the time within which a client that keeps sending against refusals is closed with 4013: twice the burst is
	// no misunderstanding any more.
	refusedWindow = 10 * time.Second
)

// limiter holds one connection to its share of messages.
type limiter struct {
	bucket  *rate.Limiter // nil: no limit
	credit  float64       // messages beyond the bucket's: see hold
	refused strikes
	allowed int // refusals in refusedWindow before it is closed
}

// mostHeld is how long a pause counts that the server itself has made.
const mostHeld = 10 * time.Second

// hold is for the time in which the server did not read because it could not
// keep up: what the client sent meanwhile at its pace is read all at once,
// which is no fault of the client.
func (l *limiter) hold(d time.Duration) {
	if l.bucket != nil {
		perSecond := float64(l.bucket.Limit())
		l.credit = min(l.credit+perSecond*d.Seconds(), perSecond*mostHeld.Seconds())
	}
}

func newLimiter(perSecond float64, burst int) limiter {
	if perSecond == 0 {
		return limiter{}
	}
	return limiter{bucket: rate.NewLimiter(rate.Limit(perSecond), burst), allowed: 2 * burst}
}

// take asks for one message now. wait > 0 refuses it: one may be sent after that time. persists: this went on for too long.
func (l *limiter) take(now time.Time) (wait time.Duration, persists bool) {
	if l.bucket == nil {
		return 0, false
	}
	r := l.bucket.ReserveN(now, 1)
	wait = r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
		if l.credit >= 1 {
			l.credit--
			return 0, false
		}
		persists = l.refused.hit(now, l.allowed, refusedWindow)
	}
	return wait, persists
}

// strikes counts what may happen now and then, but not often.
type strikes struct {
	since time.Time
	n     int
}

// hit counts one more, and says whether it was more than limit within the window that began with the first.
func (s *strikes) hit(now time.Time, limit int, window time.Duration) bool {
	if now.Sub(s.since) > window {
		s.since, s.n = now, 0
	}
	s.n++
	return s.n > limit
}

// speech is what a connection that says something needs beside one that listens.
type speech struct {
	limit limiter // owned by the reader

	// Guarded by mu.
	mu     sync.Mutex
	asked  int           // messages being published
	silent chan struct{} // closed when asked is 0; nil until somebody waits for that
}

// begin notes that a message is being published, finish that its sender has its answer.
func (s *speech) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
}

func (s *speech) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked--
	if s.asked == 0 && s.silent != nil {
		close(s.silent)
		s.silent = nil
	}
}

// answered returns a channel that is closed when no message is being published.
func (s *speech) answered() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := make(chan struct{})
	if s.asked == 0 {
		close(silent)
	} else {
		s.silent = silent // one waits at a time: the reader
	}
	return silent
}
