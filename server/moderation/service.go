package moderation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"livechat/server/chat"
	"livechat/server/store"
)

// Store keeps the truth. *store.Store implements it; see there.
type Store interface {
	SetRoomSettings(ctx context.Context, room string, change func(*store.RoomSettings) error, now time.Time,
		also func(store.RoomSettings) store.Also) (version int64, err error)
	AddBan(ctx context.Context, b store.Ban, also store.Also) (version int64, err error)
	RemoveBan(ctx context.Context, room, kind string, of chat.Subject, now time.Time,
		also func(name string) store.Also) (version int64, err error)
	Bans(ctx context.Context, room string, now time.Time) ([]store.Ban, error)
	SetPin(ctx context.Context, room string, pin *chat.Pin, now time.Time,
		also func(before *chat.Pin) store.Also) (version int64, err error)
	RoomRules(ctx context.Context, room string, now time.Time) (chat.RoomRules, error)
	UnappliedRules(ctx context.Context, limit int) (rooms []string, err error)
	RulesApplied(ctx context.Context, room string, version int64) error
	ExpireBans(ctx context.Context, now time.Time) (deleted int64, err error)
	ExpireReports(ctx context.Context, now time.Time) (deleted int64, err error)
}

var _ Store = (*store.Store)(nil)

// Options configure a Service.
type Options struct {
	Store Store
	// Apply puts the working copy of a room's rules beside its log, unless there
	// is a newer one. Nil: this process has no Redis, and the Run of another one
	// applies its changes.
	Apply func(ctx context.Context, room string, r chat.RoomRules) error
	// Audit writes down what was done, in the transaction in which it is done;
	// after an error nothing is. Nil: nowhere. See Audit.
	Audit  func(ctx context.Context, tx *store.Tx, r Record) error
	Logger *slog.Logger // may be nil without Apply
}

// Record says what was done, for the audit log.
type Record struct {
	Action  string // of package store, such as store.ActionBan
	Room    string
	By      store.By
	Subject chat.Subject // empty for rules
	Name    string       // of the subject; empty if that is not known
	At      time.Time
	Ends    time.Time          // zero: never, or it does not apply
	Rules   store.RoomSettings // as they are now, for rules
	Pin     *chat.Pin          // what is pinned, or is not any more
}

// Order is a mute or a ban.
type Order struct {
	Room    string
	Subject chat.Subject
	Name    string    // of the subject, as it is shown
	By      store.By  // who decides it, and why
	Ends    time.Time // zero: never
}

// ErrPending says that a change is in the database, and not in Redis yet. It
// holds as soon as an API server reaches Redis.
var ErrPending = errors.New("the change is kept, and holds as soon as Redis has it")

const (
	// applyTime bounds how long a change waits for Redis. After that Run takes
	// over.
	applyTime  = 2 * time.Second
	applyEvery = time.Second
	applyPage  = 100
	// expireEvery is how often mutes and bans that have ended are deleted.
	expireEvery = time.Minute
)

// Service changes the rules of rooms. Errors are of package chat if the request
// is at fault; store.ErrTooManyBans; ErrPending; else the database could not do
// it. All methods may be called from any goroutine.
type Service struct{ o Options }

// New returns a Service.
func New(o Options) *Service { return &Service{o: o} }

// Mute keeps someone from writing in a room. When it returns without an error,
// and there is an Apply, nobody takes a message of theirs any more.
func (s *Service) Mute(ctx context.Context, o Order) error {
	return s.add(ctx, store.KindMute, store.ActionMute, o)
}

// Ban keeps someone out of a room. When it returns without an error, and there
// is an Apply, nobody takes a message of theirs any more, and their sockets are
// being closed.
func (s *Service) Ban(ctx context.Context, o Order) error {
	return s.add(ctx, store.KindBan, store.ActionBan, o)
}

// Unmute takes back a mute. Code: not_found.
func (s *Service) Unmute(ctx context.Context, room string, of chat.Subject, by store.By) error {
	return s.remove(ctx, store.KindMute, store.ActionUnmute, room, of, by)
}

// Unban takes back a ban. Code: not_found.
func (s *Service) Unban(ctx context.Context, room string, of chat.Subject, by store.By) error {
	return s.remove(ctx, store.KindBan, store.ActionUnban, room, of, by)
}

// Bans returns the mutes and bans of a room that have not ended, newest first.
func (s *Service) Bans(ctx context.Context, room string) ([]store.Ban, error) {
	return s.o.Store.Bans(ctx, room, time.Now())
}

// SetRules changes the slow mode of a room, its blocked words, whether it is for
// accounts only, and whether it is paused. change gets these as they are, and changes what is
// to be changed; nobody else does meanwhile. It may be called again.
func (s *Service) SetRules(ctx context.Context, room string, change func(*store.RoomSettings),
	by store.By) error {
	if err := CheckRoom(room); err != nil {
		return err
	}
	if err := checkReason(by.Reason); err != nil {
		return err
	}
	now := time.Now()
	_, err := s.o.Store.SetRoomSettings(ctx, room, func(r *store.RoomSettings) error {
		before := *r
		change(r)
		return checkSettings(before, *r)
	}, now, func(r store.RoomSettings) store.Also {
		return s.also(Record{Action: store.ActionRules, Room: room, By: by, At: now, Rules: r})
	})
	if err != nil {
		return err
	}
	return s.applyNow(ctx, room)
}

func (s *Service) add(ctx context.Context, kind, action string, o Order) error {
	now := time.Now()
	if err := CheckRoom(o.Room); err != nil {
		return err
	}
	if err := checkSubject(kind, o.Subject); err != nil {
		return err
	}
	if err := checkReason(o.By.Reason); err != nil {
		return err
	}
	if !o.Ends.IsZero() && !o.Ends.After(now) {
		return chat.Errorf(chat.CodeBadRequest, "a %s ends in the future, or never", kind)
	}
	b := store.Ban{
		Room: o.Room, Kind: kind, Subject: o.Subject, Name: o.Name, Reason: o.By.Reason, By: o.By.Name,
		At:   now,
		Ends: o.Ends,
	}
	record := Record{
		Action: action, Room: o.Room, By: o.By, Subject: o.Subject, Name: o.Name, At: now, Ends: o.Ends,
	}
	if _, err := s.o.Store.AddBan(ctx, b, s.also(record)); err != nil {
		return err
	}
	return s.applyNow(ctx, o.Room)
}

func (s *Service) remove(ctx context.Context, kind, action, room string, of chat.Subject,
	by store.By) error {
	if err := checkReason(by.Reason); err != nil {
		return err
	}
	now := time.Now()
	_, err := s.o.Store.RemoveBan(ctx, room, kind, of, now, func(name string) store.Also {
		return s.also(Record{Action: action, Room: room, By: by, Subject: of, Name: name, At: now})
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return chat.Errorf(chat.CodeNotFound, "there is no such %s in this room", kind)
	case err != nil:
		return err
	}
	return s.applyNow(ctx, room)
}

// Tell tells Redis of rules of a room that another package has changed, or
// leaves it to Run.
func (s *Service) Tell(ctx context.Context, room string) { _ = s.applyNow(ctx, room) } // which logs it

// also returns what writes a record.
func (s *Service) also(r Record) store.Also {
	if s.o.Audit == nil {
		return nil
	}
	return func(ctx context.Context, tx *store.Tx) error { return s.o.Audit(ctx, tx, r) }
}

// applyNow tells Redis of a change. It goes on when the caller has gone.
func (s *Service) applyNow(ctx context.Context, room string) error {
	if s.o.Apply == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyTime)
	defer cancel()
	if err := s.apply(ctx, room); err != nil {
		s.o.Logger.WarnContext(ctx, "rules: a change waits for Redis", "room", room, "error", err)
		return fmt.Errorf("%w: %w", ErrPending, err)
	}
	return nil
}

func (s *Service) apply(ctx context.Context, room string) error {
	r, err := s.o.Store.RoomRules(ctx, room, time.Now())
	if err != nil {
		return err
	}
	if err := s.o.Apply(ctx, room, r); err != nil {
		return err
	}
	return s.o.Store.RulesApplied(ctx, room, r.Version)
}

// Run tells Redis of changes that it has not got yet, those of other processes
// included, and deletes mutes and bans that have ended, and old reports, until ctx is done. It
// looks every second, at an index that has nothing but such changes.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(applyEvery)
	defer tick.Stop()
	var expired time.Time
	for {
		// Outages of Redis or the database are logged elsewhere.
		if err := s.applyAll(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Debug("rules: cannot tell Redis of changes", "error", err)
		}
		if time.Since(expired) >= expireEvery {
			expired = time.Now()
			if _, err := s.o.Store.ExpireBans(ctx, expired); err != nil && ctx.Err() == nil {
				s.o.Logger.Debug("rules: cannot delete bans that have ended", "error", err)
			}
			if _, err := s.o.Store.ExpireReports(ctx, expired); err != nil && ctx.Err() == nil {
				s.o.Logger.Debug("moderation: cannot delete old reports", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// applyAll applies what is pending until something fails.
func (s *Service) applyAll(ctx context.Context) error {
	for {
		rooms, err := s.o.Store.UnappliedRules(ctx, applyPage)
		if err != nil {
			return err
		}
		for _, room := range rooms {
			if err := s.apply(ctx, room); err != nil {
				return err
			}
		}
		if len(rooms) < applyPage {
			return nil
		}
	}
}

// CheckRoom refuses what is not the name of a room. Code: bad_room.
func CheckRoom(room string) error {
	if room == chat.DefaultRoom {
		return nil
	}
	return chat.CheckRoom(room)
}

// checkSubject refuses what no writer has. A mute of an address would silence
// those who are there already for what somebody else did.
func checkSubject(kind string, of chat.Subject) error {
	subjectKind, id := of.Split()
	if subjectKind == chat.SubjectAddress && kind != store.KindBan {
		return chat.Errorf(chat.CodeBadRequest, "an address can be banned, not muted")
	}
	_, err := chat.NewSubject(subjectKind, id)
	return err
}

func checkReason(reason string) error {
	if n := utf8.RuneCountInString(reason); n > chat.MaxReason {
		return chat.Errorf(chat.CodeTooLong, "a reason has at most %d characters", chat.MaxReason)
	}
	return nil
}
