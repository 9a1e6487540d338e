// Package presence knows how many are in each room on all servers, and who is in
// the rooms that this server has people in.
//
// Each server reports on a channel that all servers hear: how many connections it
// has in which room. Names go only to the servers that have people in the room,
// each on a channel of its own (direct.go). So what a server is told grows with
// the rooms it shares, and not with all that there are.
//
// A change is reported at once if there was nothing to report for a while, else
// once a second. That a room has got its first people on a server, or has lost its
// last ones, all are told like that; how the count of a room goes on, those without
// people there learn every five seconds. Reports are numbered; who misses one asks
// for the whole, and is answered alone. A report goes out each second even if
// nothing has changed, less often where there are more than a hundred servers, and a server that has not been heard for a few seconds is
// taken for dead and its people for gone.
//
// What the people of a room are told follows the same rhythm: the first change at
// once, then one change a second. Somebody who leaves is missed a second later, so
// that whoever reloads the page or is moved to another server was never away.
//
// # The reports
//
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":7,"total":31,"counts":{"livechat":12}}
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":8,"total":31}                              nothing has changed
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":9,"total":31,"full":true,"counts":{…}}     all that it has
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":10,"total":31,"away":true}                 it takes no new clients
//	{"type":"presence","node":"5f1c…","app":"1000","role":"ws","n":11,"bye":true}                             it has shut down
//	{"type":"presence","node":"77ab…","app":"2000","role":"ws","ask":true}                                    please send the whole, to me
//
// # What one server alone is told
//
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":4,"rooms":{"livechat":{"online":12,"joined":["ann"],"left":["bob"]}}}
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":5,"rooms":{"den":{"online":2,"all":["ann","eve"]}}}    it has its first people there
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":5}                                                     that was the last
//	{"type":"presence","node":"5f1c…","to":"77ab…","d":6,"app":…,"n":9,"full":true,"counts":{…},"rooms":{…}}  the whole
//	{"type":"presence","node":"77ab…","to":"5f1c…","app":"2000","role":"ws","ask":true}                       please send the whole
//
// Who types is said to all, or to each of the servers with people in the room:
//
//	{"type":"typing","node":"5f1c…","room":"livechat","session":"…","name":"ann"}
//
// node is drawn at random when a process starts: a server that has restarted is
// another one. A count and online are connections, names are distinct. role is what
// the process does: all, ws or api. A server whose reports have no role is older
// than all this. It is taken to have sockets, its reports have all names ("rooms"),
// and as long as there is one, so have the reports of the others.
package presence

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// MaxNames is how many names a snapshot shows, and how many names may have changed for them to be told one by one.
const MaxNames = 200

// Update is what the people of a room are told: the number of connections, and either Names, which replaces what they knew, or what has
// changed. Joined and Left are names of which the first connection came or the last one went, on all servers; that somebody has
// joined who is known, or left who is not, is possible and means nothing new.
type Update struct {
	Online int      // connections on all servers
	Names  []string // the first MaxNames, sorted; nil in a change
	Joined []string // sorted
	Left   []string // sorted
}

// Options are what a Presence is made of. Send, SendTo, Emit and EmitTyping must be set; a zero duration means its default.
type Options struct {
	Node string // names this process among all that ever were
	App  string // APPID, for people
	Role string // ROLE: all, ws or api

	Interval time.Duration // between two reports, and between two updates of a room; default 1s
	Expiry   time.Duration // a server not heard for so long is dead; default 4s

	// Send tells all servers, this one included, something at most once. It is called by one goroutine at a time.
	Send func(ctx context.Context, payload []byte) error
	// SendTo tells each of some servers something of its own, at most once. It is called by the same goroutine.
	SendTo func(ctx context.Context, nodes []string, payloads [][]byte) error
	// Emit tells the people whom this server has in a room. It is called by one goroutine, without locks held, in the order of what happened.
	Emit func(room string, u Update)
	// EmitTyping tells them that somebody writes. It is called by whoever calls Typing or Receive.
	EmitTyping func(room, session, name string)

	Logger *slog.Logger // default: none
}

// NodeInfo is a server as this one knows it.
type NodeInfo struct {
	Node, App string
	Role      string    // all, ws or api; "" from a server that is too old to say
	Total     int       // connections in all rooms
	Away      bool      // it takes no new clients
	LastSeen  time.Time // of its last report
	Late      bool      // two reports of it have not come: what is known of it may be wrong
}

// roleAPI is the role of a process that takes no sockets.
const roleAPI = "api"

// TakesSockets says whether the server has sockets at all. One that does not
// say is taken to have: it is older than the role in reports.
func (i NodeInfo) TakesSockets() bool { return i.Role != roleAPI }

// Presence is one server's view of who is here. All methods may be called from any goroutine.
type Presence struct {
	// Set at construction.
	opts       Options
	began      time.Time
	wakeReport chan struct{} // holds a token while there may be something to report; never closed
	wakeEmit   chan struct{} // holds a token while there may be something to emit; never closed
	typing     chan message  // typing events on their way to the other servers; never closed

	mu    sync.Mutex
	rooms map[string]*room // guarded by mu
	due   map[string]*room // guarded by mu: those of rooms with an update to come
	peers map[string]*peer // guarded by mu: the other servers, by node
	// missing holds the rooms of which names have not come yet, and since when.
	missing map[missing]time.Time // guarded by mu
	report  outbox                // guarded by mu
	heard   time.Time             // guarded by mu: this server's own last report, or when it last began to listen
	// guarded by mu: when the last of its own reports that came back was sent;
	// at first, when it was made
	echo time.Time
	away bool // guarded by mu
}

// New makes a Presence in which nobody is. It works when Run is called.
func New(o Options) *Presence {
	o.Interval = cmp.Or(o.Interval, time.Second)
	o.Expiry = cmp.Or(o.Expiry, 4*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	now := time.Now()
	return &Presence{
		opts: o, began: now,
		wakeReport: make(chan struct{}, 1), wakeEmit: make(chan struct{}, 1), typing: make(chan message, 64),
		rooms: make(map[string]*room), due: make(map[string]*room), peers: make(map[string]*peer),
		missing: make(map[missing]time.Time), report: newOutbox(), echo: now,
	}
}

// Join says that a connection of this server is in a room. Each session joins once.
func (p *Presence) Join(room, session, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.roomLocked(room)
	if _, ok := r.sessions[session]; ok {
		return
	}
	if len(r.sessions) == 0 {
		r.opened = time.Now()
	}
	r.sessions[session] = name
	p.report.total++
	if r.own[name]++; r.own[name] == 1 {
		p.report.touch(room, name, false)
		r.add(name)
	}
	p.reportLocked(room, 0)
	p.changedLocked(r, +1, 0)
}

// Leave says that a connection is gone. Unknown ones are ignored.
func (p *Presence) Leave(room, session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[room]
	if r == nil {
		return
	}
	name, ok := r.sessions[session]
	if !ok {
		return
	}
	delete(r.sessions, session)
	p.report.total--
	if r.own[name]--; r.own[name] == 0 {
		delete(r.own, name)
		p.report.touch(room, name, true)
		r.remove(name)
	}
	p.reportLocked(room, p.opts.Interval)
	p.changedLocked(r, -1, p.opts.Interval)
}

// Snapshot returns who is in a room now. Together with all updates that are emitted later it is complete.
func (p *Presence) Snapshot(room string) Update {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[room]
	if r == nil {
		return Update{}
	}
	r.shown = r.shown || !r.at.IsZero()
	return r.snapshot()
}

// Online returns the number of connections in a room, on all servers.
func (p *Presence) Online(room string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rooms[room]; r != nil {
		return r.online
	}
	return 0
}

// Servers returns the servers that are alive and take sockets, this one included
// if it does, in the order of their names. A process that is only the API has no
// clients, follows no room and can take nobody over: it is not among them.
func (p *Presence) Servers() []NodeInfo {
	return slices.DeleteFunc(p.Nodes(), func(i NodeInfo) bool { return !i.TakesSockets() })
}

// Nodes returns all processes that are alive, this one and those that are only
// the API included, in the order of their names.
func (p *Presence) Nodes() []NodeInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	nodes := []NodeInfo{{Node: p.opts.Node, App: p.opts.App, Role: p.opts.Role, Total: p.report.total, Away: p.away, LastSeen: time.Now()}}
	for node, peer := range p.peers {
		nodes = append(nodes, NodeInfo{Node: node, App: peer.app, Role: peer.role, Total: peer.total, Away: peer.away, LastSeen: peer.seen, Late: time.Since(peer.seen) > 5*peer.every/2})
	}
	slices.SortFunc(nodes, func(a, b NodeInfo) int { return cmp.Compare(a.Node, b.Node) })
	return nodes
}

// FeedAge returns how old the newest of its own reports is that this server has
// heard, of which it sends one a second: that it is heard, and hears what is
// said, and how late, is what delivery needs.
func (p *Presence) FeedAge() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.echo)
}

// SetAway tells the other servers whether this one takes new clients.
func (p *Presence) SetAway(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away != away {
		p.away, p.report.beat = away, time.Now()
		wake(p.wakeReport)
	}
}

// changedLocked counts connections that came to or went from a room, whose names have been changed already, and sees to it that its
// people are told: when delay is over, and not before a second has passed since the last time, or longer where there are many (tellOne).
func (p *Presence) changedLocked(r *room, connections int, delay time.Duration) {
	r.online += connections
	at := time.Now().Add(delay)
	if at.Before(r.next) {
		at = r.next
	}
	if r.at.IsZero() || at.Before(r.at) {
		r.at = at
		p.due[r.name] = r
		wake(p.wakeEmit)
	}
}

// soonLocked sees to it that the people of a room are told soon, however short
// a time ago they were told something.
func (p *Presence) soonLocked(r *room) {
	if soon := time.Now().Add(p.opts.Interval / 10); soon.Before(r.next) {
		r.next = soon
	}
	p.changedLocked(r, 0, 0)
}

func (p *Presence) roomLocked(name string) *room {
	r := p.rooms[name]
	if r == nil {
		r = &room{
			name: name, names: make(map[string]int), sessions: make(map[string]string), own: make(map[string]int),
			touched: make(map[string]bool), typing: rate.NewLimiter(typingRate, typingRate),
		}
		p.rooms[name] = r
	}
	return r
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
