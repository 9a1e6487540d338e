package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"livechat/server/chat"
)

// Reacting does not go through the log: Redis keeps who reacted, and the log
// gets summaries. This file takes what persons do, summaries.go publishes the
// summaries, taken.go remembers what was taken, in case Redis loses it, and
// spread.go tells the other servers.

// ReactionStore is where the reactions to messages are kept for all servers.
type ReactionStore interface {
	// React sets an emoji of a person under the message m, or takes it back.
	React(ctx context.Context, room string, m *chat.Message, r chat.Reaction, e chat.Earlier) (
		chat.Reacted, error)
	// Restore applies reactions that were made earlier: of each person's emoji
	// the last change counts.
	Restore(ctx context.Context, room string, m *chat.Message, list []chat.Reaction, e chat.Earlier) (
		chat.Reacted, error)
	// Summarize queues a summary, made by chat.ReactionsTo. done is called once,
	// and must not block, unless the error is not nil. If nothing was published,
	// again is when to try once more; 0: that is not needed.
	Summarize(ctx context.Context, room string, m chat.Message,
		done func(again time.Duration, err error)) error
}

const (
	// fillTime bounds how long the archive may take to say who reacted.
	fillTime = 4 * time.Second
	// fillPause is how long the archive is not asked after it did not answer.
	// Reactions are taken meanwhile, beside those that Redis knows.
	fillPause = 5 * time.Second
)

// reactions are those of the rooms of a registry.
type reactions struct {
	// Set at construction.
	store   ReactionStore
	archive Archive // may be nil
	app     string
	logger  *slog.Logger
	node    string
	gossip  func(ctx context.Context, payload []byte) error

	fills     singleflight.Group
	summaries summaries
	taken     taken
	spread    spread

	mu     sync.Mutex
	failed time.Time // guarded by mu: when the archive last failed to answer
}

func newReactions(o Options) *reactions {
	if o.Reactions == nil {
		return nil
	}
	return &reactions{
		store: o.Reactions, archive: o.Archive, app: o.App, logger: o.Logger,
		node: o.Node, gossip: o.Gossip, summaries: newSummaries(), taken: newTaken(), spread: newSpread(),
	}
}

// run publishes summaries, and restores what Redis has lost, until ctx is done.
func (g *reactions) run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { g.restoreLost(ctx) })
	loops.Go(func() { g.spreadTaken(ctx) })
	g.publishSummaries(ctx)
	loops.Wait()
}

// React sets an emoji of a person under the message m, or takes it back. When
// it returns without an error, Redis has it. Codes: unknown_message if m is
// deleted, too_many_reactions, unavailable, forbidden where nobody can react,
// and those of chat.RuleRefusal.
func (r *Room) React(ctx context.Context, m *chat.Message, reaction chat.Reaction) error {
	if r.registry == nil || r.registry.reactions == nil {
		return chat.Errorf(chat.CodeForbidden, "nobody can react here")
	}
	return r.registry.reactions.react(ctx, r.Name, m, reaction)
}

func (g *reactions) react(ctx context.Context, room string, m *chat.Message, r chat.Reaction) error {
	got, err := g.store.React(ctx, room, m, r, chat.EarlierAsked)
	if err == nil && got.Unknown {
		g.fill(ctx, room, m)
		got, err = g.store.React(ctx, room, m, r, chat.EarlierUnknown)
	}
	if err != nil {
		if chat.AsError(err).Retryable { // Redis may have it all the same
			g.summaries.add(room, chat.Target{Seq: m.Seq, ID: m.ID}, summaryEvery, true)
		}
		return fmt.Errorf("react in %s: %w", room, err)
	}
	r.By = chat.Writer{}
	if r.At = got.At; r.At > 0 { // 0: taken back by who had not reacted
		t := takenReaction{room: room, message: written(m), reaction: r, epoch: got.Epoch, when: time.Now()}
		g.taken.add(t)
		g.spread.add(t)
	}
	if got.Due >= 0 {
		g.summaries.add(room, chat.Target{Seq: m.Seq, ID: m.ID}, got.Due, true)
	}
	return nil
}

// written returns what is needed of a message to react to it.
func written(m *chat.Message) chat.Message {
	return chat.Message{Seq: m.Seq, ID: m.ID, Author: m.Author, Session: m.Session}
}

// fill tells Redis who reacted to a message as far as the archive knows. If that
// does not answer, Redis goes on with what it has, and is told later.
func (g *reactions) fill(ctx context.Context, room string, m *chat.Message) {
	_, err, _ := g.fills.Do(room+" "+m.ID, func() (any, error) {
		// others wait for it, too
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTime)
		defer cancel()
		list, err := g.archived(ctx, room, m.ID)
		if err != nil {
			return nil, err
		}
		return g.store.Restore(ctx, room, m, list, chat.EarlierGiven)
	})
	if err != nil {
		g.logger.Debug("room: cannot read who reacted, going on without", "room", room, "error", err)
	}
}

var errPause = errors.New("the archive did not answer a moment ago")

// archived returns who reacted to a message as the archive has it.
func (g *reactions) archived(ctx context.Context, room, id string) ([]chat.Reaction, error) {
	if g.archive == nil {
		return nil, nil
	}
	g.mu.Lock()
	paused := time.Since(g.failed) < fillPause
	g.mu.Unlock()
	if paused {
		return nil, errPause
	}
	list, err := g.archive.Reactions(ctx, room, id)
	if err != nil {
		g.mu.Lock()
		g.failed = time.Now()
		g.mu.Unlock()
		return nil, fmt.Errorf("read who reacted from the archive of %s: %w", room, err)
	}
	return slices.DeleteFunc(list, func(r chat.Reaction) bool {
		return !chat.IsEmoji(r.Emoji) || r.Person == "" || r.At <= 0
	}), nil
}
