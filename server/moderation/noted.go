package moderation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// Deletes are noted in the database, with their record in the audit log, until
// they are in the log of the room. So none gets lost while Redis is away, and
// commands, which have no Redis, note them as well.

// erase deletes messages of a room, and returns how many are deleted. Those for
// which Redis is away, ErrPending, are deleted by Run.
func (d *Desk) erase(ctx context.Context, a Actor, room string, all []chat.Message, e store.AuditEntry) (
	deleted int, err error) {
	deletes := DeletesOf(room, a.Name, all)
	if err := d.o.Store.AddRoomDeletes(ctx, deletes, time.Now(), Recorded(e)); err != nil {
		return 0, err
	}
	d.o.Did(e.Action)
	for _, one := range deletes {
		if err := d.publish(ctx, one); err != nil {
			d.o.Logger.WarnContext(ctx, "moderation: a delete waits for Redis", "room", room, "error", err)
			return deleted, fmt.Errorf("%w: %w", ErrPending, err)
		}
		deleted++
	}
	return deleted, nil
}

// Deleting returns an archived message as DeletesOf takes it, and the entry of
// the audit log for its delete by an operator.
func Deleting(by store.By, row store.RoomMessage) (chat.Message, store.AuditEntry, error) {
	m := archived(row)
	p := person{name: m.Name}
	if m.Author == "" || m.Author[0] != chat.AccountAuthor("")[0] {
		p.subject = chat.GuestSubject(cmp.Or(m.Author, m.Session))
	}
	e, err := entry(Actor{}, row.Room, store.ActionMessage, p, "", deleteDetails{m.Seq, m.ID})
	e.By = by
	return m, e, err
}

// DeletesOf returns the deletes of messages of a room by somebody with a name.
func DeletesOf(room, name string, all []chat.Message) (deletes []store.RoomDelete) {
	for _, m := range all {
		deletes = append(deletes, store.RoomDelete{
			ID: uuid.NewString(), Room: room, Target: chat.Target{Seq: m.Seq, ID: m.ID}, Author: m.Author,
			Session: m.Session, Name: name,
		})
	}
	return deletes
}

// publish puts a delete into the log of its room. It may be there already.
func (d *Desk) publish(ctx context.Context, r store.RoomDelete) error {
	gone := chat.Message{
		Type: chat.TypeDelete, ID: r.ID, App: d.o.App, Session: r.Session, Author: r.Author, Name: r.Name,
		Extra: chat.ByModerator(r.Target),
	}
	if err := d.o.Log.Publish(ctx, r.Room, gone); err != nil {
		if e, ok := errors.AsType[*chat.Error](err); !ok || e.Retryable || e.Code == chat.CodeInternal {
			return fmt.Errorf("delete a message of room %s: %w", r.Room, err)
		}
		// It would hold up all that come after it.
		d.o.Logger.ErrorContext(ctx, "moderation: a delete is refused", "room", r.Room, "error", err)
	}
	return d.o.Store.RoomDeleted(ctx, r.ID)
}

const (
	eraseEvery = time.Second
	erasePage  = 100
	// eraseGrace is how long whoever notes a delete has to publish it.
	eraseGrace = 3 * time.Second
)

// Run publishes deletes that were noted by commands, or while Redis was away,
// until ctx is done.
func (d *Desk) Run(ctx context.Context) {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	for {
		// Outages of Redis or the database are logged elsewhere.
		if err := d.eraseNoted(ctx); err != nil && ctx.Err() == nil {
			d.o.Logger.Debug("moderation: cannot publish deletes", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (d *Desk) eraseNoted(ctx context.Context) error {
	for {
		noted, err := d.o.Store.RoomDeletes(ctx, time.Now().Add(-eraseGrace), erasePage)
		if err != nil {
			return err
		}
		for _, one := range noted {
			if err := d.publish(ctx, one); err != nil {
				return err
			}
		}
		if len(noted) < erasePage {
			return nil
		}
	}
}
