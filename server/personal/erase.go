// Package personal gives people what the servers keep of them, and erases it.
//
// An erasure is a row (store.Erasure), written with the order, so that it is not
// lost with the process that took it. Of all API processes the one with a lease
// works on the rows, in short steps, and notes after each how far it is. A step
// that was cut off is done again: each of its parts may be.
//
// A message of a room is erased by an entry in its log, the same as its author's
// delete writes. From that follows all else: pages that show it drop it, Redis,
// the rings of the servers, the archive, its search index, its edits, replies
// that quote it and its files lose the text. So erasing is as slow as a room
// should bear.
package personal

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// Erasures is the part of the database that an Eraser needs.
type Erasures interface {
	TryLock(ctx context.Context, name string, ttl time.Duration) (bool, error)
	DueErasure(ctx context.Context, now time.Time) (e store.Erasure, ok bool, err error)
	SaveErasure(ctx context.Context, e store.Erasure) error
	FinishErasure(ctx context.Context, e store.Erasure, now time.Time) error
	ForgetErasures(ctx context.Context, before time.Time) error
	Written
}

// Written is what somebody has written, in the database.
type Written interface {
	Erasable(ctx context.Context, author string, upto time.Time, after store.ErasePlace, limit int) (
		[]store.RoomMessage, error)
	PrivateTexts(ctx context.Context, user int64, after store.ErasePlace, limit int) ([]store.Message, error)
	DeleteMessage(ctx context.Context, of, message string, author int64, at time.Time) (bool, error)
	PrivateLikes(ctx context.Context, user int64, after store.ErasePlace, limit int) ([]store.Like, error)
	ReactPrivately(ctx context.Context, r store.PrivateReaction) (bool, error)
	LikedMessages(ctx context.Context, author string, upto time.Time, after store.ErasePlace, limit int) (
		[]store.ErasePlace, error)
	ReactedTo(ctx context.Context, room, id string) (store.RoomMessage, error)
	Reactions(ctx context.Context, room, target string) ([]chat.Reaction, error)
	ForgetLikes(ctx context.Context, author string, upto time.Time) error
	DeleteFilesBy(ctx context.Context, author string, user int64, upto time.Time) error
	TakeName(ctx context.Context, author string, upto time.Time, limit int) (int, error)
	TakeOwner(ctx context.Context, author string, upto time.Time) error
}

// Log is where the entries of rooms are published.
type Log interface {
	// Publish calls done once, unless it returns an error.
	Publish(ctx context.Context, room string, m chat.Message, by chat.Writer,
		done func(at chat.Position, duplicate bool, err error)) error
}

// Reactions is who reacted to the messages of rooms.
type Reactions interface {
	// Restore applies reactions that were made earlier.
	Restore(ctx context.Context, room string, m *chat.Message, list []chat.Reaction, e chat.Earlier) (
		chat.Reacted, error)
	// Summarize publishes the counts of a message's reactions.
	Summarize(ctx context.Context, room string, m chat.Message,
		done func(again time.Duration, err error)) error
}

// Options configure an Eraser. Store, Log, Reactions and App are required.
type Options struct {
	Store     Erasures
	Log       Log
	Reactions Reactions
	Wake      func() // is called when private messages were erased; may be nil
	App       string
	Logger    *slog.Logger
	Now       func() time.Time // default time.Now

	// Batch is how many messages a step erases, and Pause the time between two
	// steps of all erasures. Default 20 and 1 s.
	Batch int
	Pause time.Duration
	// Settle is how long after the order the archive is looked at once more, for
	// what was on its way into it. Default 11 minutes: longer than servers give
	// back what Redis has lost.
	Settle time.Duration
}

const (
	eraseLease = "erasures" // held by the one process that erases
	leaseTime  = time.Minute
	stepTime   = 20 * time.Second
	// lookEvery is how often rows are looked for.
	lookEvery = 2 * time.Second
	// retryAfter is how long an erasure waits that could not go on.
	retryAfter = 10 * time.Second
	// recheck is how long the archive has to apply what was found at the last look.
	recheck = time.Minute
	// keptFor is how long a row stays once it is finished, for who asks.
	keptFor     = 30 * 24 * time.Hour
	forgetEvery = time.Hour
	// nameBatch is how many messages lose their name in one step: nobody but the
	// database notices.
	nameBatch = 200
)

// Eraser works on erasures. Run may be called once.
type Eraser struct {
	Options
	failing bool      // owned by Run: the last step failed
	forgot  time.Time // owned by Run
}

// NewEraser returns an Eraser.
func NewEraser(o Options) *Eraser {
	o.Batch = cmp.Or(o.Batch, 20)
	o.Pause = cmp.Or(o.Pause, time.Second)
	o.Settle = cmp.Or(o.Settle, chat.RepublishAge+time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	return &Eraser{Options: o}
}

// Run erases until ctx ends. Any number of processes may run one.
func (e *Eraser) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait, err := e.step(ctx)
		if err == nil {
			e.failing = false
		} else if ctx.Err() == nil {
			e.complain(ctx, err)
		}
		timer.Reset(wait)
	}
}

// complain logs the first of errors in a row. It does not warn of outages of the
// database: the watcher of the database does, once.
func (e *Eraser) complain(ctx context.Context, err error) {
	level := slog.LevelDebug
	if !e.failing && !store.Unavailable(err) {
		level, e.failing = slog.LevelWarn, true
	}
	e.Logger.Log(ctx, level, "personal: an erasure cannot go on, trying again", "error", err)
}

// step does one step of the erasure that waits longest, if one is due and no
// other process works on them. It returns how long to wait for the next step.
func (e *Eraser) step(ctx context.Context) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	now := e.Now()
	if now.Sub(e.forgot) >= forgetEvery {
		e.forgot = now
		if err := e.Store.ForgetErasures(ctx, now.Add(-keptFor)); err != nil {
			return lookEvery, err
		}
	}
	if _, ok, err := e.Store.DueErasure(ctx, now); err != nil || !ok {
		return lookEvery, err
	}
	if mine, err := e.Store.TryLock(ctx, eraseLease, leaseTime); err != nil || !mine {
		return lookEvery, err
	}
	// It may have been done since it was read: the lease may have just been freed.
	order, ok, err := e.Store.DueErasure(ctx, now)
	if err != nil || !ok {
		return lookEvery, err
	}
	next, err := e.advance(ctx, order)
	if err != nil {
		order.Due = e.Now().Add(retryAfter)
		if later := e.Store.SaveErasure(context.WithoutCancel(ctx), order); later != nil {
			return lookEvery, later
		}
		return lookEvery, fmt.Errorf("erasure %d, stage %d: %w", order.ID, order.Stage, err)
	}
	if next.Stage < stageDone {
		if next.Stage == order.Stage { // it has done something
			wait = e.Pause
		}
		return wait, e.Store.SaveErasure(ctx, next)
	}
	e.Logger.InfoContext(ctx, "personal: erasure finished", "erasure", next.ID, "user", next.User,
		"messages", next.Messages, "keep", next.Keep)
	return 0, e.Store.FinishErasure(ctx, next, e.Now())
}
