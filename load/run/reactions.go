package run

import (
	"fmt"
	"maps"
	"sync"

	"livechat/client"
	"livechat/load/plan"
)

// emojis are what publishers react with, one each.
var emojis = []string{"👍", "❤️", "😂"}

// reactions are those to the messages of one room: what was acked, and what the
// newest summary says. All clients see the same summaries, or the room's log
// says that they do not, so it is enough to compare those of one.
type reactions struct {
	mu  sync.Mutex
	all map[string]*reacted // by the message's id
}

// reacted is what is under one message.
type reacted struct {
	acked   map[string]int // by emoji
	told    map[string]int // by the summary with that seq
	seq     uint64
	deleted bool
	// reactions that were refused as if the message was deleted, which another
	// process of the run has to confirm
	late int64
}

func (r *reactions) ofLocked(message string) *reacted {
	one := r.all[message]
	if one == nil {
		if r.all == nil {
			r.all = make(map[string]*reacted)
		}
		one = &reacted{acked: make(map[string]int)}
		r.all[message] = one
	}
	return one
}

// acked records the ack of a reaction.
func (r *reactions) acked(does change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.ofLocked(does.target.ID)
	if one.acked[does.emoji]++; does.off {
		one.acked[does.emoji] -= 2
	}
	if one.acked[does.emoji] == 0 {
		delete(one.acked, does.emoji)
	}
}

// deleted records that a message is about to be deleted: from now on a reaction
// may be too late, and its counts do not matter.
func (r *reactions) deleted(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ofLocked(message).deleted = true
}

// isLate reports whether a reaction was refused because somebody deletes the
// message.
func (r *reactions) isLate(does change, e *client.Error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return e.Code == codeUnknownMessage && r.ofLocked(does.target.ID).deleted
}

const codeUnknownMessage = "unknown_message"

// summary records a summary and returns what tells it from others: its id and
// what it says.
func (r *reactions) summary(e *client.Reactions) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.ofLocked(e.Target.ID); e.Seq > one.seq {
		one.told, one.seq = e.Counts, e.Seq
	}
	return fmt.Sprint(e.ID, e.Counts)
}

// wrong returns of how many messages the last summary says something else than
// what was acked.
func (r *reactions) wrong() (n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.all {
		if !one.deleted && !maps.Equal(one.acked, one.told) {
			n++
		}
	}
	return n
}

// wrongReactions returns the same of all rooms.
func (r *run) wrongReactions() (n int64) {
	for _, room := range r.rooms {
		if room.clients > 0 { // else nobody here saw a summary
			n += room.reactions.wrong()
		}
	}
	return n
}

// received makes a message the one that a publisher reacts to next.
func (m *member) received(seq uint64, id []byte) {
	if m.pending == nil || m.run.settings.Mix[plan.React] == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = client.Target{Seq: seq, ID: string(id)}
}

// reactLocked returns a reaction to the newest message: set, or taken back if
// this member has set it.
func (m *member) reactLocked() change {
	does := change{what: plan.React, target: m.newest, emoji: emojis[m.index%len(emojis)]}
	if does.off = m.reacted == m.newest.ID; does.off {
		m.reacted = ""
	} else {
		m.reacted = m.newest.ID
	}
	return does
}
