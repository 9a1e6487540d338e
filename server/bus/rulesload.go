package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/chat"
)

// Where the working copy of a room's rules is missing, publications of the room
// wait as they do for a closed log, while this server reads the rules from
// Options.Rules and puts them beside the log. That is once per epoch of a log,
// for all servers: those that come later find the copy.

const (
	firstLoad = 10 * time.Millisecond // pause after the first failure
	lastLoad  = 500 * time.Millisecond
)

// missingRules are the rooms whose rules are to be loaded, for Rules.load.
type missingRules struct {
	wake chan struct{} // holds a token while there may be some; never closed
	away atomic.Bool   // the last attempt failed, which was logged

	mu    sync.Mutex
	rooms map[string]*missingRule // guarded by mu
}

// missingRule is a room whose rules are to be loaded. Its fields are guarded by
// missingRules.mu, but over.
type missingRule struct {
	over  chan struct{} // closed when they were found, or this was given up
	busy  bool          // they are being loaded
	again bool          // they were wanted again meanwhile
	due   time.Time     // of the next attempt
	pause time.Duration
	until time.Time // when to give up: nobody waits any more
}

func newMissingRules() *missingRules {
	return &missingRules{wake: make(chan struct{}, 1), rooms: make(map[string]*missingRule)}
}

// want asks for the rules of a room to be loaded, and returns a channel that is
// closed when they may be there.
func (m *missingRules) want(room string, patience time.Duration) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[room]
	if r == nil {
		r = &missingRule{over: make(chan struct{})}
		m.rooms[room] = r
	}
	r.until = time.Now().Add(patience)
	if r.again = r.busy; !r.busy {
		r.due = time.Time{} // why it failed last time may be over
	}
	ring(m.wake)
	return r.over
}

// take returns the rooms that are due, which are busy until done, and the time
// until others are.
func (m *missingRules) take() (rooms []string, next time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	next = time.Minute
	for room, r := range m.rooms {
		switch wait := r.due.Sub(now); {
		case r.busy:
		case now.After(r.until):
			close(r.over)
			delete(m.rooms, room)
		case wait > 0:
			next = min(next, wait)
		default:
			r.busy = true
			rooms = append(rooms, room)
		}
	}
	return rooms, next
}

// done ends an attempt. If it has failed there will be another one.
func (m *missingRules) done(room string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[room]
	if ok {
		close(r.over)
		delete(m.rooms, room)
		return
	}
	r.pause = min(max(2*r.pause, firstLoad), lastLoad)
	if r.due = time.Now().Add(r.pause); r.again {
		r.due = time.Time{}
	}
	r.busy, r.again = false, false
	ring(m.wake)
}

// Want asks for the working copy of a room's rules to be loaded, if it is
// missing. It does not wait.
func (rs *Rules) Want(room string) { rs.missing.want(room, rs.bus.options.PublishTimeout) }

// await waits until the working copy of a room's rules may be there.
func (rs *Rules) await(ctx context.Context, room string) error {
	select {
	case <-rs.missing.want(room, rs.bus.options.PublishTimeout):
		return nil
	case <-ctx.Done():
		return unavailable(errRulesUnknown)
	}
}

var (
	errRulesUnknown = errors.New("the rules of the room are not known yet")
	errNotOpen      = errors.New("the log is not open")
)

// load loads the rules that are missing until ctx is done, of a few rooms at a
// time.
func (rs *Rules) load(ctx context.Context) {
	var loads sync.WaitGroup
	defer loads.Wait()
	slots := make(chan struct{}, repairLanes)
	for {
		rooms, next := rs.missing.take()
		for _, room := range rooms {
			loads.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				err := rs.loadOf(ctx, room)
				rs.noteLoad(room, err)
				rs.missing.done(room, err == nil)
				if err == nil {
					rs.bus.release(room)
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-rs.missing.wake:
		case <-time.After(next):
		}
	}
}

// loadOf makes sure that the rules of a room are beside its log.
func (rs *Rules) loadOf(ctx context.Context, room string) error {
	ctx, cancel := context.WithTimeout(ctx, rs.bus.options.attempt())
	defer cancel()
	s, err := rs.find(ctx, room)
	switch {
	case err != nil:
		return err
	case s.kind == "closed":
		return errNotOpen // whoever is subscribed to it or publishes in it opens it
	case s.kind == "known":
		rs.bus.learn(room, s.rules)
		return nil
	case rs.bus.options.Rules == nil:
		return nil
	}
	r, err := rs.bus.options.Rules(ctx, room)
	if err != nil {
		return fmt.Errorf("load the rules of room %s: %w", room, err)
	}
	switch outcome, err := rs.set(ctx, room, s.epoch, r); {
	case err != nil:
		return err
	case outcome == "closed":
		return errNotOpen
	}
	return nil
}

// noteLoad logs once that rules cannot be loaded, and once that they can again.
func (rs *Rules) noteLoad(room string, err error) {
	switch {
	case err == nil:
		if rs.missing.away.Swap(false) {
			rs.bus.logger.Info("rules: loaded again", "room", room)
		}
	case errors.Is(err, errNotOpen), errors.Is(err, context.Canceled), isUnavailable(err):
		// the log is being repaired, or Redis is away: both are logged elsewhere
	case !rs.missing.away.Swap(true):
		rs.bus.logger.Warn("rules: cannot be read, rooms whose rules Redis has lost take no messages",
			"room", room, "error", err)
	}
}

// isUnavailable reports that Redis did not answer.
func isUnavailable(err error) bool { return chat.AsError(err).Code == chat.CodeUnavailable }
