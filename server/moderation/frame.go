package moderation

import (
	"context"
	"errors"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// MaxMinutes bounds how long a mute or a ban with an end lasts: ten years.
const MaxMinutes = 10 * 366 * 24 * 60

var (
	errAction = chat.Errorf(chat.CodeBadRequest, "unknown action; use "+
		"mute, unmute, ban, unban, kick, delete, slow, pause, resume, registered, pin or unpin")
	errMinutes = chat.Errorf(chat.CodeBadRequest, "minutes must be a number from 1 to %d", MaxMinutes)
	errSlow    = chat.Errorf(chat.CodeBadRequest, "slow_s must be a number from 0 to %d",
		int64(chat.MaxSlow.Seconds()))
)

// Frame does what an account asks for in a moderate frame. A pending rule holds
// as soon as Redis has it, and is no error.
func (d *Desk) Frame(ctx context.Context, user int64, room string, req wire.Request) error {
	u, err := d.o.Store.UserByID(ctx, user)
	if err != nil {
		return err
	}
	if err := d.frame(ctx, ActorOf(u), room, req); !errors.Is(err, ErrPending) {
		return err
	}
	return nil
}

func (d *Desk) frame(ctx context.Context, a Actor, room string, req wire.Request) error {
	m := req.Moderate
	if m.Minutes < 0 || m.Minutes > MaxMinutes {
		return errMinutes
	}
	lasts, who := time.Duration(m.Minutes)*time.Minute, whoOf(req)
	switch m.Action {
	case wire.ActionMute, wire.ActionBan:
		s := Sentence{Kind: m.Action, Who: who, Reason: m.Reason, Address: m.Address}
		if lasts > 0 {
			s.Ends = time.Now().Add(lasts)
		}
		_, err := d.Add(ctx, a, room, s)
		return err
	case wire.ActionUnmute:
		return d.Lift(ctx, a, room, store.KindMute, who, m.Reason)
	case wire.ActionUnban:
		return d.Lift(ctx, a, room, store.KindBan, who, m.Reason)
	case wire.ActionKick:
		return d.Kick(ctx, a, room, who, m.Name, m.Reason)
	case wire.ActionDelete:
		if who.Message != nil {
			return d.Delete(ctx, a, room, *who.Message, m.Reason)
		}
		if lasts == 0 {
			lasts = time.Hour
		}
		_, _, err := d.DeleteAll(ctx, a, room, who, time.Now().Add(-lasts), m.Reason)
		return err
	case wire.ActionPin:
		return d.Pin(ctx, a, room, req.Target, m.Reason)
	case wire.ActionUnpin:
		return d.Unpin(ctx, a, room, m.Reason)
	}
	change, err := changeOf(m)
	if err != nil {
		return err
	}
	_, err = d.Set(ctx, a, room, change, m.Reason)
	return err
}

// whoOf returns whom a moderate frame means.
func whoOf(req wire.Request) Who {
	m := req.Moderate
	w := Who{Account: m.Account, Author: m.Author, Session: m.Session, Subject: m.Subject}
	if req.Target.Seq > 0 {
		w.Message = &req.Target
	}
	return w
}

// changeOf returns what a moderate frame changes of the rules of a room.
func changeOf(m *wire.Moderate) (func(*store.RoomSettings), error) {
	switch m.Action {
	case wire.ActionSlow:
		if m.Slow < 0 || m.Slow > int64(chat.MaxSlow.Seconds()) {
			return nil, errSlow
		}
		return func(s *store.RoomSettings) { s.Slow = time.Duration(m.Slow) * time.Second }, nil
	case wire.ActionPause, wire.ActionResume:
		return func(s *store.RoomSettings) { s.Paused = m.Action == wire.ActionPause }, nil
	case wire.ActionRegistered:
		return func(s *store.RoomSettings) { s.Registered = m.On == nil || *m.On }, nil
	}
	return nil, errAction
}
