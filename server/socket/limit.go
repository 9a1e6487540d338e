package socket

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Abuse limits. They are constants because no well-behaved client comes close,
// whatever it is used for.
const (
	// maxBadRequests is the number of invalid messages per minute that are
	// answered with an error. One more closes with 4500.
	maxBadRequests = 4

	// maxSmall is the number of pings, pongs and typing frames that a client
	// may send in smallWindow. They cost little, but not nothing, and the
	// message rate does not cover them. One more closes with 4013.
	maxSmall    = 1000
	smallWindow = 10 * time.Second

	// maxFragments is the number of frames of one message. MaxFrame bounds
	// their bytes, but empty frames have none. One more closes with 1009.
	maxFragments = 4096

	// messageTime bounds the time from a message's first byte to its last. A
	// slower one closes with 4008.
	messageTime = 30 * time.Second

	// refusedWindow is the time in which a client that keeps sending although
	// it is refused is closed with 4013, after twice the burst.
	refusedWindow = 10 * time.Second
)

// limiter is the message rate limit of one connection.
type limiter struct {
	bucket  *rate.Limiter // nil: no limit
	credit  float64       // messages allowed beyond the bucket: see hold
	refused penalties
	allowed int // refusals in refusedWindow before it is closed
}

// mostHeld bounds the pause that hold credits.
const mostHeld = 10 * time.Second

// hold credits a pause in which the server did not read because it could not
// keep up. What the client sent at its pace meanwhile is read all at once,
// which is not the client's fault.
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

// take spends one message. wait > 0 refuses it, and says after which time one
// may be sent. persists reports that the client has ignored refusals for too
// long.
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

// penalties counts events that are fine occasionally but not often.
type penalties struct {
	since time.Time
	n     int
}

// hit counts an event and reports whether there were more than limit in the
// window that began with the first.
func (s *penalties) hit(now time.Time, limit int, window time.Duration) bool {
	if now.Sub(s.since) > window {
		s.since, s.n = now, 0
	}
	s.n++
	return s.n > limit
}

// sender is the additional state of a connection that sends messages.
type sender struct {
	limit   limiter // owned by the reader
	address *quota  // of all connections of its address; nil: no limit
	room    *quota  // of all clients in its room; nil: no limit

	// Guarded by mu.
	mu     sync.Mutex
	asked  int           // messages being published
	silent chan struct{} // closed when asked is 0; nil while nobody waits
}

// newSender returns what a connection needs to send messages. Its quotas are
// released when the connection is removed.
func (s *Server) newSender(c *conn) *sender {
	return &sender{
		limit:   newLimiter(s.opts.MessageRate, s.opts.MessageBurst),
		address: s.addresses.acquire(s.opts.AddressKey(c.from)),
		room:    s.busyRooms.acquire(c.room.Name),
	}
}

// begin records that a message is being published, finish that its sender was
// answered.
func (s *sender) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
}

func (s *sender) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked--
	if s.asked == 0 && s.silent != nil {
		close(s.silent)
		s.silent = nil
	}
}

// answered returns a channel that is closed when no message is being published.
func (s *sender) answered() <-chan struct{} {
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
