package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

// Publication is an entry on its way into the log of its room.
type Publication struct {
	Room string
	Type string // [a-z]+; "" for a message
	// ID identifies the message: its id and its author, see chat.LogKey.
	// Publishing it again within the time that ids are remembered, by any
	// server, appends nothing. No spaces.
	ID string
	// Body is the middle of the payload as chat.AppendBody writes it; the
	// script puts seq, time and epoch around it. It must not change until Done.
	Body []byte
	// Digest of the content (chat.LogDigest): it tells a repetition from another
	// entry with the same ID.
	Digest string
	// About is the message that this edits, deletes or answers, and AboutKey
	// its ID in the sense above if it is of the same author; zero if there is
	// none. In a feed it is the private message that an event tells of, without
	// a Seq and AboutKey.
	About    chat.Target
	AboutKey string
	// By is who writes it, for the rules of the room; zero: they do not matter.
	By chat.Writer
	// Said is what is looked for blocked words, and Verdict what was found: see
	// WordOptions.
	Said    []string
	Verdict string
	// Known: it is only asked where the entry is; see chat.Message.IsQuestion.
	// If it is not in the log, it is not put there either.
	Known bool
	// Epoch is the one in which the log has to be; empty: any. In another one,
	// or if the log has to be opened first, nothing is done, and the error of
	// Done is chat.ErrLogClosed. The log is being opened then.
	Epoch string
	// Done is called exactly once, by the publisher. It must not block, nor call
	// PublishBody. The error carries a chat.Error: id_conflict, one of
	// chat.RuleRefusal, or a retryable unavailable. After the latter the message
	// may or may not be in the log, and publishing it again is right.
	Done func(Receipt, error)
}

// Receipt says where a message is in the log.
type Receipt struct {
	Position  chat.Position
	Duplicate bool // it was there before
	// Quiet: a summary of reactions was not needed, or not yet: it is to be
	// published in Again. 0: not at all, unless somebody reacts.
	Quiet bool
	Again time.Duration
	// Epoch of the log now. A message that was there before may be of an
	// earlier one.
	Epoch string
}

// Publish queues a message for the log of its room, as PublishBody does. by is
// who writes it, as in Publication. done is called as Publication.Done is, with
// the position and whether the message had been there before.
func (b *Bus) Publish(ctx context.Context, room string, m chat.Message, by chat.Writer,
	done func(at chat.Position, duplicate bool, err error)) error {
	p := publicationOf(room, &m)
	p.By, p.Said = by, saidIn(&m)
	p.Known = m.IsQuestion()
	b.look(&p)
	p.Done = func(r Receipt, err error) { done(r.Position, r.Duplicate, err) }
	return b.PublishBody(ctx, p)
}

// publicationOf returns what publishes m, without Done.
func publicationOf(room string, m *chat.Message) Publication {
	if m.Type == chat.TypeReactions { // the script adds the counts
		asks := chat.ReactionsTo(m.Target(), m.ID, m.App)
		m = &asks
	}
	p := Publication{
		Room: room, Type: m.Type, ID: chat.LogKey(room, m), Body: chat.AppendBody(nil, m),
		Digest: chat.LogDigest(room, m),
	}
	if chat.IsFeed(room) {
		e, _ := m.Event()
		p.About.ID = e.Message
		return p
	}
	if p.Type != chat.TypeTombstone {
		about, deleted := m.About()
		if !deleted { // else there is nothing to forget
			p.About = about
		}
	}
	if p.About.ID != "" {
		of := chat.Message{ID: p.About.ID, Author: m.Author}
		p.AboutKey = of.Key()
	}
	return p
}

// PublishEvent puts an event into a feed, or an entry that nobody's rules are
// about into the log of a room, and returns the epoch of the feed when
// it is there. Publishing it again with the same id is no error, whatever else
// it has then. After an error the event may be in the feed or not. epoch is that
// of Publication.
func (b *Bus) PublishEvent(ctx context.Context, room string, e chat.Message, epoch string) (
	now string, err error) {
	type result struct {
		receipt Receipt
		err     error
	}
	done := make(chan result, 1)
	p := publicationOf(room, &e)
	p.Epoch = epoch
	p.Done = func(r Receipt, err error) { done <- result{r, err} }
	if err := b.PublishBody(ctx, p); err != nil {
		return "", err
	}
	select {
	case r := <-done:
		return r.receipt.Epoch, r.err
	case <-ctx.Done():
		return "", fmt.Errorf("wait for an event to be published: %w", context.Cause(ctx))
	}
}

// PublishBody queues p. While the queue is full it waits. The publications of
// one caller reach the log in the order of its calls. An error, that of ctx or
// a retryable unavailable once the bus has stopped, means that p has not been
// queued and Done is not called.
func (b *Bus) PublishBody(ctx context.Context, p Publication) error {
	switch err := b.put(ctx, queued{Publication: p, since: time.Now()}); {
	case errors.Is(err, errStopped):
		return fmt.Errorf("publish: %w", unavailable(err))
	case err != nil:
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}
