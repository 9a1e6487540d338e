package room

import "sync/atomic"

// A room's channel fills a queue, and the room's owner empties it. So what one
// room waits for, a crowd that lags or a log that cannot be read, no other room
// waits for, nor does the goroutine that reads the subscription. The queue is
// bounded: an overfull one is thrown away, and the room reads its log instead.

// Bounds of what waits to be taken into rings.
const (
	maxQueued      = 4096     // payloads of one room
	maxQueuedBytes = 4 << 20  // of one room
	maxAllBytes    = 64 << 20 // of all rooms; beyond it only small queues grow
	smallQueue     = 64 << 10 // bytes; and none beyond twice maxAllBytes
	spareQueues    = 64       // empty queues that are kept for the next room
	maxSpare       = 256      // entries that a kept queue may have room for
)

// readLog stands in a queue where the log is to be read: nil is no payload.
var readLog []byte

// queue is what a room has to take in.
type queue struct {
	// Guarded by the registry's mu.
	list     [][]byte // payloads, and readLog between them
	overfull bool     // its last entry is a readLog that stands for what was thrown away

	// What is in the list or with the owner. Written under the registry's mu, and by the owner.
	entries atomic.Int64
	bytes   atomic.Int64
}

// pressed says that the queue is half full: then the room waits less for those who lag.
func (q *queue) pressed() bool {
	return q.entries.Load() > maxQueued/2 || q.bytes.Load() > maxQueuedBytes/2
}

// putLocked queues a payload of r. If there is no room for it, r reads the log instead.
func (g *Registry) putLocked(r *Room, payload []byte) {
	q := &r.queue
	if q.overfull {
		return // it is in the log, which is read from behind the newest entry
	}
	size := int64(len(payload))
	all, own := g.queued.Load()+size, q.bytes.Load()+size
	switch {
	case q.entries.Load() >= maxQueued, own > maxQueuedBytes, all > maxAllBytes && own > smallQueue, all > 2*maxAllBytes:
		g.overflowLocked(r)
		return
	}
	g.appendLocked(r, payload)
	q.entries.Add(1)
	q.bytes.Add(size)
	g.queued.Add(size)
}

// overflowLocked throws away what r has not begun with, and lets it read the log.
func (g *Registry) overflowLocked(r *Room) {
	g.opts.Metrics.Overfull.Inc()
	g.dropLocked(r)
	g.putReadLocked(r)
	r.queue.overfull = true
}

// putReadLocked queues a look into the log.
func (g *Registry) putReadLocked(r *Room) {
	if n := len(r.queue.list); n == 0 || r.queue.list[n-1] != nil {
		g.appendLocked(r, readLog)
	}
}

func (g *Registry) appendLocked(r *Room, entry []byte) {
	if n := len(g.spare); r.queue.list == nil && n > 0 {
		r.queue.list, g.spare = g.spare[n-1], g.spare[:n-1]
	}
	r.queue.list = append(r.queue.list, entry)
}

// dropLocked empties the queue, but for what its owner has taken.
func (g *Registry) dropLocked(r *Room) {
	for _, p := range r.queue.list {
		g.done(r, p)
	}
	g.recycleLocked(r.queue.list)
	r.queue.list, r.queue.overfull = nil, false
}

// takeLocked takes what r's owner does next: one look into the log, or all payloads before the next.
func (g *Registry) takeLocked(r *Room) (list [][]byte) {
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

// done takes what was queued off the books.
func (g *Registry) done(r *Room, entry []byte) {
	if entry != nil {
		r.queue.entries.Add(-1)
		r.queue.bytes.Add(-int64(len(entry)))
		g.queued.Add(-int64(len(entry)))
	}
}

// recycleLocked keeps an empty list for the next room that needs one.
func (g *Registry) recycleLocked(list [][]byte) {
	if cap(list) > 0 && cap(list) <= maxSpare && len(g.spare) < spareQueues {
		clear(list)
		g.spare = append(g.spare, list[:0])
	}
}
