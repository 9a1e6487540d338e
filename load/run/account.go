package run

import (
	"slices"
	"sync/atomic"
)

// counts are what went wrong, in all. Good deliveries are counted by the meter, which is faster.
type counts struct {
	lost      atomic.Int64 // places that were passed over and have not come since
	announced atomic.Int64 // of which the server has said that they will not come
	excused   atomic.Int64 // announced to a client of which the scenario expects that
	doubled   atomic.Int64
	reordered atomic.Int64
	resets    atomic.Int64
}

// account is what one client must get and has got. It is owned by the goroutine that reads for the client; only high may be read by others. It
// takes a place for lost as soon as a later one comes, and forgives it as reordered when it comes after all.
type account struct {
	counts  *counts
	room    *room
	excused bool // gaps are what the scenario expects

	log   *roomLog
	notes notes
	last  uint64        // the place that this connection has come to
	high  atomic.Uint64 // the place that any connection of this client has come to
	known bool          // whether last is one yet
	holes []span        // lost places
}

// span is places from first to last, both included.
type span struct{ first, last uint64 }

func (s span) size() int64 { return int64(s.last - s.first + 1) }

// join begins with a connection that asked for no past: the next message is the one behind seq.
func (a *account) join(log *roomLog, seq uint64) {
	a.log, a.notes, a.holes = log, notes{}, nil
	a.last, a.known = seq, true
	a.high.Store(seq)
}

// resume goes on with a connection that asked for everything behind after, in
// the epoch in which the server says the log is. recovered: all of that
// follows, also if the log has gone over to another epoch meanwhile.
func (a *account) resume(log *roomLog, after uint64, recovered bool) {
	if log != a.log && !recovered {
		a.replace(log, 0, false)
		return
	}
	if log != a.log {
		a.join(log, a.high.Load())
	}
	a.last, a.known = after, true
}

// replace goes on in another log, behind seq if that is known. Behind the
// newest message it is the same log in another epoch, as after each restart of
// Redis that loses nothing: nobody notices.
func (a *account) replace(log *roomLog, seq uint64, known bool) {
	if log == a.log {
		return
	}
	if !known || seq != a.high.Load() {
		a.counts.resets.Add(1)
	}
	a.join(log, seq)
	a.known = known
}

// take accounts for a message and reports whether it is new to the client. number is that of one of our messages, 0 for those of others.
func (a *account) take(seq, number, hash uint64) (fresh bool) {
	if !a.known {
		a.last, a.known = seq-1, true
		a.high.Store(seq - 1)
	}
	if seq <= a.last {
		if a.fill(seq) {
			a.counts.reordered.Add(1)
			return true
		}
		a.counts.doubled.Add(1)
		return false
	}
	if seq > a.last+1 && seq > a.high.Load()+1 {
		a.miss(span{max(a.last, a.high.Load()) + 1, seq - 1})
	}
	a.last = seq
	if seq <= a.high.Load() { // the connection before had it already, or should have
		return a.fill(seq)
	}
	a.high.Store(seq)
	switch a.log.note(&a.notes, seq, number, hash) {
	case differs:
		a.counts.reordered.Add(1)
	case again:
		a.counts.doubled.Add(1)
	}
	return true
}

func (a *account) miss(s span) {
	a.holes = append(a.holes, s)
	a.counts.lost.Add(s.size())
}

// fill takes seq out of the holes and reports whether it was in one.
func (a *account) fill(seq uint64) bool {
	i := slices.IndexFunc(a.holes, func(s span) bool { return s.first <= seq && seq <= s.last })
	if i < 0 {
		return false
	}
	hole := a.holes[i]
	a.holes = slices.Delete(a.holes, i, i+1)
	if hole.first < seq {
		a.holes = append(a.holes, span{hole.first, seq - 1})
	}
	if seq < hole.last {
		a.holes = append(a.holes, span{seq + 1, hole.last})
	}
	a.counts.lost.Add(-1)
	return true
}

// gap takes the server's word for it that places will not come. They are lost all the same, unless the scenario expects as much.
func (a *account) gap(from, to uint64) {
	if high := a.high.Load(); a.known {
		from = max(from, high+1)
	}
	if to < from {
		return
	}
	s := span{from, to}
	a.counts.announced.Add(s.size())
	if a.excused {
		a.counts.excused.Add(s.size())
	} else {
		a.counts.lost.Add(s.size()) // for good: it is in no hole that could be filled
	}
	a.last, a.known = to, true
	a.high.Store(to)
}

// end accounts for the places up to final that have not come when everybody has stopped waiting.
func (a *account) end(final uint64) {
	if high := a.high.Load(); a.log != nil && final > high {
		a.miss(span{high + 1, final})
	}
}
