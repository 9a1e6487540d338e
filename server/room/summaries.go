package room

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/wire"
)

// A summary of the reactions to a message is published at most once a second.
// The server that took a reaction publishes it when that is over. Every server
// that receives a summary asks for the next one a second later, which mostly
// says that nothing has changed; so a server that dies with one pending costs
// nothing.

const (
	summaryEvery = time.Second
	// summaryJitter spreads the servers that ask.
	summaryJitter = 250 * time.Millisecond
	// summaryPause is the least time between two looks at what is due, so that
	// many reactions cost few looks.
	summaryPause = 10 * time.Millisecond
	// summaryAge is how old a summary may be that a room finds in its log when
	// it opens, to ask whether the next one was published.
	summaryAge = time.Minute
	// maxSummaries bounds the messages with a pending summary. One that is not
	// asked for comes with the next reaction.
	maxSummaries = 16_384
)

// summaries are those to be published.
type summaries struct {
	wake chan struct{} // holds a token while there may be new ones; never closed

	mu      sync.Mutex
	pending map[messageKey]*summary // guarded by mu
	flying  int                     // guarded by mu: own ones that are being published
}

type messageKey struct{ room, id string }

// summary is one that may have to be published. Guarded by summaries.mu.
type summary struct {
	target chat.Target
	due    time.Time
	since  time.Time // when it was first asked for
	own    bool      // this server has taken something that it tells
}

func newSummaries() summaries {
	return summaries{wake: make(chan struct{}, 1), pending: make(map[messageKey]*summary)}
}

// add asks for the summary of a message after a time. own says that this server
// has taken something that it tells.
func (s *summaries) add(room string, t chat.Target, after time.Duration, own bool) {
	now := time.Now()
	s.put(messageKey{room, t.ID}, summary{target: t, due: now.Add(after), since: now, own: own})
}

func (s *summaries) put(key messageKey, one summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.pending[key]
	switch {
	case ok:
		before.own = before.own || one.own
		if before.due.Before(one.due) {
			return
		}
		before.due, before.target = one.due, one.target
	case len(s.pending) >= maxSummaries:
		return
	default:
		s.pending[key] = &one
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take removes and returns those that are due, and the time until others are.
func (s *summaries) take() (due map[messageKey]summary, next time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	next = time.Minute
	for key, one := range s.pending {
		if wait := one.due.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		if due == nil {
			due = make(map[messageKey]summary)
		}
		due[key] = *one
		delete(s.pending, key)
		if one.own {
			s.flying++
		}
	}
	return due, next
}

// landed ends what take began. A summary that has to be tried once more is
// pending again, unless that goes on for too long.
func (s *summaries) landed(key messageKey, one summary, again time.Duration) {
	if again > 0 && time.Since(one.since) < chat.RepublishAge {
		one.due = time.Now().Add(again)
		s.put(key, one)
	}
	if one.own {
		s.mu.Lock()
		s.flying--
		s.mu.Unlock()
	}
}

// owned reports whether this server has taken something that no summary tells.
func (s *summaries) owned() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.pending {
		if one.own {
			return true
		}
	}
	return s.flying > 0
}

// publishSummaries publishes what is due, until ctx is done.
func (g *reactions) publishSummaries(ctx context.Context) {
	for ctx.Err() == nil {
		due, next := g.summaries.take()
		for key, one := range due {
			g.summarize(ctx, key, one)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(next, summaryPause)):
		}
		if next <= summaryPause || len(due) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-g.summaries.wake:
		case <-time.After(next - summaryPause):
		}
	}
}

// summarize publishes the summary of a message, if it has to be.
func (g *reactions) summarize(ctx context.Context, key messageKey, one summary) {
	m := chat.ReactionsTo(one.target, uuid.NewString(), g.app)
	done := func(again time.Duration, err error) {
		if err != nil {
			g.logger.Debug("room: cannot publish a summary of reactions", "room", key.room, "error", err)
			again = summaryEvery
		}
		g.summaries.landed(key, one, again)
	}
	if err := g.store.Summarize(ctx, key.room, m, done); err != nil {
		done(0, err)
	}
}

// SettleReactions waits until summaries tell everything that this server has
// taken, for at most two seconds, or until ctx is done. Run has to run.
func (g *Registry) SettleReactions(ctx context.Context) {
	if g.reactions == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*summaryEvery)
	defer cancel()
	tick := time.NewTicker(summaryPause)
	defer tick.Stop()
	for g.reactions.summaries.owned() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// noteSummary asks for the summary after one that was just appended.
func (r *Room) noteSummary(frame []byte) {
	if r.registry == nil || r.registry.reactions == nil || !wire.IsOfType(frame, chat.TypeReactions) {
		return
	}
	payload, ok := wire.Payload(frame, r.Position().Epoch) // any epoch would do
	if !ok {
		return
	}
	m, err := chat.DecodePayload(payload)
	if err != nil || m.Target().ID == "" || !r.opened && time.Since(time.UnixMilli(m.At)) > summaryAge {
		return
	}
	r.registry.reactions.summaries.add(r.Name, m.Target(), summaryEvery+rand.N(summaryJitter), false)
}
