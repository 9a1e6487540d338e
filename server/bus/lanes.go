package bus

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// lanes are the queues to the nodes of a cluster: one per master, each with its
// own publisher, so that a node that hangs delays only the rooms of its slots.
//
// A room stays in its lane as long as it has publications waiting there, so
// that the order of its messages is kept when its slot moves. The publications
// of a lane go to the node that has the room then, whichever node the lane is
// for.
type lanes struct {
	mu     sync.Mutex
	start  func(*queue)            // guarded by mu: starts a publisher; nil: not yet
	done   bool                    // guarded by mu
	queues map[*redis.Client]*lane // guarded by mu; key nil: rooms whose node is not known
	rooms  map[string]*laneRoom    // guarded by mu: those with publications waiting
	moving map[string]struct{}     // guarded by mu: those whose node is being looked up
}

type lane struct {
	*queue
	waiting int // guarded by lanes.mu
}

type laneRoom struct {
	lane    *lane
	waiting int
}

func newLanes() *lanes {
	return &lanes{
		queues: make(map[*redis.Client]*lane), rooms: make(map[string]*laneRoom),
		moving: make(map[string]struct{}),
	}
}

// put queues a publication for the node, unless others of its room wait
// elsewhere.
func (l *lanes) put(ctx context.Context, node *redis.Client, q queued) error {
	lane, ok := l.enter(node, q.Room)
	if !ok {
		return errStopped
	}
	done := q.Done
	q.Done = func(r Receipt, err error) {
		l.leave(q.Room)
		done(r, err)
	}
	if err := lane.put(ctx, q); err != nil {
		l.leave(q.Room)
		return err
	}
	return nil
}

func (l *lanes) enter(node *redis.Client, room string) (*lane, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil, false
	}
	r := l.rooms[room]
	if r == nil {
		r = &laneRoom{lane: l.laneLocked(node)}
		l.rooms[room] = r
	}
	r.waiting++
	r.lane.waiting++
	return r.lane, true
}

func (l *lanes) laneLocked(node *redis.Client) *lane {
	if l.queues[node] == nil {
		q := newQueue(queueLength)
		l.queues[node] = &lane{queue: q}
		if l.start != nil {
			l.start(q)
		}
	}
	return l.queues[node]
}

func (l *lanes) leave(room string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rooms[room]
	r.waiting--
	r.lane.waiting--
	if r.waiting == 0 {
		delete(l.rooms, room)
	}
}

// await notes rooms that are held until the topology has been read.
func (l *lanes) await(rooms []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, room := range rooms {
		l.moving[room] = struct{}{}
	}
}

// resume releases them.
func (l *lanes) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for room := range l.moving {
		l.releaseLocked(room)
	}
	clear(l.moving)
}

// release releases held publications of a room.
func (l *lanes) release(room string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.releaseLocked(room)
}

func (l *lanes) releaseLocked(room string) {
	if r := l.rooms[room]; r != nil {
		r.lane.release(room)
	}
}

// keep ends the lanes of all other nodes once they are empty.
func (l *lanes) keep(nodes []*redis.Client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for node, lane := range l.queues {
		if lane.waiting == 0 && !slices.Contains(nodes, node) {
			delete(l.queues, node)
			lane.close()
		}
	}
}

// open starts a publisher for each lane, now and later.
func (l *lanes) open(start func(*queue)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.start = start
	for _, lane := range l.queues {
		start(lane.queue)
	}
}

// close refuses further publications.
func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
}
