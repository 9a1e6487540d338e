// Package socket is one WebSocket connection: its handshake, its reader, its
// limits and its end.
//
// gorilla/websocket computes the answer to the handshake; client frames are
// read here (RFC 6455, see frame.go). This package never writes to a socket.
// Everything, including that answer, pongs and close frames, goes through the
// connection's place in the fan-out, because a frame may be half written there.
package socket

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"livechat/server/chat"
	"livechat/server/room"
	"livechat/server/wire"
)

// maxRefused is the number of connections allowed beyond MaxConnections. They
// watch the cluster, or wait for a close code that says the server is full,
// which browsers can read. Further clients are refused by the answer to their
// handshake, which leaves no connection behind. config.ShareFiles relies on it.
const maxRefused = 32

// openTimeout bounds how long a handshake waits for its room to open.
const openTimeout = 5 * time.Second

// Server holds all connections of this server. It is the http.Handler of their
// handshakes.
type Server struct {
	opts     Options
	upgrader websocket.Upgrader
	slow     *slowClients
	accounts *accounts

	addresses *quotas // messages of each address
	busyRooms *quotas // messages in each room

	ctx     context.Context // done when the server stops; ends every wait of a connection
	cancel  context.CancelFunc
	readers sync.WaitGroup

	mu        sync.Mutex
	conns     map[*conn]struct{}
	admitted  int       // of conns; the others are being refused
	users     int       // of conns: sockets of accounts
	named     int       // of conns: guests that chose a name
	unchecked int       // of those: guests whose name could not be checked yet
	firstEnd  time.Time // the first end of an account's session; zero: none ends
	watchers  map[*conn]struct{}
	draining  bool
}

var _ http.Handler = (*Server)(nil)

// New returns a Server that accepts connections.
func New(o Options) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{
		opts: o, slow: newSlowClients(),
		accounts:  &accounts{users: o.Users, known: map[string]accountKnown{}},
		addresses: newQuotas(o.AddressRate, o.AddressBurst), busyRooms: newQuotas(o.RoomRate, o.RoomBurst),
		ctx: ctx, cancel: cancel, conns: map[*conn]struct{}{},
		watchers: map[*conn]struct{}{},
		upgrader: websocket.Upgrader{
			WriteBufferPool: &sync.Pool{},                             // nothing is written through it
			CheckOrigin:     func(*http.Request) bool { return true }, // originAllowed has
			Subprotocols:    []string{userProtocol},
		},
	}
}

// Count returns the number of connections.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// ServeHTTP performs the handshake. Errors are answered before the upgrade, as
// problem+json.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.serve(w, r); err != nil {
		s.opts.Logger.Debug("socket: handshake refused", "error", err, "remote", r.RemoteAddr)
		wire.WriteProblem(w, err)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r); err != nil {
		return err
	}
	values, err := readQuery(r)
	if err != nil {
		return err
	}
	q, err := parseQuery(values)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), openTimeout)
	defer cancel()
	if err := s.identify(ctx, r, &q); err != nil {
		return err
	}
	rm, err := s.opts.Rooms.Acquire(ctx, q.room)
	if err != nil {
		return err
	}
	if s.opts.Rules != nil {
		s.opts.Rules.Await(ctx, q.room)
	}
	c, err := s.upgrade(w, r, q, rm)
	if err != nil {
		s.opts.Rooms.Release(rm)
		s.opts.Logger.Debug("socket: handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, so nobody can be told
	}
	s.start(c, q)
	return nil
}

// identify finds out who the client is: an account, by its ticket, or a guest,
// whose name may be taken.
func (s *Server) identify(ctx context.Context, r *http.Request, q *query) (err error) {
	if q.author, err = guestAuthor(r); err != nil {
		return err
	}
	if s.opts.Users == nil {
		return nil
	}
	if q.user, err = s.user(ctx, r); err != nil {
		return err
	}
	if q.user != nil {
		q.name, q.author = q.user.Name, chat.AccountAuthor(q.user.Name)
		return nil
	}
	if q.named {
		return s.checkName(ctx, r, q)
	}
	return nil
}

// admit checks what is common to all handshakes.
func (s *Server) admit(r *http.Request) error {
	if err := checkHandshake(r); err != nil {
		return err
	}
	if !s.originAllowed(r) {
		return chat.Errorf(chat.CodeForbiddenOrigin, "Pages of this origin may not connect here.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opts.MaxConnections > 0 && len(s.conns)+len(s.watchers) >= s.opts.MaxConnections+maxRefused {
		return &chat.Error{
			Code:         chat.CodeUnavailable,
			Message:      "this server is full, please try again",
			Retryable:    true,
			RetryAfterMS: 2000,
		}
	}
	if s.draining {
		return &chat.Error{
			Code:         chat.CodeDraining,
			Message:      "this server is going down, please try again",
			Retryable:    true,
			RetryAfterMS: 1000,
		}
	}
	return nil
}

// start sends the connection its first frames and starts its reader.
func (s *Server) start(c *conn, q query) {
	wait := s.slow.wait(c.who, time.Now())
	s.mu.Lock()
	draining := s.draining
	s.conns[c], c.joined = struct{}{}, time.Now()
	full := s.opts.MaxConnections > 0 && s.admitted >= s.opts.MaxConnections
	refused := c.notAdmitted() // after it is in conns: later changes find it there
	c.admitted = !full && wait == 0 && !q.reserved && refused == nil
	if c.admitted {
		s.admitted++
	}
	if c.user != nil {
		s.users++
		s.noteEndLocked(c.user.Ends)
	}
	if c.unchecked.Load() {
		s.unchecked++
	}
	if c.named {
		s.named++
	}
	if c.admitted && !c.feed {
		join := s.opts.Presence.Join
		if c.user != nil {
			join = s.opts.Presence.JoinAccount
		}
		join(c.room.Name, c.session, c.name) // before its reader can end and call Leave
	}
	s.readers.Add(1)
	s.mu.Unlock()
	// The reader gets a goroutine of its own, because the handler's has a large
	// stack and holds the request. It starts when the first frames are queued;
	// otherwise the ack of a message that came with the handshake could precede
	// the welcome.
	defer c.listen()
	s.opts.Logger.Debug("socket: joined", "room", c.room.Name, "session", c.session)
	switch { // browsers cannot read the status of a refused handshake, but they see a close code
	case wait > 0: // it came back too early, or its full socket kept the error frame from arriving
		c.out.Send(tooSlow(wait))
		c.out.Close(wire.CloseTooSlow)
		return
	case full:
		c.out.Close(wire.CloseOverloaded)
		return
	case q.reserved:
		s.refuseName(c)
		return
	case refused != nil:
		keepOut(c, refused)
		return
	}

	var at room.Start
	if q.after == nil {
		at = c.room.Join(q.history)
	} else {
		ctx, cancel := context.WithTimeout(s.ctx, openTimeout)
		at = c.room.Resume(ctx, *q.after, q.history)
		cancel()
	}
	s.opts.Metrics.Joins.WithLabelValues(how(q, at)).Inc()
	c.out.Queue(wire.Frame(s.welcome(c, q, at)))
	if at.Rewound {
		c.out.Queue(wire.Frame(wire.Reset{Type: "reset", Epoch: at.Position.Epoch, Seq: at.After}))
	}
	if !c.feed {
		c.out.Queue(s.opts.Presence.Snapshot(c.room.Name))
	}
	if at.From > 0 {
		c.out.Queue(wire.Frame(wire.Gap{Type: "gap", From: at.From, To: at.To}))
	}
	c.out.OnTooSlow(c.finalFrame)
	c.out.Attach(c.room, at)
	if draining { // it registered after Drain counted
		c.out.Close(wire.CloseRestart)
	}
}

// finalFrame records that the connection is being closed as too slow. It
// returns an error frame if the client must wait before it reconnects.
func (c *conn) finalFrame() []byte {
	if wait := c.server.slow.cut(c.who, time.Now()); wait > 0 {
		return tooSlow(wait)
	}
	return nil
}

// remove unregisters a connection whose reader has ended.
func (s *Server) remove(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	if c.admitted {
		s.admitted--
	}
	if c.user != nil {
		s.users--
	}
	if c.named {
		s.named--
	}
	if c.unchecked.Load() {
		s.unchecked--
	}
	s.mu.Unlock()
	if c.sender != nil {
		c.sender.address.release()
		c.sender.room.release()
	}
	if c.feed {
		s.opts.Users.Feeds.Release(c.room)
		return
	}
	if c.admitted {
		s.opts.Presence.Leave(c.room.Name, c.session)
	}
	s.opts.Rooms.Release(c.room)
}
