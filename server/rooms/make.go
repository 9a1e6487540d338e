package rooms

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/unicode/norm"

	"livechat/server/chat"
	"livechat/server/store"
)

// Draft is a room to be made.
type Draft struct {
	Name         string // empty: one is derived from the title
	Title, Topic string
	Access       chat.Access // empty: open
	Listed       bool
	Retention    time.Duration
}

// makeEvery is the time in which an account may make as many rooms as it may
// own, deleted ones included: their names stay taken.
const makeEvery = 24 * time.Hour

// names is how many names are tried for a room without one.
const names = 5

// Make makes a room that the actor owns. Nobody can make one where others have
// talked already: that would give away what they said. The operator can, and
// makes it without an owner. Codes: bad_request, room_taken, limit_reached,
// forbidden.
func (s *Service) Make(ctx context.Context, by Actor, d Draft) (View, error) {
	if s.o.PerAccount == 0 && !by.Admin {
		return View{}, errOnlyAdmin
	}
	r := store.Room{Topic: d.Topic, Access: d.Access, Listed: d.Listed, Retention: d.Retention, Creator: by.User}
	if r.Access == "" {
		r.Access = chat.AccessOpen
	}
	r.Title = d.Title
	if err := clean(&r); err != nil {
		return View{}, err
	}
	name, given := d.Name, d.Name != ""
	if !given {
		name = slug(r.Title)
	} else if err := chat.CheckRoom(name); err != nil {
		return View{}, err
	}
	for try := 1; ; try++ {
		err := s.make(ctx, by, name, r)
		switch {
		case errors.Is(err, errTaken) && !given && try < names:
			name = slug(r.Title) + "-" + strings.ToLower(rand.Text()[:4])
			continue
		case err != nil:
			return View{}, translate(err)
		}
		s.apply(ctx, name)
		return s.Get(ctx, by, name)
	}
}

func (s *Service) make(ctx context.Context, by Actor, name string, r store.Room) error {
	r.Created = time.Now()
	return s.o.Store.ChangeRoom(ctx, name, r.Created, func(ctx context.Context, t *store.RoomTx) error {
		talked, err := t.HasEntries(ctx)
		switch {
		case err != nil:
			return err
		case name == chat.DefaultRoom, t.Room.Name != "",
			!by.isOperator() && (talked || t.Settings != store.RoomSettings{}):
			return errTaken
		}
		if err := t.Save(ctx, r); err != nil {
			return err
		}
		if !by.isOperator() {
			if err := s.own(ctx, t, by, by.User); err != nil {
				return err
			}
		}
		return record(ctx, t, by, store.ActionRoomMake, store.AuditTarget{}, detailsOf(r))
	})
}

// own makes an account the owner, if it may have another room.
func (s *Service) own(ctx context.Context, t *store.RoomTx, by Actor, user int64) error {
	now := time.Now()
	if err := t.LockUser(ctx, user); err != nil {
		return err
	}
	owned, made, err := t.RoomsOf(ctx, user, now.Add(-makeEvery))
	switch {
	case err != nil:
		return err
	case by.Admin:
	case owned >= s.o.PerAccount:
		return chat.Errorf(chat.CodeLimitReached, "An account owns at most %d rooms.", s.o.PerAccount)
	case user == by.User && made > s.o.PerAccount: // the new one included
		return chat.Errorf(chat.CodeLimitReached, "An account makes at most %d rooms in a day.", s.o.PerAccount)
	}
	return t.SetRole(ctx, user, chat.RoleOwner)
}

// slug derives a name from a title: what is left of it in a-z and 0-9.
func slug(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKD.String(title)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r) && b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	const space = len("-abcd") // for what Make may add
	s := b.String()
	s = strings.Trim(s[:min(len(s), chat.MaxRoom-space)], "-")
	if s == "" || s == chat.DefaultRoom {
		return "room-" + strings.ToLower(rand.Text()[:6])
	}
	return s
}

// clean checks what people have typed about a room, and brings it into the form
// in which it is stored.
func clean(r *store.Room) (err error) {
	if r.Title, err = chat.CleanLine("a title", r.Title, MaxTitle); err != nil {
		return err
	}
	if r.Topic = strings.TrimSpace(r.Topic); r.Topic != "" {
		if r.Topic, err = chat.CleanLine("a topic", r.Topic, MaxTopic); err != nil {
			return err
		}
	}
	switch r.Access {
	case chat.AccessOpen, chat.AccessRegistered, chat.AccessInvite:
	default:
		return chat.Errorf(chat.CodeBadRequest, "access is open, registered or invite.")
	}
	if r.Retention != 0 && (r.Retention < MinRetention || r.Retention > MaxRetention) {
		return chat.Errorf(chat.CodeBadRequest, "A room keeps messages from an hour to ten years, or as all rooms.")
	}
	return nil
}

// details of an entry of the audit log.
type details struct {
	Title       string      `json:"title,omitzero"`
	Topic       string      `json:"topic,omitzero"`
	Access      chat.Access `json:"access,omitzero"`
	Listed      bool        `json:"listed,omitzero"`
	RetentionMS int64       `json:"retention_ms,omitzero"`
	SlowMS      int64       `json:"slow_ms,omitzero"`
	Registered  bool        `json:"registered,omitzero"`
	Paused      bool        `json:"paused,omitzero"`

	Role chat.RoomRole `json:"role,omitzero"`
	Uses int64         `json:"uses,omitzero"`
}

func detailsOf(r store.Room) details {
	return details{
		Title: r.Title, Topic: r.Topic, Access: r.Access, Listed: r.Listed, RetentionMS: r.Retention.Milliseconds(),
	}
}

// record writes what is done to the audit log, in the transaction of it.
func record(ctx context.Context, t *store.RoomTx, by Actor, action string, target store.AuditTarget,
	d details) error {
	e := store.AuditEntry{By: by.By, Action: action, Room: t.Name, Target: target}
	if d != (details{}) {
		text, err := json.Marshal(d)
		if err != nil {
			return err
		}
		e.Details = string(text)
	}
	return t.Record(ctx, e)
}
