package worker

import (
	"context"
	"math"
	"time"
)

// reading is one look at the clock of a worker.
type reading struct {
	offset  time.Duration // its clock minus ours, both since some moment
	error   time.Duration // offset is wrong by at most this
	wall    time.Duration // the same offset of the machines' calendars
	roundTo time.Duration // the round trip of this reading
}

// rounds is how often a clock is read; the reading with the shortest round trip
// counts, as in NTP.
const rounds = 20

// newReading returns the reading of a round trip: we sent at sent, it received
// and answered at p's times, and we received at received.
func newReading(began time.Time, sent, received time.Time, p *pong) reading {
	t0, t3 := sent.Sub(began), received.Sub(began)
	trip := (t3 - t0) - (p.Sent - p.Received)
	return reading{
		offset: ((p.Received - t0) + (p.Sent - t3)) / 2,
		error:  trip / 2,
		// Without the monotonic reading, which other machines do not have.
		wall:    p.Wall.Round(0).Sub(received.Add(-trip / 2).Round(0)),
		roundTo: trip,
	}
}

// read reads the clock of a worker several times and returns the best reading.
func (p *peer) read(ctx context.Context, began time.Time) (best reading, err error) {
	best.roundTo = math.MaxInt64
	for range rounds {
		p.pings++
		sent := time.Now()
		if err := p.link.send(order{Ping: p.pings}); err != nil {
			return best, err
		}
		select {
		case a := <-p.pongs:
			r := newReading(began, sent, a.at, a.pong)
			if a.pong.Ping == p.pings && r.roundTo < best.roundTo {
				best = r
			}
		case <-ctx.Done():
			return best, context.Cause(ctx)
		}
	}
	return best, nil
}
