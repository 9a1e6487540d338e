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

// MaxNames is how many names a snapshot has, and up to how many changed names
// an update lists them.
const MaxNames = 200

// Update is what the clients in a room get: the number of connections, and
// either Names, which replaces what they knew, or the changes. Joined and Left
// are names whose first connection came or whose last one left, across all
// servers. A client may get a join of a name it knows or a leave of one it does
// not; neither means anything new.
type Update struct {
	Online int      // connections on all servers
	Names  []string // the first MaxNames, sorted; nil in a change
	Joined []string // sorted
	Left   []string // sorted
	// Accounts are those of Names or Joined that are names of accounts, sorted.
	// A name that was a guest's may join again as an account's.
	Accounts []string
	// Connections has the number of connections of those of Names or Joined with
	// more than one. A name joins again when its number changes.
	Connections map[string]int
}

// snapshotAge is how old a snapshot may be that several clients are given in a
// room with more than MaxNames names. Thousands that come at once then cost one
// list of names, not thousands.
const snapshotAge = 100 * time.Millisecond

// Options configure a Presence. Send, SendTo, Emit, Encode and EmitTyping are
// required; a zero duration means the default.
type Options struct {
	Node string // unique among all processes ever started
	App  string // APPID, for display
	Role string // ROLE: all, ws or api

	Interval time.Duration // between reports, and between updates of a room; default 1s
	Expiry   time.Duration // a server times out after so long; default 4s

	// Send publishes a payload to all servers, this one included, at most once.
	// It is called by one goroutine at a time.
	Send func(ctx context.Context, payload []byte) error
	// SendTo publishes one payload each to some servers, at most once. It is
	// called by the same goroutine.
	SendTo func(ctx context.Context, nodes []string, payloads [][]byte) error
	// Emit delivers an update to this server's clients in a room. It is called
	// by one goroutine, in order, without locks held.
	Emit func(room string, u Update)
	// Encode returns the frame of a snapshot. It is called with a lock held.
	Encode func(u Update) []byte
	// EmitTyping delivers a typing event to them. It is called by callers of
	// Typing and Receive.
	EmitTyping func(room, session, name string)

	Logger *slog.Logger // default: discards
}

// Presence is one server's view of who is online. It is safe for concurrent
// use.
type Presence struct {
	// Set at construction.
	opts  Options
	began time.Time
	// holds a token while there may be something to report; never closed
	wakeReport chan struct{}
	// holds a token while there may be something to emit; never closed
	wakeEmit chan struct{}
	typing   chan message // typing events to be sent; never closed

	mu    sync.Mutex
	rooms map[string]*room // guarded by mu
	due   map[string]*room // guarded by mu: rooms with a pending update
	peers map[string]*peer // guarded by mu: the other servers, by node
	// missing holds rooms whose names have not arrived, and since when.
	missing map[missing]time.Time // guarded by mu
	report  outbox                // guarded by mu
	// guarded by mu: when this server's own report last arrived, or when the
	// timeouts were restarted
	lastOwn time.Time
	// guarded by mu: when the newest own report that came back was sent;
	// initially when Presence was created
	echo        time.Time
	unavailable bool // guarded by mu
}

// New returns a Presence without clients. Run starts it.
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

// Join records a connection of a guest of this server in a room. Each session
// joins once.
func (p *Presence) Join(room, session, name string) { p.join(room, session, name, false) }

// JoinAccount is Join for the connection of an account.
func (p *Presence) JoinAccount(room, session, name string) { p.join(room, session, name, true) }

func (p *Presence) join(room, session, name string, account bool) {
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
	if account && r.mark(name) {
		p.report.touch(room, name, r.own[name])
		r.renewed[name] = struct{}{}
	}
	p.report.touch(room, name, r.own[name])
	r.own[name]++
	r.add(name, 1)
	p.reportLocked(room, 0)
	p.changedLocked(r, +1, 0)
}

// Leave records that a connection is gone. It ignores unknown ones.
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
	p.report.touch(room, name, r.own[name])
	if r.own[name]--; r.own[name] == 0 {
		delete(r.own, name)
	}
	r.add(name, -1)
	p.reportLocked(room, p.opts.Interval)
	p.changedLocked(r, -1, p.opts.Interval)
}

// Snapshot returns the frame that says who is in a room. All updates emitted
// later, added to it, make it complete. Callers share it and must not change it.
func (p *Presence) Snapshot(room string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[room]
	if r == nil {
		return p.opts.Encode(Update{})
	}
	r.shown = r.shown || !r.at.IsZero()
	if len(r.names) <= MaxNames {
		return p.opts.Encode(r.snapshot())
	}
	if now := time.Now(); r.recent == nil || now.Sub(r.taken) > snapshotAge {
		r.recent, r.taken = p.opts.Encode(r.snapshot()), now
	}
	return r.recent
}

// Online returns the number of connections in a room across all servers.
func (p *Presence) Online(room string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rooms[room]; r != nil {
		return r.online
	}
	return 0
}

// Glance returns the number of connections in a room across all servers, and
// the first names there, sorted, at most so many. A server without clients in
// the room knows no names. It is for users who are not in the room: unlike
// Snapshot, it promises no updates.
func (p *Presence) Glance(room string, most int) (online int, names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[room]
	if r == nil {
		return 0, nil
	}
	return r.online, slices.Clone(r.first[:min(len(r.first), most)])
}

// Here reports whether somebody in a room has this name, on any server. A server
// without clients in the room knows no names.
func (p *Presence) Here(room, name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[room]
	return r != nil && r.names[name] > 0
}

// SubscriptionAge returns the age of this server's newest own report that came
// back through Redis. It sends one a second. So it measures what delivery
// needs: that this server can publish, that it receives, and with what delay.
func (p *Presence) SubscriptionAge() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.echo)
}

// SetUnavailable tells the other servers whether this one takes new clients.
func (p *Presence) SetUnavailable(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unavailable != away {
		p.unavailable, p.report.beat = away, time.Now()
		wake(p.wakeReport)
	}
}

// changedLocked adds to a room's number of connections and schedules an update
// to its clients. The names have been changed already. The update comes after
// delay, but not sooner than a second after the last one, or later in big rooms
// and on big servers (dueAtLocked).
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

// soonLocked schedules an update to a room's clients soon, even if the last one
// was a moment ago.
func (p *Presence) soonLocked(r *room) {
	if soon := time.Now().Add(p.opts.Interval / 10); soon.Before(r.next) {
		r.next, r.last = soon, time.Time{}
	}
	p.changedLocked(r, 0, 0)
}

func (p *Presence) roomLocked(name string) *room {
	r := p.rooms[name]
	if r == nil {
		r = &room{
			name: name, names: make(map[string]int), sessions: make(map[string]string),
			own:     make(map[string]int),
			touched: make(map[string]int), accounts: make(map[string]struct{}),
			marked: make(map[string]struct{}), renewed: make(map[string]struct{}),
			typing: rate.NewLimiter(typingRate, typingRate),
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
