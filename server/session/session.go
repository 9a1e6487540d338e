// Package session is one WebSocket connection: its handshake, its reader, what it may send, and its end.
//
// gorilla/websocket makes the answer to the handshake; the frames that the client sends are read here (RFC 6455, see frame.go). Nothing here writes to the
// socket: everything goes through the connection's place in the fan-out, that answer, pongs and closes too, since a frame may be half written there.
package session

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"livechat/server/chat"
	"livechat/server/fanout"
	"livechat/server/metrics"
	"livechat/server/room"
	"livechat/server/wire"
)

// Publisher puts messages into rooms' logs.
type Publisher interface {
	// Publish queues a message; it blocks while the queue is full, until ctx is done. done is called once, when the message is in the log or it is
	// known or feared not to be, and must not block. It is not called if Publish returns an error.
	Publish(ctx context.Context, room string, m chat.Message, done func(at chat.Position, duplicate bool, err error)) error
}

// Presence knows who is here.
type Presence interface {
	Join(room, session, name string)
	Leave(room, session string)
	Typing(room, session, name string)
	Snapshot(room string) wire.Presence
}

// Options are what a Server is made of.
type Options struct {
	App            string
	AllowedOrigins []string // besides the request's own host on any port; "*" = all
	MaxConnections int      // 0 = no limit
	MaxFrame       int      // bytes
	MaxText        int      // characters
	MessageRate    float64  // messages a second in the long run; 0 = no limit
	MessageBurst   int      // messages at once

	// the address that a request came from, as far as it can be known
	ClientAddr func(*http.Request) string

	Rooms     *room.Registry
	Fan       *fanout.Fan
	Publisher Publisher
	Presence  Presence
	Watch     func(send func(frame []byte)) (leave func(), ok bool) // gives a watcher frames until leave is called; ok is false if there are too many
	Users     *UserOptions                                          // nil: there are none but guests
	Metrics   *metrics.Set
	Logger    *slog.Logger
}

// maxRefused is how many connections may be open beside MaxConnections, to watch
// the cluster or to be told by a close code, which a browser can read, that the
// server is full. More are refused by the answer to their handshakes, which
// leaves no connection behind. config.ShareFiles counts on it.
const maxRefused = 32

// openTimeout is how long a handshake waits for its room to be opened.
const openTimeout = 5 * time.Second

// Server is all connections of this server. It is the http.Handler of their handshakes.
type Server struct {
	opts     Options
	upgrader websocket.Upgrader
	slow     *slowpokes
	ctx      context.Context // ends what connections wait for
	cancel   context.CancelFunc
	readers  sync.WaitGroup

	mu       sync.Mutex
	conns    map[*conn]struct{}
	admitted int       // of conns; the others are being told why not
	users    int       // of conns: those of users with an account
	named    int       // of conns: those of guests who gave their names
	unproven int       // of those: whose names could not be asked for yet
	firstEnd time.Time // of the users' sessions; zero: none ends
	watchers map[*conn]struct{}
	draining bool
}

var _ http.Handler = (*Server)(nil)

// New returns a Server that takes connections.
func New(o Options) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{
		opts: o, slow: newSlowpokes(), ctx: ctx, cancel: cancel, conns: map[*conn]struct{}{}, watchers: map[*conn]struct{}{},
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

// ServeHTTP does the handshake. What is wrong with the request is said before the upgrade, as a problem+json body.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.serve(w, r); err != nil {
		s.opts.Logger.Debug("handshake refused", "error", err, "remote", r.RemoteAddr)
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
	c, err := s.upgrade(w, r, q, rm)
	if err != nil {
		s.opts.Rooms.Release(rm)
		s.opts.Logger.Debug("handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, and with it whoever could be told
	}
	s.start(c, q)
	return nil
}

// identify says who comes: an account, by its ticket, or a guest, whose name may be somebody's.
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

// admit says what is wrong with a handshake, whatever it asks for.
func (s *Server) admit(r *http.Request) error {
	if err := checkHandshake(r); err != nil {
		return err
	}
	if !s.originAllowed(r) {
		return chat.Errorf(chat.CodeForbiddenOrigin, "a page from this origin may not connect here")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opts.MaxConnections > 0 && len(s.conns)+len(s.watchers) >= s.opts.MaxConnections+maxRefused {
		return &chat.Error{Code: chat.CodeUnavailable, Message: "this server is full, please try again", Retryable: true, RetryAfterMS: 2000}
	}
	if s.draining {
		return &chat.Error{Code: chat.CodeDraining, Message: "this server is going down, please try again", Retryable: true, RetryAfterMS: 1000}
	}
	return nil
}

// start gives the connection its first frames and its reader.
func (s *Server) start(c *conn, q query) {
	wait := s.slow.wait(c.who, time.Now())
	s.mu.Lock()
	draining := s.draining
	s.conns[c], c.joined = struct{}{}, time.Now()
	full := s.opts.MaxConnections > 0 && s.admitted >= s.opts.MaxConnections
	c.admitted = !full && wait == 0 && !q.reserved
	if c.admitted {
		s.admitted++
	}
	if c.user != nil {
		s.users++
		s.noteEndLocked(c.user.Ends)
	}
	if c.unproven.Load() {
		s.unproven++
	}
	if c.named {
		s.named++
	}
	if c.admitted && !c.feed {
		s.opts.Presence.Join(c.room.Name, c.session, c.name) // before its reader can end
	}
	s.readers.Add(1)
	s.mu.Unlock()
	// Its reader is a goroutine of its own: the handler's has a big stack, and holds the request. It begins when the first frames are
	// queued, or the ack of what came with the handshake would come before the welcome.
	defer c.listen()
	s.opts.Logger.Debug("joined", "room", c.room.Name, "session", c.session)
	switch { // a browser cannot read the status of a refused handshake, but it sees this
	case wait > 0: // it does not heed what it was told, or could not be told, its socket being full
		c.out.Send(tooSlow(wait))
		c.out.Close(wire.CloseTooSlow)
		return
	case full:
		c.out.Close(wire.CloseOverloaded)
		return
	case q.reserved:
		s.refuseName(c)
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
		c.out.Queue(wire.Frame(s.opts.Presence.Snapshot(c.room.Name)))
	}
	if at.From > 0 {
		c.out.Queue(wire.Frame(wire.Gap{Type: "gap", From: at.From, To: at.To}))
	}
	c.out.OnTooSlow(c.lastWord)
	c.out.Attach(c.room, at)
	if draining { // it was registered after Drain had counted
		c.out.Close(wire.CloseRestart)
	}
}

// lastWord notes that the connection is being cut off as too slow, and returns the frame that tells it to stay away for a while, if it is to.
func (c *conn) lastWord() []byte {
	if wait := c.server.slow.cut(c.who, time.Now()); wait > 0 {
		return tooSlow(wait)
	}
	return nil
}

// remove forgets a connection whose reader has ended.
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
	if c.unproven.Load() {
		s.unproven--
	}
	s.mu.Unlock()
	if c.feed {
		s.opts.Users.Feeds.Release(c.room)
		return
	}
	if c.admitted {
		s.opts.Presence.Leave(c.room.Name, c.session)
	}
	s.opts.Rooms.Release(c.room)
}
