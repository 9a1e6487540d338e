package moderation

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// Roles says what accounts are in rooms, other than admins.
type Roles interface {
	RoleIn(ctx context.Context, room string, user int64) (Rank, error)
}

// DeskStore is what a Desk reads and writes besides the rules. *store.Store
// implements it; see there.
type DeskStore interface {
	UserByID(ctx context.Context, id int64) (store.User, error)
	RoomRules(ctx context.Context, room string, now time.Time) (chat.RoomRules, error)
	FindRoomMessage(ctx context.Context, room, id string, seq int64) (store.RoomMessage, error)
	RoomMessagesBy(ctx context.Context, room, author, session string, since time.Time, limit int) (
		[]store.RoomMessage, error)
	Record(ctx context.Context, e store.AuditEntry) error
	AddRoomDeletes(ctx context.Context, deletes []store.RoomDelete, now time.Time, also store.Also) error
	RoomDeletes(ctx context.Context, before time.Time, limit int) ([]store.RoomDelete, error)
	RoomDeleted(ctx context.Context, id string) error
	AddReport(ctx context.Context, r store.Report) (isNew bool, err error)
	Reports(ctx context.Context, room string, closed bool, before int64, limit int) ([]store.Report, error)
	CloseReport(ctx context.Context, room string, id int64, now time.Time, by, outcome string,
		also func(store.Report) store.Also) (store.Report, error)
}

var _ DeskStore = (*store.Store)(nil)

// DeskOptions configure a Desk.
type DeskOptions struct {
	Rules *Service
	Store DeskStore
	Roles Roles // nil: nobody but admins has a role
	// Account returns the account with a name, in any case. store.ErrNotFound.
	Account func(ctx context.Context, name string) (store.User, error)
	Log     Log
	App     string // of the entries that it publishes
	// Address returns the subject of the address from which somebody wrote last
	// in a room; empty if that is not known.
	Address func(ctx context.Context, room string, person chat.Subject) (chat.Subject, error)
	// Kick closes the sockets of somebody in a room, on all servers.
	Kick func(ctx context.Context, room string, k Kick) error
	// Did counts what was done, as in the audit log; "report": a message was
	// reported. Nil: nobody counts.
	Did    func(action string)
	Logger *slog.Logger
}

// Desk is where people moderate: it knows who may do what to whom, does it and
// writes it into the audit log. Errors are those of Service, and of package chat:
// forbidden, unknown_user, unknown_message. All methods may be called from any
// goroutine.
type Desk struct{ o DeskOptions }

// NewDesk returns a Desk.
func NewDesk(o DeskOptions) *Desk {
	if o.Did == nil {
		o.Did = func(string) {}
	}
	return &Desk{o}
}

// Sentence is a mute or a ban as somebody asks for it.
type Sentence struct {
	Kind    string // store.KindMute or store.KindBan
	Who     Who
	Ends    time.Time // zero: never
	Reason  string
	Address bool // ban the address as well, if it is known
}

// Add mutes or bans somebody, and returns what is in force then: one or, with
// the address, two. After ErrPending it is in force soon.
func (d *Desk) Add(ctx context.Context, a Actor, room string, s Sentence) (added []store.Ban, err error) {
	if s.Address && s.Kind != store.KindBan {
		return nil, chat.Errorf(chat.CodeBadRequest, "an address can be banned, not muted")
	}
	if _, err := d.May(ctx, a, room); err != nil {
		return nil, err
	}
	p, err := d.find(ctx, room, s.Who)
	if err != nil {
		return nil, err
	}
	if err := d.over(ctx, a, room, p); err != nil {
		return nil, err
	}
	subjects := []chat.Subject{p.subject}
	if s.Address {
		address, err := d.o.Address(ctx, room, p.subject)
		if err != nil {
			return nil, err
		}
		if address != "" {
			subjects = append(subjects, address)
		}
	}
	add, action := d.o.Rules.Mute, store.ActionMute
	if s.Kind == store.KindBan {
		add, action = d.o.Rules.Ban, store.ActionBan
	}
	var pending error
	for _, of := range subjects {
		o := Order{Room: room, Subject: of, Name: p.name, By: a.by(s.Reason), Ends: s.Ends}
		switch err := add(ctx, o); {
		case errors.Is(err, ErrPending):
			pending = err
		case err != nil:
			return added, tooMany(err)
		}
		d.o.Did(action)
		added = append(added, store.Ban{
			Room: room, Kind: s.Kind, Subject: of, Name: p.name, Reason: s.Reason, By: a.Name,
			At: time.Now(), Ends: s.Ends,
		})
	}
	return added, pending
}

// tooMany is ErrTooManyBans for clients.
func tooMany(err error) error {
	if errors.Is(err, store.ErrTooManyBans) {
		return chat.Errorf(chat.CodeBadRequest,
			"this room has as many mutes and bans as it can have; lift some")
	}
	return err
}

// Lift takes back a mute or a ban. Nobody lifts one of their own, nor of
// somebody whom they could not have given it. Code: not_found.
func (d *Desk) Lift(ctx context.Context, a Actor, room, kind string, w Who, reason string) error {
	if _, err := d.May(ctx, a, room); err != nil {
		return err
	}
	p, err := d.find(ctx, room, w)
	if err != nil {
		return err
	}
	if err := d.over(ctx, a, room, p); err != nil {
		return err
	}
	lift, action := d.o.Rules.Unmute, store.ActionUnmute
	if kind == store.KindBan {
		lift, action = d.o.Rules.Unban, store.ActionUnban
	}
	return d.did(action, lift(ctx, room, p.subject, a.by(reason)))
}

// Bans returns the mutes or the bans of a room that have not ended, newest
// first.
func (d *Desk) Bans(ctx context.Context, a Actor, room, kind string) (some []store.Ban, err error) {
	if _, err := d.May(ctx, a, room); err != nil {
		return nil, err
	}
	all, err := d.o.Rules.Bans(ctx, room)
	for _, b := range all {
		if b.Kind == kind {
			some = append(some, b)
		}
	}
	return some, err
}

// Settings returns the rules of a room other than mutes and bans.
func (d *Desk) Settings(ctx context.Context, a Actor, room string) (store.RoomSettings, error) {
	if _, err := d.May(ctx, a, room); err != nil {
		return store.RoomSettings{}, err
	}
	r, err := d.o.Store.RoomRules(ctx, room, time.Now())
	return store.RoomSettings{Slow: r.Slow, Registered: r.Registered, Paused: r.Paused,
		Words: chat.WordsText(r.Words)}, err
}

// Set changes the rules of a room other than mutes and bans, and returns them as
// they are then. change may be called again.
func (d *Desk) Set(ctx context.Context, a Actor, room string, change func(*store.RoomSettings),
	reason string) (now store.RoomSettings, err error) {
	if _, err := d.May(ctx, a, room); err != nil {
		return now, err
	}
	err = d.o.Rules.SetRules(ctx, room, func(r *store.RoomSettings) {
		change(r)
		now = *r
	}, a.by(reason))
	return now, d.did(store.ActionRules, err)
}

// did counts what was done, unless it failed, and returns the error.
func (d *Desk) did(action string, err error) error {
	if err == nil || errors.Is(err, ErrPending) {
		d.o.Did(action)
	}
	return err
}
