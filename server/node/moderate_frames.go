package node

import (
	"context"
	"errors"
	"time"

	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/moderation"
	"livechat/server/store"
	"livechat/server/wire"
)

// What moderate frames ask for, done at the desk.

// moderateOptions returns how clients of rooms moderate; nil if they cannot. As
// with files, a server without the API works in the database of those that have
// it, which it must be able to write: not a file of SQLite, which has one
// writer.
func (n *Node) moderateOptions() func(ctx context.Context, user int64, room string, req wire.Request) error {
	db := n.database
	if db == nil || n.cfg.Server.Role == config.RoleWS && db.Dialect() != "postgres" {
		return nil
	}
	rules := moderation.New(moderation.Options{
		Store: db, Apply: n.bus.SetRules, Audit: moderation.Audit, Logger: n.logger,
	})
	desk := n.newDesk(db, rules)
	return func(ctx context.Context, user int64, room string, req wire.Request) error {
		u, err := db.UserByID(ctx, user)
		if err != nil {
			return err
		}
		err = moderateBy(ctx, desk, moderation.ActorOf(u), room, req)
		if errors.Is(err, moderation.ErrPending) {
			return nil // it holds as soon as Redis has it
		}
		return err
	}
}

// maxMinutes bounds how long a mute or a ban with an end lasts: ten years.
const maxMinutes = 10 * 366 * 24 * 60

var (
	errAction = chat.Errorf(chat.CodeBadRequest, "unknown action; use mute, unmute, ban, unban, kick, delete, "+
		"slow, pause, resume, registered, pin or unpin")
	errMinutes = chat.Errorf(chat.CodeBadRequest, "minutes must be a number from 1 to %d", maxMinutes)
	errSlow    = chat.Errorf(chat.CodeBadRequest, "slow_s must be a number from 0 to %d",
		int64(chat.MaxSlow.Seconds()))
)

func moderateBy(ctx context.Context, desk *moderation.Desk, a moderation.Actor, room string,
	req wire.Request) error {
	m := req.Moderate
	if m.Minutes < 0 || m.Minutes > maxMinutes {
		return errMinutes
	}
	lasts, who := time.Duration(m.Minutes)*time.Minute, whoOf(req)
	switch m.Action {
	case wire.ActionMute, wire.ActionBan:
		s := moderation.Sentence{Kind: m.Action, Who: who, Reason: m.Reason, Address: m.Address}
		if lasts > 0 {
			s.Ends = time.Now().Add(lasts)
		}
		_, err := desk.Add(ctx, a, room, s)
		return err
	case wire.ActionUnmute:
		return desk.Lift(ctx, a, room, store.KindMute, who, m.Reason)
	case wire.ActionUnban:
		return desk.Lift(ctx, a, room, store.KindBan, who, m.Reason)
	case wire.ActionKick:
		return desk.Kick(ctx, a, room, who, m.Name, m.Reason)
	case wire.ActionDelete:
		if who.Message != nil {
			return desk.Delete(ctx, a, room, *who.Message, m.Reason)
		}
		if lasts == 0 {
			lasts = time.Hour
		}
		_, _, err := desk.DeleteAll(ctx, a, room, who, time.Now().Add(-lasts), m.Reason)
		return err
	}
	switch m.Action {
	case wire.ActionPin:
		return desk.Pin(ctx, a, room, req.Target, m.Reason)
	case wire.ActionUnpin:
		return desk.Unpin(ctx, a, room, m.Reason)
	}
	change, err := changeOf(m)
	if err != nil {
		return err
	}
	_, err = desk.Set(ctx, a, room, change, m.Reason)
	return err
}

// whoOf returns whom a moderate frame means.
func whoOf(req wire.Request) moderation.Who {
	m := req.Moderate
	w := moderation.Who{Account: m.Account, Author: m.Author, Session: m.Session, Subject: m.Subject}
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
