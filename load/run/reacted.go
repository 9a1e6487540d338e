package run

import (
	"maps"

	"livechat/client"
	"livechat/load/plan"
)

// Reacted is what a process of a run knows of the reactions to a message that
// its clients have set or deleted.
type Reacted struct {
	Room    int
	Message string
	Acked   map[string]int // by emoji; less than 0 for those that are taken back
	Deleted bool
}

// later records a reaction that was refused as if the message was deleted. Only
// another process of the run may know that. It reports whether that is so.
func (r *reactions) later(does change, e *client.Error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Code != codeUnknownMessage {
		return false
	}
	r.ofLocked(does.target.ID).late++
	return true
}

// reacted returns what this process knows of all reactions.
func (r *run) reacted() (all []Reacted) {
	for i, room := range r.rooms {
		room.reactions.mu.Lock()
		for message, one := range room.reactions.all {
			all = append(all, Reacted{i, message, maps.Clone(one.acked), one.deleted})
		}
		room.reactions.mu.Unlock()
	}
	return all
}

// adopt takes over what all processes know, and counts the reactions that came
// too late.
func (r *run) adopt(all []Reacted) {
	for _, known := range all {
		room := r.rooms[known.Room]
		room.reactions.mu.Lock()
		one := room.reactions.ofLocked(known.Message)
		one.acked, one.deleted = known.Acked, known.Deleted
		late := one.late
		one.late = 0
		room.reactions.mu.Unlock()
		for range late {
			if known.Deleted {
				r.acked.Add(1)
				r.acts.answered(plan.React, 0, false)
			} else {
				r.refused(codeUnknownMessage)
				r.acts.failed(plan.React, codeUnknownMessage)
			}
		}
	}
}

// MergeReacted merges what several processes know.
func MergeReacted(all []Reacted) (merged []Reacted) {
	type message struct {
		room int
		id   string
	}
	at := make(map[message]int)
	for _, one := range all {
		key := message{one.Room, one.Message}
		i, ok := at[key]
		if !ok {
			i = len(merged)
			at[key], merged = i, append(merged, Reacted{Room: one.Room, Message: one.Message,
				Acked: make(map[string]int)})
		}
		merged[i].Deleted = merged[i].Deleted || one.Deleted
		for emoji, n := range one.Acked {
			if merged[i].Acked[emoji] += n; merged[i].Acked[emoji] == 0 {
				delete(merged[i].Acked, emoji)
			}
		}
	}
	return merged
}
