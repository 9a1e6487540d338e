// Package connections is how a process of the cluster asks the others about
// their WebSockets: it lists them, closes some, follows one, and lists the
// processes. It is for admins. Nothing is sent unless one of them asks.
//
// A question goes to all on the gossip channel; each answers on the channel of
// the process that asked:
//
//	{"type":"connections","node":"77ab…","id":"3f…","ask":"list","query":{"room":"den","limit":50}}
//	{"type":"connections","node":"5f1c…","id":"3f…","answer":{"total":2,"connections":[…]}}
//
// The process that asked waits for all processes that presence knows, but not
// for long. A process of an older version does not answer.
package connections

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/wire"
)

const (
	// patience is how long a question waits for answers.
	patience = 1500 * time.Millisecond
	// answerTime bounds how long an answer waits for Redis.
	answerTime = time.Second
	// maxQueue is how many questions of others may wait here. Further ones get no
	// answer.
	maxQueue = 32
	// maxAsked is how many own questions may wait for answers.
	maxAsked = 64
	// MaxPage is how many connections a page has at most.
	MaxPage = 100
)

// Sockets are the connections of this process. *socket.Server implements it; see
// there.
type Sockets interface {
	Count() int
	Follow(session string, f Follower) (stop func(), ok bool)
	Connections(q Query) (page []Connection, total int)
	CloseConnections(q Query) (closed int)
}

// Options of a Hub. All are required.
type Options struct {
	Node, Version string

	Sockets Sockets
	// Servers returns all processes that are up, as presence knows them, this one
	// included.
	Servers func() []Server
	// Send publishes a payload to all processes, this one included, and SendTo to
	// one. Both may lose it.
	Send   func(ctx context.Context, payload []byte) error
	SendTo func(ctx context.Context, nodes []string, payloads [][]byte) error
	// Redis holds the lists of what is followed, under keys that begin with
	// Prefix.
	Redis  Redis
	Prefix string
	Logger *slog.Logger
}

// Follower is told what a connection sends and gets. Its methods must not block,
// and are called by different goroutines.
type Follower interface {
	// In is told of a message, or a control frame, of the client. The payload is
	// valid until it returns.
	In(op byte, payload []byte)
	// Out is told of frames of the server, which do not change; the slice is
	// valid until it returns. Of a frame that was written in parts the rest comes
	// again.
	Out(frames [][]byte)
	// End is told that the connection is over: with which code, 0 if it broke,
	// and whether the client closed it.
	End(code wire.CloseCode, byClient bool)
}

// Hub is the part of one process. Its methods may be called from any goroutine.
type Hub struct {
	o         Options
	started   time.Time
	questions chan message // of all processes, this one included; never closed
	list      list

	following atomic.Int64   // connections of this process that are followed
	followers sync.WaitGroup // their goroutines

	mu    sync.Mutex
	asked map[string]chan<- message // own questions, by id; guarded by mu
}

// New returns a Hub, which answers while Run runs.
func New(o Options) *Hub {
	return &Hub{
		o: o, started: time.Now(), questions: make(chan message, maxQueue), asked: map[string]chan<- message{},
		list: list{o.Redis, o.Prefix},
	}
}

// Run answers questions until ctx is done.
func (h *Hub) Run(ctx context.Context) {
	defer h.followers.Wait()
	for {
		select {
		case m := <-h.questions:
			h.answer(ctx, m)
		case <-ctx.Done():
			return
		}
	}
}

// answer answers one question.
func (h *Hub) answer(ctx context.Context, m message) {
	var a answer
	switch m.Ask {
	case askList:
		m.Query.Limit = min(max(m.Query.Limit, 0), MaxPage+1)
		a.Connections, a.Total = h.o.Sockets.Connections(m.Query)
		for i := range a.Connections {
			a.Connections[i].Node = h.o.Node
		}
	case askClose:
		a.Total = h.o.Sockets.CloseConnections(m.Query)
	case askFollow:
		if h.follow(ctx, m.Query.Session, m.Follow) {
			a.Total = 1
		}
	case askServer:
		a.Total = h.o.Sockets.Count()
		a.Server = Server{Version: h.o.Version, Uptime: int64(time.Since(h.started).Seconds())}
	default:
		return // of a newer version
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	payload, err := encode(message{Node: h.o.Node, ID: m.ID, Answer: &a})
	if err == nil {
		err = h.o.SendTo(ctx, []string{m.Node}, [][]byte{payload})
	}
	if err != nil && ctx.Err() == nil {
		h.o.Logger.Debug("connections: cannot answer", "error", err)
	}
}
