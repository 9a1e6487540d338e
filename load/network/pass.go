package network

import (
	"math/rand/v2"
	"net"
	"time"
)

const (
	// segment is what TCP sends at once over an Ethernet, in bytes.
	segment = 1448
	// window is how much is on its way at most: a TCP window without scaling.
	// The rest waits on the side of the sender, which notices.
	window = 64 << 10
	// leastRTO is how long TCP waits at least before it sends a segment again
	// (Linux), besides a round trip.
	leastRTO = 200 * time.Millisecond
	// maxRetries bounds how often the same segment is lost.
	maxRetries = 6
)

// piece is a segment on its way.
type piece struct {
	bytes  []byte
	arrive time.Time
}

// pass passes on what comes from one end until it ends or the other end does. It
// returns when that has arrived.
func (n *Network) pass(from, to net.Conn) {
	onWay, over := make(chan piece, window/segment), make(chan struct{})
	n.running.Go(func() {
		defer close(onWay)
		w := way{network: n, random: random()}
		for {
			buffer := make([]byte, segment)
			got, err := from.Read(buffer)
			if got > 0 {
				select {
				case onWay <- piece{buffer[:got], w.arrival(time.Now(), got)}:
				case <-over:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	defer close(over)
	n.deliver(onWay, to)
}

// deliver writes the pieces when they arrive, until there are no more.
func (n *Network) deliver(onWay <-chan piece, to net.Conn) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for p := range onWay {
		timer.Reset(time.Until(p.arrive))
		select {
		case <-timer.C:
		case <-n.eased:
		case <-n.ctx.Done():
			return
		}
		if _, err := to.Write(p.bytes); err != nil {
			return
		}
	}
}

// way is one way of a connection. It is not safe for concurrent use.
type way struct {
	network *Network
	random  *rand.Rand
	free    time.Time // when the line has sent what it was given
	last    time.Time // arrival of the last piece: nothing overtakes
}

// arrival returns when a piece arrives that is sent now.
func (w *way) arrival(now time.Time, size int) time.Time {
	like := &w.network.like
	if now.After(w.free) {
		w.free = now
	}
	if like.Rate > 0 {
		w.free = w.free.Add(time.Duration(float64(size) / float64(like.Rate) * float64(time.Second)))
	}
	at := w.free.Add(w.network.delay(w.random)).Add(w.stall())
	if at.Before(w.last) {
		at = w.last
	}
	w.last = at
	return at
}

// stall draws how long a piece waits for being sent again: nothing if it is not
// lost, else a retransmission timeout, which doubles each time.
func (w *way) stall() (sum time.Duration) {
	like := &w.network.like
	wait := leastRTO + 2*like.Delay
	for range maxRetries {
		if 100*w.random.Float64() >= like.Loss {
			break
		}
		sum += wait
		wait *= 2
	}
	return sum
}
