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

// steady is how long a connection must have lasted for the next wait to start small again. Without it a server that accepts and
// closes at once would be asked again and again without pause.
const steady = 5 * time.Second

// Session stays in a room: see the package comment for what it promises. Run does the work, in the goroutine that calls it; the other methods may
// be called from any goroutine.
type Session struct {
	// Set at construction.

	options Options
	handle  func(Event)

	// Owned by Run.

	welcomed bool      // by a connection before this one
	began    time.Time // when the connection stood
	attempt  int       // tries in a row that led to nothing that lasted
	// The connection that is to take over, nil if the server has not asked for one.
	heir   *successor
	memory memory // of the messages delivered
	stale  bool   // the connection is still in a log that the session has left
	// Where a log stands that has replaced the one of at; nil once a message of
	// it has come.
	ahead *Position

	// Guarded by mu.

	posting sync.WaitGroup // sendPosts; Run waits for it
	runner  atomic.Uint64  // the goroutine of Run, 0 while there is none

	mu      sync.Mutex
	posts   []post   // what Post was given and is not sent
	sender  bool     // sendPosts runs
	running bool     // Run has begun
	at      Position // behind the last message delivered
	known   bool     // whether at has a Seq yet
	left    []string // epochs of the logs before, oldest first
	name    string
	link    *Conn         // where Sends go; nil while there is no welcomed connection
	changed chan struct{} // closed when link changes
	author  string        // of what this session says; empty if the server cannot tell
	sends   map[string]*sending
	catchUp *catchUp // nil unless the link waits for what may be among the messages to come
	over    error    // why Run returned
}

// tooSlow is the code of the error with which a server tells a client that it has cut off several times in a minute how long to stay away. The
// close frame follows.
const tooSlow = "too_slow"

// NewSession prepares a session; Run starts it. handle is called from Run for every
// event, one at a time and in order, and should not block: a client that does not
// read is cut off by the server in the end. To send from handle, use Post: Send
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

// Run joins the room and stays there until ctx ends or the server says not to come back (a *RefusedError or *CloseError whose Final is true).
// It may be called once.
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

// next returns the connection that follows one which ended with failure: the one that was made ready for that, or else a new one.
func (s *Session) next(ctx context.Context, failure error) (*Conn, error) {
	if time.Since(s.began) > steady {
		s.attempt = 0
	}
	heir := s.inherit()
	if final(failure) || ctx.Err() != nil {
		if heir != nil {
			heir.Close()
		}
		return nil, failure
	}
	if heir != nil {
		return heir, nil
	}
	if err := s.retreat(ctx, failure); err != nil {
		return nil, err
	}
	return s.connect(ctx)
}

// retreat reports the failure and waits before the next try; it returns an error if there is not to be one.
func (s *Session) retreat(ctx context.Context, failure error) error {
	if final(failure) || ctx.Err() != nil {
		return failure
	}
	wait := s.options.backoff(s.attempt, failure)
	s.attempt++
	s.handle(&Disconnected{Err: failure, Wait: wait})
	return pause(ctx, wait)
}

// backoff returns a random wait between nothing and a bound that doubles with each attempt ("full jitter": after a crash the clients of
// a server come back spread over the whole time). A longer wait that the server asked for holds.
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

// resume returns the options of the next connection: the same name, and behind the last message.
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

// serve delivers what conn brings until it ends, and returns why.
func (s *Session) serve(ctx context.Context, conn *Conn) error {
	defer conn.Close()
	defer watch{conn, ctx}.begin()()
	defer func() { s.welcomed = true }()
	s.began = time.Now()
	var away time.Duration // how long the server wants us to stay away when it has closed
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
		switch e := event.(type) {
		case *Welcome:
			s.welcome(e)
			s.linkAfter(conn, e)
			s.handle(e)
		case *Message:
			e.History = e.History && !s.welcomed
			s.deliver(e)
		case *Gap:
			s.skip(e)
		case *Reset:
			s.replace(e)
		case *Reconnect:
			s.handle(e)
			s.succeed(ctx, conn, e.After())
		default:
			if e, ok := event.(*Error); ok && e.Code == tooSlow {
				away = e.RetryAfter()
			}
			if !s.settle(event) {
				s.handle(event)
			}
		}
	}
}

// Position returns where the session stands: behind the last message delivered. ok is false while it has none.
func (s *Session) Position() (p Position, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.known
}
