package room

import (
	"context"
	"slices"
	"sync"
	"time"

	"livechat/server/chat"
)

// Redis may have acknowledged a reaction and lose it, like a message. So what
// this server has taken, and what others say that they have, is remembered for as
// long as a message would be, and applied again when the log of the room goes on
// in another epoch: then Redis may have gone back. If it has not, or somebody
// else was first, that changes nothing.

const (
	// maxTaken bounds the reactions that are remembered, of all rooms.
	maxTaken = 65_536
	// restorePause is the time between two attempts to restore.
	restorePause = time.Second
)

// taken are the reactions that servers have taken, oldest first.
type taken struct {
	wake chan struct{} // holds a token while there may be something to restore; never closed

	mu    sync.Mutex
	list  []takenReaction   // guarded by mu
	rooms map[string]int    // guarded by mu: how many of them are of each room
	lost  map[string]string // guarded by mu: rooms to restore, and the epochs of their logs
}

type takenReaction struct {
	room     string
	message  chat.Message // see written
	reaction chat.Reaction
	epoch    string // in which Redis had it
	when     time.Time
}

func newTaken() taken {
	return taken{wake: make(chan struct{}, 1), rooms: make(map[string]int), lost: make(map[string]string)}
}

// Remembers returns how many reactions this server would restore.
func (g *Registry) Remembers() int {
	if g.reactions == nil {
		return 0
	}
	t := &g.reactions.taken
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.list)
}

func (t *taken) add(r takenReaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.list) >= maxTaken {
		t.dropLocked(maxTaken / 4)
	}
	t.list = append(t.list, r)
	t.rooms[r.room]++
}

// expire drops what is too old to be restored.
func (t *taken) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for n < len(t.list) && time.Since(t.list[n].when) > chat.RepublishAge {
		n++
	}
	t.dropLocked(n)
}

// dropLocked drops the oldest n.
func (t *taken) dropLocked(n int) {
	for _, r := range t.list[:n] {
		t.forgetRoomLocked(r.room)
	}
	rest := copy(t.list, t.list[n:])
	clear(t.list[rest:])
	if t.list = t.list[:rest]; rest == 0 {
		t.list = nil
	}
}

// forget drops what was taken of the message that d deletes.
func (t *taken) forget(room string, d *chat.Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms[room] == 0 {
		return
	}
	id := d.Target().ID
	t.list = slices.DeleteFunc(t.list, func(r takenReaction) bool {
		is := r.room == room && r.message.ID == id && r.message.SameAuthor(d)
		if is {
			t.forgetRoomLocked(room)
		}
		return is
	})
}

// forgetRoomLocked counts one reaction of a room less.
func (t *taken) forgetRoomLocked(room string) {
	if t.rooms[room]--; t.rooms[room] == 0 {
		delete(t.rooms, room)
	}
}

// found says in which epoch the log of a room was found. If something was taken
// in another one, it is to be restored.
func (t *taken) found(room, epoch string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms[room] == 0 {
		return
	}
	for _, r := range t.list {
		if r.room == room && r.epoch != epoch {
			t.lost[room] = epoch
			select {
			case t.wake <- struct{}{}:
			default:
			}
			return
		}
	}
}

// retry lets a room be restored once more, unless its log was found in another
// epoch meanwhile.
func (t *taken) retry(room, epoch string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost[room] == "" {
		t.lost[room] = epoch
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// nextLost returns a room to restore, and the epoch of its log.
func (t *taken) nextLost() (room, epoch string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for room, epoch := range t.lost {
		delete(t.lost, room)
		return room, epoch, true
	}
	return "", "", false
}

// lostReactions are those to one message.
type lostReactions struct {
	message chat.Message
	list    []chat.Reaction
}

// of returns what was taken in a room in other epochs than this one, by message.
func (t *taken) of(room, epoch string) map[string]*lostReactions {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(map[string]*lostReactions)
	for _, r := range t.list {
		if r.room != room || r.epoch == epoch || time.Since(r.when) > chat.RepublishAge {
			continue
		}
		key := r.message.ID + " " + r.message.Author + " " + r.message.Session
		if all[key] == nil {
			all[key] = &lostReactions{message: r.message}
		}
		all[key].list = append(all[key].list, r.reaction)
	}
	return all
}

// restored notes that Redis has, in some epoch, what was taken of a message.
func (t *taken) restored(room string, m *chat.Message, epoch string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range t.list {
		if r.room == room && r.message == *m {
			t.list[i].epoch = epoch
		}
	}
}

// restoreLost restores what Redis may have lost, until ctx is done.
func (g *reactions) restoreLost(ctx context.Context) {
	for ctx.Err() == nil {
		wait := time.Minute
		for room, epoch, ok := g.taken.nextLost(); ok; room, epoch, ok = g.taken.nextLost() {
			if err := g.restore(ctx, room, epoch); err != nil {
				g.logger.Debug("room: cannot restore reactions yet", "room", room, "error", err)
				g.taken.retry(room, epoch)
				wait = restorePause
				break
			}
		}
		select {
		case <-ctx.Done():
		case <-g.taken.wake:
			if wait == restorePause { // retry has just rung it
				pause(ctx, restorePause)
			}
		case <-time.After(wait):
		}
		g.taken.expire()
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// restore applies what was taken in a room before its log came to an epoch.
func (g *reactions) restore(ctx context.Context, room, epoch string) error {
	for _, lost := range g.taken.of(room, epoch) {
		m := &lost.message
		got, err := g.store.Restore(ctx, room, m, lost.list, chat.EarlierAsked)
		if err == nil && got.Unknown {
			g.fill(ctx, room, m)
			got, err = g.store.Restore(ctx, room, m, lost.list, chat.EarlierUnknown)
		}
		switch {
		case err != nil && chat.AsError(err).Retryable:
			return err
		case err != nil: // the message is deleted
			got.Epoch = epoch
		case got.Due >= 0:
			g.summaries.add(room, chat.Target{Seq: m.Seq, ID: m.ID}, got.Due, true)
		}
		g.taken.restored(room, m, got.Epoch)
	}
	return nil
}
