package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// steady is how long a connection must last before the next back-off starts
// small again. Without it, a server that accepts and closes at once would be
// dialled in a loop without pause.
const steady = 5 * time.Second

// Session stays in a room: the package comment says what it promises. Run does
// the work, in the goroutine that calls it; the other methods may be called
// from any goroutine.
type Session struct {
	// Set at construction.

	options Options
	handle  func(Event)

	// Owned by Run.

	welcomed bool      // by an earlier connection
	began    time.Time // when the connection was established
	attempt  int       // consecutive attempts without a lasting connection
	// The connection that is to take over, nil unless the server has asked for
	// one.
	successor *successor
	memory    memory // delivered messages
	stale     bool   // the connection is still in a log that the session has left
	// Position of a log that replaced the one of at; nil once a message of it
	// has come.
	ahead *Position

	// Guarded by mu.

	posting sync.WaitGroup // sendPosts; Run waits for it
	runner  atomic.Uint64  // the goroutine of Run, 0 if there is none

	mu      sync.Mutex
	posts   []post   // texts given to Post and not sent yet
	sender  bool     // sendPosts is running
	running bool     // Run has begun
	at      Position // after the last delivered message
	known   bool     // whether at has a Seq yet
	left    []string // epochs of earlier logs, oldest first
	name    string
	link    *Conn         // the connection for Sends; nil without a welcomed connection
	changed chan struct{} // closed when link changes
	author  string        // author of this connection's messages; empty if the server cannot tell
	sends   map[string]*sending
	catchUp *catchUp // nil unless Sends wait for messages that are still to come
	over    error    // why Run returned
}

// tooSlow is the code of the error that tells a client how long to stay away,
// after the server has disconnected it as too slow several times in a minute.
// The close frame follows.
const tooSlow = "too_slow"

// NewSession prepares a session; Run starts it. handle is called by Run for
// every event, one at a time and in order. It should not block: in the end the
// server disconnects a client that does not read. handle sends with Post; Send
// waits for an ack that Run reads, and returns ErrInHandler there.
func NewSession(o Options, handle func(Event)) *Session {
	o = o.withDefaults()
	if o.GuestKey == "" && !o.hasProtocols() {
		o.GuestKey = NewGuestKey()
	}
	s := &Session{
		options: o,
		handle:  handle,
		name:    o.Name,
		changed: make(chan struct{}),
		sends:   make(map[string]*sending),
	}
	if o.After != nil {
		s.at, s.known = *o.After, true
	}
	return s
}

// Run joins the room and stays there until ctx ends or the server says not to
// come back (a *RefusedError or *CloseError whose Final is true). It may be
// called once.
func (s *Session) Run(ctx context.Context) error {
	s.runner.Store(goroutine())
	defer s.runner.Store(0)
	s.beginPosts()
	err := s.run(ctx)
	s.end(err)
	s.posting.Wait()
	return err
}

func (s *Session) run(ctx context.Context) error {
	conn, err := s.connect(ctx)
	for err == nil {
		err = s.serve(ctx, conn)
		conn, err = s.next(ctx, err)
	}
	return err
}

// connect dials until the server accepts.
func (s *Session) connect(ctx context.Context) (*Conn, error) {
	for {
		conn, err := Dial(ctx, s.resume())
		if err == nil {
			return conn, nil
		}
		if err := s.retreat(ctx, err); err != nil {
			return nil, err
		}
	}
}

// next returns the connection that follows one that ended with failure: the
// prepared successor, or a new one.
func (s *Session) next(ctx context.Context, failure error) (*Conn, error) {
	if time.Since(s.began) > steady {
		s.attempt = 0
	}
	next := s.takeOver()
	if final(failure) || ctx.Err() != nil {
		if next != nil {
			next.Close()
		}
		return nil, failure
	}
	if next != nil {
		return next, nil
	}
	if err := s.retreat(ctx, failure); err != nil {
		return nil, err
	}
	return s.connect(ctx)
}

// retreat reports the failure and waits for the next attempt; it returns an
// error if there must not be one.
func (s *Session) retreat(ctx context.Context, failure error) error {
	if final(failure) || ctx.Err() != nil {
		return failure
	}
	wait := s.options.backoff(s.attempt, failure)
	s.attempt++
	s.handle(&Disconnected{Err: failure, Wait: wait})
	return pause(ctx, wait)
}

// backoff returns a random wait up to a bound that doubles with each attempt
// ("full jitter": after a crash, the clients of a server come back spread over
// the whole time). It is extended to the wait that the server asked for.
func (o Options) backoff(attempt int, failure error) time.Duration {
	bound := o.MaxBackoff
	if attempt < 16 {
		bound = min(bound, o.MinBackoff<<attempt)
	}
	wait := rand.N(bound)
	var refusal *RefusedError
	if errors.As(failure, &refusal) {
		wait += refusal.RetryAfter
	}
	var end *CloseError
	if errors.As(failure, &end) {
		wait += end.RetryAfter
	}
	return wait
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to reconnect: %w", context.Cause(ctx))
	}
}

// resume returns the options of the next connection: the same name, resuming
// after the last message.
func (s *Session) resume() Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.options
	o.Name = s.name
	if s.known {
		at := s.at
		o.After = &at
	}
	return o
}

// serve delivers the events of conn until it ends, and returns the reason.
func (s *Session) serve(ctx context.Context, conn *Conn) error {
	defer conn.Close()
	defer watch{conn, ctx}.begin()()
	defer func() { s.welcomed = true }()
	s.began = time.Now()
	var away time.Duration // how long the server wants the client to stay away after it has closed
	for {
		event, err := conn.next(ctx)
		if err != nil {
			var end *CloseError
			if errors.As(err, &end) {
				end.RetryAfter = away
			}
			s.unlink(err)
			return err
		}
		if e, ok := event.(*Error); ok && e.Code == tooSlow {
			away = e.RetryAfter()
		}
		s.take(ctx, conn, event)
	}
}

// take delivers an event of conn, unless it was delivered before, answers what
// waits for it, and moves the position of the session.
func (s *Session) take(ctx context.Context, conn *Conn, event Event) {
	switch e := event.(type) {
	case *Welcome:
		s.welcome(e)
		s.linkAfter(conn, e)
		s.handle(e)
	case *Message:
		e.History = e.History && !s.welcomed
		s.deliver(e)
	case *Edited:
		e.History = e.History && !s.welcomed
		s.confirm(e.ID, e.Author, e.Seq)
		s.handleNew(e, e.Seq)
	case *Deleted:
		e.History = e.History && !s.welcomed
		s.confirm(e.ID, e.Author, e.Seq)
		s.handleNew(e, e.Seq)
	case *Tombstone:
		e.History = e.History && !s.welcomed
		s.confirm(e.ID, e.Author, e.Seq)
		s.handleNew(e, e.Seq)
	case *Reactions:
		e.History = e.History && !s.welcomed
		s.handleNew(e, e.Seq)
	case *Entry:
		s.handleNew(e, e.Seq)
	case *Gap:
		s.skip(e)
	case *Reset:
		s.replace(e)
	case *Reconnect:
		s.handle(e)
		s.succeed(ctx, conn, e.After())
	default:
		if !s.resolve(event) {
			s.handle(event)
		}
	}
}

// handleNew delivers an entry of the log, unless it was delivered before.
func (s *Session) handleNew(e Event, seq uint64) {
	if s.advance(seq) {
		s.handle(e)
	}
}

// Position returns the position of the session: after the last delivered
// message. ok is false while it has none.
func (s *Session) Position() (p Position, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.known
}
