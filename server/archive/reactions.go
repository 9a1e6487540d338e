package archive

import (
	"context"
	"fmt"
	"slices"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// A summary in a log says how often people reacted to a message. Their names
// are read from Redis when the summary is stored, so the store is never older
// than the newest summary that it has.

// reacted is a message that people reacted to.
type reacted struct{ room, id string }

// reactedOf returns the messages that summaries among these entries are about.
func reactedOf(entries []store.RoomMessage) map[reacted]struct{} {
	var all map[reacted]struct{}
	for _, m := range entries {
		if m.Type != chat.TypeReactions {
			continue
		}
		if id := (&chat.Message{Extra: m.Extra}).Target().ID; id != "" {
			if all == nil {
				all = make(map[reacted]struct{})
			}
			all[reacted{m.Room, id}] = struct{}{}
		}
	}
	return all
}

// keepReactions makes one attempt to store who reacted to some messages, and
// removes those that need no other.
func (a *Archiver) keepReactions(ctx context.Context, messages map[reacted]struct{}) (ok bool) {
	for m := range messages {
		who, err := a.opts.Source.Reactions(ctx, m.room, m.id)
		if a.failed(ctx, &a.source, err) {
			return false
		}
		if len(who) > 0 && !a.addReactions(ctx, m, who) {
			return false
		}
		delete(messages, m)
	}
	return true
}

// addReactions makes one attempt to store who reacted to a message. What the
// store can never take is given up.
func (a *Archiver) addReactions(ctx context.Context, m reacted, who []chat.Reaction) (ok bool) {
	attempt, cancel := context.WithTimeout(ctx, a.opts.StoreTimeout)
	defer cancel()
	err := a.opts.Store.AddReactions(attempt, m.room, m.id, who)
	if store.IsRefused(err) {
		a.store.Succeeded()
		a.counts.failures.Add(1)
		a.opts.Logger.Error("archive: skipped who reacted, which the store refuses", "room", m.room, "id", m.id,
			"error", err)
		return true
	}
	return a.stored(ctx, err) == nil
}

// reactionsTimeout limits reading who reacted, which a client waits for.
const reactionsTimeout = 1500 * time.Millisecond

// Reactions returns who reacted to the message with this id, and who took that
// back; none if nobody did.
func (r *Reader) Reactions(ctx context.Context, room, id string) ([]chat.Reaction, error) {
	who, err, _ := r.reactions.Do(room+" "+id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reactionsTimeout)
		defer cancel()
		return r.archive.Reactions(ctx, room, id)
	})
	if err != nil {
		return nil, fmt.Errorf("read the archive of room %s: %w", room, err)
	}
	return slices.Clone(who.([]chat.Reaction)), nil // callers share the answer
}
