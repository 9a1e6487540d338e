package bus

import (
	"context"
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Servers that are subscribed to a room can restore what its log has lost. So the
// head of a log names them (subscribed.lua), and while the log is closed it waits
// only for those that are up.

var (
	//go:embed lua/subscribed.lua
	subscribedSource string
	//go:embed lua/leave.lua
	leaveSource string

	leaveScript = redis.NewScript(leaveSource)
)

// request returns the number of this server's subscription to a room; empty if
// it has none.
func (b *Bus) request(room string) string {
	n := uint64(0)
	if b.nodes != nil {
		n = b.places.request(b.channel(room))
	} else {
		n = b.topics.request(b.channel(room))
	}
	if n > 0 {
		return strconv.FormatUint(n, 10)
	}
	return ""
}

// subscribedRooms returns the rooms to which this server is subscribed.
func (b *Bus) subscribedRooms() []string {
	if b.nodes != nil {
		return b.places.wanted()
	}
	return b.topics.rooms()
}

// everyone excuses all servers that have not staged yet.
const everyone = "*"

// excused returns the servers for which a closed log does not wait: names
// separated by spaces, everyone, or nothing if it waits on. arrived says that
// all servers that are up have checked in since Redis came back.
func (b *Bus) excused(t *repairStep, alive []string, arrived bool) string {
	here, ever := b.repairs.connectedFor(t.state.run)
	var dead, living []string
	for _, name := range t.state.missing {
		if ever >= repairPatience && !slices.Contains(alive, name) {
			dead = append(dead, name)
		} else {
			living = append(living, name)
		}
	}
	switch {
	case time.Since(t.since) >= repairPatience:
		return everyone
	case len(living) > 0:
		return ""
	case t.state.listed:
		return strings.Join(dead, " ")
	// No server that has staged is known to be subscribed, which may be out of
	// date. A server that has messages got them from the channel, and still
	// listens to it unless this Redis has just come back; or it has published
	// them itself, and had the time to check in.
	case t.state.listeners == "all" && !t.state.restarted && here >= repairPatience &&
		time.Since(t.since) >= minSealed:
		return everyone
	case t.state.listeners == "nothing" && !t.state.restarted && !b.repairs.recovering() &&
		time.Since(t.since) >= minSealed:
		return everyone // as if the first of them had begun it alone
	case t.state.restarted && (here >= repairPatience || arrived && ever >= repairPatience):
		return everyone // all servers that have messages had the time to stage them
	case ever >= repairPatience && t.known.Head.Epoch != "" &&
		!slices.ContainsFunc(alive, func(name string) bool {
			return !slices.Contains(t.state.staged, name)
		}):
		return everyone // all have staged
	}
	return ""
}

// leaving are the rooms to which this server is no longer subscribed, until their
// logs know.
type leaving struct {
	wake chan struct{} // holds a token while rooms may not be empty; never closed

	mu    sync.Mutex
	rooms map[string]string // guarded by mu: by room: number of the subscription
}

func newLeaving() *leaving {
	return &leaving{wake: make(chan struct{}, 1), rooms: make(map[string]string)}
}

func (l *leaving) add(room, request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[room] = request
	ring(l.wake)
}

func (l *leaving) some(limit int) (rooms, requests []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for room, request := range l.rooms {
		if len(rooms) == limit {
			break
		}
		rooms, requests = append(rooms, room), append(requests, request)
	}
	return rooms, requests
}

func (l *leaving) done(room, request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rooms[room] == request {
		delete(l.rooms, room)
	}
}

// leaveLogs removes this server from the heads of the logs of rooms to which it
// is no longer subscribed, until ctx is done.
func (b *Bus) leaveLogs(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.leaving.wake:
		}
		for {
			if rooms, requests := b.leaving.some(maxPipeline); len(rooms) == 0 {
				break
			} else if b.leaveSome(ctx, rooms, requests) {
				continue
			}
			select { // Redis is down, or some nodes of a cluster are
			case <-ctx.Done():
				return
			case <-time.After(maxPause):
			}
		}
	}
}

// leaveSome reports whether that worked for all of some logs.
func (b *Bus) leaveSome(ctx context.Context, rooms, requests []string) (ok bool) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	var calls []*call
	for i, room := range rooms {
		calls = append(calls, b.call(leaveScript, room, b.name, requests[i]))
	}
	b.askAll(ctx, calls)
	ok = true
	for i, c := range calls {
		if c.err == nil || isFinal(c.err) {
			b.leaving.done(rooms[i], requests[i])
		} else {
			ok = false
		}
	}
	return ok
}
