package bus

import (
	"slices"
	"sync"
	"time"
)

// mends are the logs that are to be opened, for the mender, and the messages
// that are to be published again, for sayAgain.
type mends struct {
	wake  chan struct{} // holds a token while the mender may have something to do; never closed
	again chan struct{} // holds a token while something may have to be published again; never closed

	mu    sync.Mutex
	rooms map[string]*closedLog // guarded by mu: logs that are to be opened
	owed  map[string]*owed      // guarded by mu: by room: what is to be published again
	link  time.Time             // guarded by mu: since when the subscription stands; zero: it never did
	first time.Time             // guarded by mu: when it stood for the first time
	down  bool                  // guarded by mu: it stood, and does not now
	runs  map[string]time.Time  // guarded by mu: processes of Redis in which a closed log was found, and when first
}

// closedLog is a log that is to be opened. Its fields belong to whoever has set
// busy; guarded by mends.mu while nobody has.
type closedLog struct {
	room string
	over chan struct{} // closed when the log was found open

	look   bool      // it may be open, or not even begun: see first
	repair string    // which closing of the log is waited for
	since  time.Time // when this server first saw that one
	due    time.Time // when to go on
	pause  time.Duration
	fails  int // attempts in a row that failed

	busy   bool     // guarded by mends.mu: a step is being taken
	closed []string // guarded by mends.mu: epochs in which the log was found closed meanwhile
	poked  bool     // guarded by mends.mu: somebody may have opened it meanwhile
}

// owed is what is to be published again in a room.
type owed struct {
	kept  []Kept // guarded by mends.mu
	due   time.Time
	pause time.Duration
}

const (
	firstLook = 20 * time.Millisecond // how long the first wait for others is, or after a failure
	lastLook  = 320 * time.Millisecond
	lastFail  = 2 * time.Second
	lastMove  = 50 * time.Millisecond // while a slot moves to another node of a cluster
)

func newMends() *mends {
	return &mends{
		wake: make(chan struct{}, 1), again: make(chan struct{}, 1), rooms: make(map[string]*closedLog),
		owed: make(map[string]*owed), runs: make(map[string]time.Time),
	}
}

// want asks for a room's log to be opened, which was found closed in an epoch;
// look says that it may be open. The channel is closed when it was found open.
func (m *mends) want(room, epoch string, look bool) <-chan struct{} {
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

// poke says that somebody may have opened a log.
func (m *mends) poke(room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.rooms[room]; c != nil {
		if c.poked = c.busy; !c.busy {
			c.due = time.Time{}
		}
		ring(m.wake)
	}
}

// pokeAll says that somebody may have opened, or need no longer be waited for in, any log.
func (m *mends) pokeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.rooms {
		if c.poked = c.busy; !c.busy && c.fails == 0 {
			c.due = time.Time{}
		}
	}
	ring(m.wake)
}

// linked says that the subscription stands from now on. It has to look
// everywhere at once: whatever failed did so with the link before.
func (m *mends) linked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.link, m.down = time.Now(), false
	if m.first.IsZero() {
		m.first = m.link
	}
	for _, c := range m.rooms {
		if !c.busy {
			c.due, c.pause = time.Time{}, 0
		}
	}
	ring(m.wake)
}

// unlinked says that the subscription does not stand any more.
func (m *mends) unlinked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = !m.first.IsZero()
}

// settling says that this server has lost its subscription and has not been back
// for long: others may have lost theirs, too, and not be back at all.
func (m *mends) settling() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.down || m.link.After(m.first) && time.Since(m.link) < mendPatience
}

// stood returns for how long this server has been where it hears the others
// that use a process of Redis, and for how long it has been anywhere.
func (m *mends) stood(run string) (here, ever time.Duration) {
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
	case m.first.IsZero():
		return 0, 0
	case m.down:
		return 0, now.Sub(m.first)
	}
	if m.link.After(since) {
		since = m.link
	}
	return now.Sub(since), now.Sub(m.first)
}

// take returns the logs for which something is to be done now, which are busy
// until done, and when there will be something to do for others.
func (m *mends) take(limit int) (due []*closedLog, next time.Duration) {
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
// empty it is looked at again at c.due.
func (m *mends) done(c *closedLog, open string) {
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
	case open != "": // it has been closed since, which is another case
		c.look, c.due = true, time.Time{}
	case again:
		c.due = time.Time{}
	}
	ring(m.wake)
}

// owe asks for messages to be published again.
func (m *mends) owe(room string, kept []Kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.owed[room]
	if o == nil {
		o = &owed{}
		m.owed[room] = o
	}
	o.kept = append(o.kept, kept...)
	ring(m.again)
}

// owing returns the rooms in which something is to be published again now, and when there will be others.
func (m *mends) owing() (rooms []string, next time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	next = time.Minute
	for room, o := range m.owed {
		if wait := o.due.Sub(now); wait > 0 {
			next = min(next, wait)
		} else {
			rooms = append(rooms, room)
		}
	}
	slices.Sort(rooms)
	return rooms, next
}

// putOff puts off what is to be published again in a room, longer each time.
func (m *mends) putOff(room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.owed[room]
	o.pause = min(max(2*o.pause, firstLook), lastFail)
	o.due = time.Now().Add(o.pause)
}

// firstOwed returns the oldest of what is to be said again in a room.
func (m *mends) firstOwed(room string) []Kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.owed[room]
	if o == nil {
		return nil
	}
	return slices.Clone(o.kept[:min(len(o.kept), offerPage)])
}

// said forgets the first n.
func (m *mends) said(room string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.owed[room]
	o.due, o.pause = time.Time{}, 0
	if o.kept = o.kept[n:]; len(o.kept) == 0 {
		delete(m.owed, room)
	}
}

// ring leaves a token in a channel that holds one.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
