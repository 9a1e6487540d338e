package room

import "sync/atomic"

// The subscription fills a room's queue, and the room's owner empties it. So
// when a room waits, for laggards or for a log that cannot be read, neither
// other rooms nor the goroutine that reads the subscription wait with it. The
// queue is bounded: an overfull one is dropped, and the room reads its log
// instead.

// Bounds of the queues.
const (
	maxQueued      = 4096     // payloads of one room
	maxQueuedBytes = 4 << 20  // of one room
	maxAllBytes    = 64 << 20 // of all rooms; beyond it only small queues grow
	smallQueue     = 64 << 10 // bytes; not even these grow beyond twice maxAllBytes
	maxFreeLists   = 64       // empty lists kept for reuse
	maxFreeCap     = 256      // capacity of a list that is kept
)

// readLog is the queue entry that means: read the log. It is nil, which no
// payload is.
var readLog []byte

// queue is what a room still has to process.
type queue struct {
	// Guarded by the registry's mu.
	list [][]byte // payloads, with readLog between them
	// The last entry is a readLog that stands for dropped payloads.
	overfull bool

	// Payloads in the list or with the owner. Written by the owner and under
	// the registry's mu.
	entries atomic.Int64
	bytes   atomic.Int64
}

// halfFull reports whether the room should wait less for its readers.
func (q *queue) halfFull() bool {
	return q.entries.Load() > maxQueued/2 || q.bytes.Load() > maxQueuedBytes/2
}

// enqueueLocked queues a payload of r. If the queue is full, r reads the log
// instead.
func (g *Registry) enqueueLocked(r *Room, payload []byte) {
	q := &r.queue
	if q.overfull {
		return // it is in the log, which will be read from the newest entry on
	}
	size := int64(len(payload))
	all, own := g.queued.Load()+size, q.bytes.Load()+size
	switch {
	case q.entries.Load() >= maxQueued,
		own > maxQueuedBytes,
		all > maxAllBytes && own > smallQueue,
		all > 2*maxAllBytes:
		g.overflowLocked(r)
		return
	}
	g.appendLocked(r, payload)
	q.entries.Add(1)
	q.bytes.Add(size)
	g.queued.Add(size)
}

// overflowLocked drops what r has not started to process, and makes it read the
// log.
func (g *Registry) overflowLocked(r *Room) {
	g.opts.Metrics.Overfull.Inc()
	g.clearQueueLocked(r)
	g.enqueueReadLocked(r)
	r.queue.overfull = true
}

// enqueueReadLocked queues a read of the log.
func (g *Registry) enqueueReadLocked(r *Room) {
	if n := len(r.queue.list); n == 0 || r.queue.list[n-1] != nil {
		g.appendLocked(r, readLog)
	}
}

func (g *Registry) appendLocked(r *Room, entry []byte) {
	if n := len(g.freeLists); r.queue.list == nil && n > 0 {
		r.queue.list, g.freeLists = g.freeLists[n-1], g.freeLists[:n-1]
	}
	r.queue.list = append(r.queue.list, entry)
}

// clearQueueLocked empties the queue, except what the owner has taken.
func (g *Registry) clearQueueLocked(r *Room) {
	for _, p := range r.queue.list {
		g.account(r, p)
	}
	g.recycleLocked(r.queue.list)
	r.queue.list, r.queue.overfull = nil, false
}

// dequeueLocked returns what r's owner processes next: one read of the log, or
// all payloads up to the next one.
func (g *Registry) dequeueLocked(r *Room) (list [][]byte) {
	list = r.queue.list
	n := 0
	for n < len(list) && list[n] != nil {
		n++
	}
	n = max(n, min(1, len(list)))
	if n == len(list) {
		r.queue.list, r.queue.overfull = nil, false
		return list
	}
	r.queue.list = list[n:]
	return list[:n:n]
}

// account subtracts a processed or dropped entry from the totals.
func (g *Registry) account(r *Room, entry []byte) {
	if entry != nil {
		r.queue.entries.Add(-1)
		r.queue.bytes.Add(-int64(len(entry)))
		g.queued.Add(-int64(len(entry)))
	}
}

// recycleLocked keeps an empty list for the next room that needs one.
func (g *Registry) recycleLocked(list [][]byte) {
	if cap(list) > 0 && cap(list) <= maxFreeCap && len(g.freeLists) < maxFreeLists {
		clear(list)
		g.freeLists = append(g.freeLists, list[:0])
	}
}
