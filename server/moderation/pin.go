package moderation

import (
	"context"
	"errors"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// Pin pins a message in a room, in the place of the one before; nil: none. Codes:
// unknown_message, it is deleted; not_found, nothing is pinned.
func (s *Service) Pin(ctx context.Context, room string, pin *chat.Pin, by store.By) error {
	if err := CheckRoom(room); err != nil {
		return err
	}
	if err := checkReason(by.Reason); err != nil {
		return err
	}
	now := time.Now()
	_, err := s.o.Store.SetPin(ctx, room, pin, now, func(before *chat.Pin) store.Also {
		r := Record{Action: store.ActionPin, Room: room, By: by, At: now, Pin: pin}
		if pin == nil {
			r.Action, r.Pin = store.ActionUnpin, before
		}
		return s.also(r)
	})
	switch {
	case errors.Is(err, store.ErrNotFound) && pin == nil:
		return chat.Errorf(chat.CodeNotFound, "nothing is pinned in this room")
	case errors.Is(err, store.ErrNotFound):
		return ErrUnknown
	case err != nil:
		return err
	}
	return s.applyNow(ctx, room)
}

// Pin pins a message of a room, in the place of the one before.
func (d *Desk) Pin(ctx context.Context, a Actor, room string, t chat.Target, reason string) error {
	if _, err := d.May(ctx, a, room); err != nil {
		return err
	}
	m, err := d.message(ctx, room, t)
	if err != nil {
		return err
	}
	if m.IsDeletedMessage() {
		return ErrUnknown
	}
	pin := &chat.Pin{
		Target: chat.Target{Seq: m.Seq, ID: m.ID}, Session: m.Session, Author: m.Author, Name: m.Name, By: a.Name,
		At: time.Now().UnixMilli(),
	}
	return d.did(store.ActionPin, d.o.Rules.Pin(ctx, room, pin, a.by(reason)))
}

// Unpin ends the pin of a room. Code: not_found.
func (d *Desk) Unpin(ctx context.Context, a Actor, room, reason string) error {
	if _, err := d.May(ctx, a, room); err != nil {
		return err
	}
	return d.did(store.ActionUnpin, d.o.Rules.Pin(ctx, room, nil, a.by(reason)))
}
