package bus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// The reactions to a message are in a hash, `reactions:<id of the message>`;
// react.lua says what its fields are. Like the log it stays until it is
// archived, and for RoomTTL after that: then the archive has it.

var (
	//go:embed lua/reactions.lua
	reactionsSource string
	//go:embed lua/react.lua
	reactSource string
	reactScript = redis.NewScript(processSource + tombsSource + reactionsSource + rulesSource + reactSource)
)

const (
	// maxReacting is how many calls of react.lua may be in flight, so that they
	// do not occupy all connections.
	maxReacting = 16
	// maxRecords is how many records a hash may have: emoji set by persons, and
	// taken back.
	maxRecords = 100_000
	// restorePage is how many of them one call restores.
	restorePage = 500

	// recordPrefix begins the fields of the hash that are records.
	recordPrefix = "r "
)

// Reactions is who reacted to the messages of rooms. All methods may be called
// from any goroutine.
type Reactions struct {
	bus   *Bus
	slots chan struct{} // as many tokens as calls of react.lua
}

// Reactions returns the access to reactions.
func (b *Bus) Reactions() *Reactions { return b.reactions }

func newReactions(b *Bus) *Reactions {
	return &Reactions{bus: b, slots: make(chan struct{}, maxReacting)}
}

func (b *Bus) reactionsKey(room, id string) string { return b.key(room, "reactions", id) }

// React sets an emoji of a person under the message m, or takes it back. Its At
// is given by Redis. Codes: unknown_message if m is deleted, too_many_reactions,
// unavailable, and those of chat.RuleRefusal if r.By sets it.
func (rs *Reactions) React(ctx context.Context, room string, m *chat.Message, r chat.Reaction,
	e chat.Earlier) (chat.Reacted, error) {
	mode := "react"
	if e == chat.EarlierUnknown {
		mode = "anyway"
	}
	r.At = 0
	ctx, cancel := context.WithTimeout(ctx, rs.bus.options.PublishTimeout)
	defer cancel()
	for {
		got, err := rs.react(ctx, mode, room, m, []chat.Reaction{r})
		if !errors.Is(err, errRulesUnknown) {
			return got, err
		}
		if err := rs.bus.rules.await(ctx, room); err != nil {
			return got, err
		}
	}
}

// Restore applies reactions that were made earlier, in any order: of each
// person's emoji the last change counts. The codes are those of React.
func (rs *Reactions) Restore(ctx context.Context, room string, m *chat.Message, list []chat.Reaction,
	e chat.Earlier) (r chat.Reacted, err error) {
	pages := slices.Collect(slices.Chunk(list, restorePage))
	if len(pages) == 0 {
		pages = append(pages, nil)
	}
	for i, page := range pages {
		mode := "anyway"
		switch {
		case e == chat.EarlierAsked:
			mode = "restore"
		case e == chat.EarlierGiven && i == len(pages)-1:
			mode = "whole"
		}
		if r, err = rs.react(ctx, mode, room, m, page); err != nil || r.Unknown {
			return r, err
		}
	}
	return r, nil
}

func (rs *Reactions) react(ctx context.Context, mode, room string, m *chat.Message, list []chat.Reaction) (
	r chat.Reacted, err error) {
	b := rs.bus
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	select {
	case rs.slots <- struct{}{}:
		defer func() { <-rs.slots }()
	case <-ctx.Done():
		return r, unavailable(ctx.Err())
	}
	keys := []string{
		b.key(room, "head"), b.reactionsKey(room, m.ID), b.key(room, "deleted", m.ID), b.rulesKey(room),
	}
	var who chat.Writer
	if mode == "react" || mode == "anyway" {
		who = whoReacts(list)
	}
	args := []any{
		mode, m.Author, m.Session, b.lifetime(room).fresh.Milliseconds(), chat.MaxReactionKinds, maxRecords,
		string(who.Person), string(who.Address), one(b.rules.needed()),
	}
	for _, r := range list {
		kind, at := "s", ""
		if r.Author != "" {
			kind = "a"
		}
		if r.At != 0 {
			at = strconv.FormatInt(r.At, 10)
		}
		args = append(args, r.Emoji, r.Person, kind, one(r.On), at, r.Name)
	}
	reply, err := reactScript.Run(ctx, b.client, keys, args...).StringSlice()
	b.writes.note(err)
	if err != nil {
		b.noteRights(err, false)
		return r, unavailable(err)
	}
	return readReacted(reply)
}

// whoReacts returns who reacts just now; nobody if these reactions were made
// earlier.
func whoReacts(list []chat.Reaction) chat.Writer {
	if len(list) != 1 {
		return chat.Writer{}
	}
	return list[0].By
}

// readReacted parses the reply of react.lua.
func readReacted(reply []string) (r chat.Reacted, err error) {
	if len(reply) != 4 {
		return r, fmt.Errorf("read answer of the react script: %d values", len(reply))
	}
	at, err := strconv.ParseInt(reply[2], 10, 64)
	if err != nil {
		return r, fmt.Errorf("read answer of the react script: time %q", reply[2])
	}
	due, err := strconv.ParseInt(reply[3], 10, 64)
	if err != nil {
		return r, fmt.Errorf("read answer of the react script: wait %q", reply[3])
	}
	r = chat.Reacted{Epoch: reply[1], At: at, Due: time.Duration(due) * time.Millisecond}
	if err := ruleRefusal(reply[0], reply[3]); err != nil {
		return r, err
	}
	switch reply[0] {
	case "rules", "closed":
		return r, unavailable(errRulesUnknown)
	case "taken":
	case "unknown":
		r.Unknown = true
	case "gone":
		return r, chat.Errorf(chat.CodeUnknownMessage, "this message is deleted")
	case "kinds":
		return r, chat.Errorf(chat.CodeTooManyReactions, "a message has at most %d different reactions",
			chat.MaxReactionKinds)
	case "full":
		return r, chat.Errorf(chat.CodeTooManyReactions, "too many people reacted to this message")
	default:
		return r, fmt.Errorf("read answer of the react script: outcome %q", reply[0])
	}
	return r, nil
}

// Summarize queues the summary of the reactions to a message, an entry that
// chat.ReactionsTo has made, as PublishBody does. done is called as
// Publication.Done is. If there is nothing to tell, or it is less than a second
// since the last one, nothing is published; again is the time after which to try
// once more, 0 if that is not needed.
func (rs *Reactions) Summarize(ctx context.Context, room string, m chat.Message,
	done func(again time.Duration, err error)) error {
	p := publicationOf(room, &m)
	p.Done = func(r Receipt, err error) { done(r.Again, err) }
	return rs.bus.PublishBody(ctx, p)
}

// Reactions returns who reacted to the message with this id, and who took that
// back, in no particular order; none if Redis does not know.
func (a *Archive) Reactions(ctx context.Context, room, id string) (list []chat.Reaction, err error) {
	seen := make(map[string]bool) // a scan may return a field twice
	for cursor := uint64(0); ; {
		fields, next, err := a.bus.client.HScan(ctx, a.bus.reactionsKey(room, id), cursor,
			recordPrefix+"*", scanPage).Result()
		if err != nil {
			return nil, fmt.Errorf("read the reactions to a message of room %s: %w", room, err)
		}
		for i := 0; i+1 < len(fields); i += 2 {
			if r, ok := readReaction(fields[i], fields[i+1]); ok && !seen[fields[i]] {
				seen[fields[i]] = true
				list = append(list, r)
			}
		}
		if cursor = next; cursor == 0 {
			return list, nil
		}
	}
}

// archivedReactions lets the reactions expire whose summaries are in a batch that
// is archived: the archive has them now.
func (a *Archive) archivedReactions(ctx context.Context, batch ArchiveBatch) error {
	pipe := a.bus.client.Pipeline()
	seen := make(map[string]bool)
	for _, e := range batch.Entries {
		if chat.PayloadType(e.Payload) != chat.TypeReactions {
			continue
		}
		m, err := chat.DecodePayload(e.Payload)
		if id := m.Target().ID; err == nil && !seen[id] {
			seen[id] = true
			pipe.PExpire(ctx, a.bus.reactionsKey(batch.Room, id), a.bus.options.RoomTTL)
		}
	}
	if len(seen) == 0 {
		return nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("let reactions of room %s expire: %w", batch.Room, err)
	}
	return nil
}

// readReaction reads a record of the hash.
func readReaction(field, value string) (r chat.Reaction, ok bool) {
	emoji, person, ok := strings.Cut(strings.TrimPrefix(field, recordPrefix), " ")
	ms, rest, ok2 := strings.Cut(value, " ")
	kind, name, ok3 := strings.Cut(rest, " ")
	at, err := strconv.ParseInt(ms, 10, 64)
	if !ok || !ok2 || !ok3 || err != nil || person == "" {
		return r, false
	}
	r = chat.Reaction{Person: person, Name: name, Emoji: emoji, At: max(at, -at), On: at > 0}
	if kind == "a" {
		r.Author = person
	}
	return r, true
}
