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

// Whoever follows a room has something to put back when its log has lost it.
// So the head of a log has the names of its followers (follow.lua), and while
// the log is closed only those are waited for who are alive.

var (
	//go:embed follow.lua
	followSource string
	//go:embed leave.lua
	leaveSource string

	leaveScript = redis.NewScript(leaveSource)
)

// wish returns by which subscription this server follows a room; empty if it does not.
func (b *Bus) wish(room string) string {
	n := uint64(0)
	if b.nodes != nil {
		n = b.places.wish(b.channel(room))
	} else {
		n = b.topics.wish(b.channel(room))
	}
	if n > 0 {
		return strconv.FormatUint(n, 10)
	}
	return ""
}

// followed returns the rooms that this server follows.
func (b *Bus) followed() []string {
	if b.nodes != nil {
		return b.places.wanted()
	}
	return b.topics.rooms()
}

// everyone excuses all who have not offered yet.
const everyone = "*"

// excused returns for whom a log that is closed does not wait: names separated
// by spaces, everyone, or nothing if it has to wait on. came says that all who
// are alive have checked in since Redis came back.
func (b *Bus) excused(t *turn, alive []string, came bool) string {
	here, ever := b.mends.stood(t.state.run)
	var dead, living []string
	for _, name := range t.state.missing {
		if ever >= mendPatience && !slices.Contains(alive, name) {
			dead = append(dead, name)
		} else {
			living = append(living, name)
		}
	}
	switch {
	case time.Since(t.since) >= mendPatience:
		return everyone
	case len(living) > 0:
		return ""
	case t.state.follower:
		return strings.Join(dead, " ")
	// Nobody is known to follow it. That may be older than who does.
	// Who has something has it from the channel, on which it still is if this
	// Redis has not just come back; or has said it itself, and had the time to come.
	case t.state.heard == "all" && !t.state.restarted && here >= mendPatience && time.Since(t.since) >= mendMoment:
		return everyone
	case t.state.heard == "nothing" && !t.state.restarted && !b.mends.settling() && time.Since(t.since) >= mendMoment:
		return everyone // it is as if the first of them had begun it alone
	case t.state.restarted && (here >= mendPatience || came && ever >= mendPatience):
		return everyone // who has something has come with it, or has had the time to
	case ever >= mendPatience && t.known.Head.Epoch != "" && !slices.ContainsFunc(alive, func(name string) bool { return !slices.Contains(t.state.offered, name) }):
		return everyone // all have come
	}
	return ""
}

// leaving are the rooms that this server no longer follows, until their logs know.
type leaving struct {
	wake chan struct{} // holds a token while there may be some; never closed

	mu    sync.Mutex
	rooms map[string]string // guarded by mu: by room: the wish by which it was followed
}

func newLeaving() *leaving {
	return &leaving{wake: make(chan struct{}, 1), rooms: make(map[string]string)}
}

func (l *leaving) add(room, wish string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[room] = wish
	ring(l.wake)
}

func (l *leaving) some(limit int) (rooms, wishes []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for room, wish := range l.rooms {
		if len(rooms) == limit {
			break
		}
		rooms, wishes = append(rooms, room), append(wishes, wish)
	}
	return rooms, wishes
}

func (l *leaving) done(room, wish string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rooms[room] == wish {
		delete(l.rooms, room)
	}
}

// leave takes this server out of the heads of logs that it does not follow any longer, until ctx is done.
func (b *Bus) leave(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.leaving.wake:
		}
		for {
			if rooms, wishes := b.leaving.some(maxPipeline); len(rooms) == 0 {
				break
			} else if b.leaveSome(ctx, rooms, wishes) {
				continue
			}
			select { // Redis is away, or some of a cluster's nodes are
			case <-ctx.Done():
				return
			case <-time.After(maxPause):
			}
		}
	}
}

// leaveSome says whether that worked for all of some logs.
func (b *Bus) leaveSome(ctx context.Context, rooms, wishes []string) (ok bool) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	var calls []*call
	for i, room := range rooms {
		calls = append(calls, b.call(leaveScript, room, b.name, wishes[i]))
	}
	b.askAll(ctx, calls)
	ok = true
	for i, c := range calls {
		if c.err == nil || isFinal(c.err) {
			b.leaving.done(rooms[i], wishes[i])
		} else {
			ok = false
		}
	}
	return ok
}
