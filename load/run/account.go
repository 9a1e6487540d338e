package run

import (
	"slices"
	"sync/atomic"
)

// counts are the faults of all clients. Good deliveries are counted by the
// meter, which is faster.
type counts struct {
	lost       atomic.Int64 // skipped seqs that have not arrived since
	announced  atomic.Int64 // of these, those that the server announced with a gap
	excused    atomic.Int64 // announced to a client where the scenario expects it
	duplicated atomic.Int64
	reordered  atomic.Int64
	resets     atomic.Int64
}

// account is what one client must receive and has received. It is owned by the
// goroutine that reads for the client; others may only read high. A seq counts
// as lost as soon as a later one arrives, and as reordered if it arrives after
// all.
type account struct {
	counts  *counts
	room    *room
	excused bool // the scenario expects gaps

	log     *roomLog
	first   uint64 // the seq before the first one that is due in log
	cursors cursors
	last    uint64        // the last seq of this connection
	high    atomic.Uint64 // the last seq of any connection of this client
	known   bool          // whether last is set
	missing []span        // lost seqs
	skipped []span        // those that the server announced
}

// span is the seqs from first to last, inclusive.
type span struct{ first, last uint64 }

func (s span) size() int64 { return int64(s.last - s.first + 1) }

// join begins a connection that asked for no history: the next message is the
// one after seq.
func (a *account) join(log *roomLog, seq uint64) {
	a.leave()
	a.log, a.cursors, a.missing, a.skipped = log, cursors{}, nil, nil
	a.first, a.last, a.known = seq, seq, true
	a.high.Store(seq)
	raise(&log.high, seq)
}

// resume continues with a connection that asked for everything after a seq, in
// the epoch that the server reports. recovered means that all of it follows,
// even if the epoch has changed meanwhile.
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

// replace continues in another log, after seq if that is known. If seq is the
// newest message, it is the same log in another epoch, as after each restart of
// Redis that loses nothing, and does not count as a reset.
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

// take accounts for a message and reports whether it is new to the client.
// number is the number of one of our messages, or 0 for a message of others.
func (a *account) take(seq, number, hash uint64) (fresh bool) {
	if !a.known {
		a.first, a.last, a.known = seq-1, seq-1, true
		a.high.Store(seq - 1)
	}
	if seq <= a.last {
		if a.fill(seq) {
			a.counts.reordered.Add(1)
			return true
		}
		a.counts.duplicated.Add(1)
		return false
	}
	if seq > a.last+1 && seq > a.high.Load()+1 {
		a.miss(span{max(a.last, a.high.Load()) + 1, seq - 1})
	}
	a.last = seq
	if seq <= a.high.Load() { // the earlier connection received it, or should have
		return a.fill(seq)
	}
	a.high.Store(seq)
	switch a.log.record(&a.cursors, seq, number, hash) {
	case conflicts:
		a.counts.reordered.Add(1)
	case duplicate:
		a.counts.duplicated.Add(1)
	}
	return true
}

func (a *account) miss(s span) {
	a.missing = append(a.missing, s)
	a.counts.lost.Add(s.size())
}

// fill removes seq from the missing ones and reports whether it was there.
func (a *account) fill(seq uint64) bool {
	i := slices.IndexFunc(a.missing, func(s span) bool { return s.first <= seq && seq <= s.last })
	if i < 0 {
		return false
	}
	hole := a.missing[i]
	a.missing = slices.Delete(a.missing, i, i+1)
	if hole.first < seq {
		a.missing = append(a.missing, span{hole.first, seq - 1})
	}
	if seq < hole.last {
		a.missing = append(a.missing, span{seq + 1, hole.last})
	}
	a.counts.lost.Add(-1)
	return true
}

// gap handles seqs that the server announces as unavailable. They are lost,
// unless the scenario expects that.
func (a *account) gap(from, to uint64) {
	if high := a.high.Load(); a.known {
		from = max(from, high+1)
	}
	if to < from {
		return
	}
	s := span{from, to}
	a.counts.announced.Add(s.size())
	a.skipped = append(a.skipped, s)
	if a.excused {
		a.counts.excused.Add(s.size())
	} else {
		a.counts.lost.Add(s.size()) // final: not in missing, so it cannot be filled
	}
	a.last, a.known = to, true
	a.high.Store(to)
	raise(&a.log.high, to)
}

// end counts the seqs up to final that have not arrived as lost.
func (a *account) end(final uint64) {
	if high := a.high.Load(); a.log != nil && final > high {
		a.miss(span{high + 1, final})
	}
}
