package bus

import (
	"slices"
	"sync"
	"time"
)

// repairs are the logs to be opened, for repairLogs, and the messages to be
// republished, for republishAll.
type repairs struct {
	wake      chan struct{} // holds a token while there may be logs to open; never closed
	republish chan struct{} // holds a token while there may be messages to republish; never closed

	mu    sync.Mutex
	rooms map[string]*closedLog // guarded by mu: logs that are to be opened
	// guarded by mu: by room: what is to be published again
	pending        map[string]*pendingRepublish
	connectedAt    time.Time // guarded by mu: when the link came up; zero: never
	firstConnected time.Time // guarded by mu: when it stood for the first time
	down           bool      // guarded by mu: it stood, and does not now
	// guarded by mu: when a closed log was first found, by process
	runs map[string]time.Time
}

// closedLog is a log to be opened. While busy is set its fields belong to the
// step that has set it; otherwise they are guarded by repairs.mu.
type closedLog struct {
	room string
	over chan struct{} // closed when the log is found open

	look   bool      // it may be open, or not even begun: see first
	repair string    // identifies the repair that is waited for
	since  time.Time // when this server first saw it
	due    time.Time // of the next step
	pause  time.Duration
	fails  int // failed attempts in a row

	busy   bool     // guarded by repairs.mu: a step is being taken
	closed []string // guarded by repairs.mu: epochs in which the log was found closed meanwhile
	poked  bool     // guarded by repairs.mu: it may have been opened meanwhile
}

// pendingRepublish is what is to be republished in a room.
type pendingRepublish struct {
	messages []Restored // guarded by repairs.mu
	due      time.Time
	pause    time.Duration
}

const (
	firstLook = 20 * time.Millisecond // first wait for other servers, or after a failure
	lastLook  = 320 * time.Millisecond
	lastFail  = 2 * time.Second
	lastMove  = 50 * time.Millisecond // while a slot moves to another node of a cluster
)

func newRepairs() *repairs {
	return &repairs{
		wake: make(chan struct{}, 1), republish: make(chan struct{}, 1), rooms: make(map[string]*closedLog),
		pending: make(map[string]*pendingRepublish), runs: make(map[string]time.Time),
	}
}

// want asks for a room's log to be opened, which was found closed in an epoch;
// look says that it may be open. The channel is closed when the log is found
// open.
func (m *repairs) want(room, epoch string, look bool) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.rooms[room]
	if !ok {
		c = &closedLog{room: room, over: make(chan struct{}), look: look}
		m.rooms[room] = c
	}
	if c.busy {
		c.closed = append(c.closed, epoch)
	}
	ring(m.wake)
	return c.over
}

// poke says that a log may have been opened.
func (m *repairs) poke(room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.rooms[room]; c != nil {
		if c.poked = c.busy; !c.busy {
			c.due = time.Time{}
		}
		ring(m.wake)
	}
}

// pokeAll says that any log may have been opened, or need not wait any longer.
func (m *repairs) pokeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.rooms {
		if c.poked = c.busy; !c.busy && c.fails == 0 {
			c.due = time.Time{}
		}
	}
	ring(m.wake)
}

// linked says that the subscription is up. All logs are due at once: earlier
// failures were those of the previous link.
func (m *repairs) linked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connectedAt, m.down = time.Now(), false
	if m.firstConnected.IsZero() {
		m.firstConnected = m.connectedAt
	}
	for _, c := range m.rooms {
		if !c.busy {
			c.due, c.pause = time.Time{}, 0
		}
	}
	ring(m.wake)
}

// unlinked says that the subscription is down.
func (m *repairs) unlinked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = !m.firstConnected.IsZero()
}

// recovering reports that this server has lost its subscription, and has not
// been back for long: other servers may have lost theirs as well, and not be
// back yet.
func (m *repairs) recovering() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.down || m.connectedAt.After(m.firstConnected) && time.Since(m.connectedAt) < repairPatience
}

// connectedFor returns how long this server has received what others that use a
// process of Redis publish, and how long ago it was first connected.
func (m *repairs) connectedFor(run string) (here, ever time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if len(m.runs) >= maxRuns {
		clear(m.runs)
	}
	since, ok := m.runs[run]
	if !ok {
		since, m.runs[run] = now, now
	}
	switch {
	case m.firstConnected.IsZero():
		return 0, 0
	case m.down:
		return 0, now.Sub(m.firstConnected)
	}
	if m.connectedAt.After(since) {
		since = m.connectedAt
	}
	return now.Sub(since), now.Sub(m.firstConnected)
}

// take returns the logs that are due, which are busy until done, and the time
// until others are.
func (m *repairs) take(limit int) (due []*closedLog, next time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	next = time.Minute
	for _, c := range m.rooms {
		if c.busy {
			continue
		}
		switch wait := c.due.Sub(now); {
		case wait > 0:
			next = min(next, wait)
		case len(due) == limit:
			next = 0
		default:
			c.busy = true
			due = append(due, c)
		}
	}
	return due, next
}

// done ends a step. open is the epoch in which the log was found open; if it is
// empty the log is due again at c.due.
func (m *repairs) done(c *closedLog, open string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	again := slices.Contains(c.closed, open)
	if open == "" {
		again = c.poked || len(c.closed) > 0
	}
	c.busy, c.poked, c.closed = false, false, nil
	switch {
	case open != "" && !again:
		close(c.over)
		delete(m.rooms, c.room)
		return
	case open != "": // it has been closed again since
		c.look, c.due = true, time.Time{}
	case again:
		c.due = time.Time{}
	}
	ring(m.wake)
}

// queueRepublish queues messages to be republished.
func (m *repairs) queueRepublish(room string, lost []Restored) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.pending[room]
	if o == nil {
		o = &pendingRepublish{}
		m.pending[room] = o
	}
	o.messages = append(o.messages, lost...)
	ring(m.republish)
}

// republishDue returns the rooms in which something is to be republished now,
// and the time until there are others.
func (m *repairs) republishDue() (rooms []string, next time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	next = time.Minute
	for room, o := range m.pending {
		if wait := o.due.Sub(now); wait > 0 {
			next = min(next, wait)
		} else {
			rooms = append(rooms, room)
		}
	}
	slices.Sort(rooms)
	return rooms, next
}

// putOff postpones what is to be republished in a room, longer each time.
func (m *repairs) putOff(room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.pending[room]
	o.pause = min(max(2*o.pause, firstLook), lastFail)
	o.due = time.Now().Add(o.pause)
}

// firstPending returns the oldest of what is to be republished in a room.
func (m *repairs) firstPending(room string) []Restored {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.pending[room]
	if o == nil {
		return nil
	}
	return slices.Clone(o.messages[:min(len(o.messages), stagePage)])
}

// republished removes the first n.
func (m *repairs) republished(room string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.pending[room]
	o.due, o.pause = time.Time{}, 0
	if o.messages = o.messages[n:]; len(o.messages) == 0 {
		delete(m.pending, room)
	}
}

// ring puts a token into a channel that holds one.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
