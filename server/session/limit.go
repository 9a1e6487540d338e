package session

import (
	"time"

	"golang.org/x/time/rate"
)

// limiter holds one connection to its share of messages.
type limiter struct {
	bucket  *rate.Limiter // nil: no limit
	refused strikes
	allowed int // refusals in refusedWindow before it is closed
}

// A client that keeps sending against refusals is closed. Twice the burst within this time is no misunderstanding any more.
const refusedWindow = 10 * time.Second

func newLimiter(perSecond float64, burst int) *limiter {
	if perSecond == 0 {
		return &limiter{}
	}
	return &limiter{bucket: rate.NewLimiter(rate.Limit(perSecond), burst), allowed: 2 * burst}
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
