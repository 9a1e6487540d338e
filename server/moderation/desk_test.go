package moderation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// fakeRoles are the ranks of accounts in the room hall.
type fakeRoles map[int64]Rank

func (f fakeRoles) RoleIn(_ context.Context, room string, user int64) (Rank, error) {
	if room != "hall" {
		return Nobody, nil
	}
	return f[user], nil
}

// fakeLog is the log of one room.
type fakeLog struct {
	mu        sync.Mutex
	messages  []chat.Message // guarded by mu, as Redis has them
	published []chat.Message // guarded by mu
	down      bool           // guarded by mu
}

func (f *fakeLog) Publish(_ context.Context, _ string, m chat.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return errDown
	}
	f.published = append(f.published, m)
	return nil
}

func (f *fakeLog) After(_ context.Context, _ string, seq uint64, limit int) (some [][]byte, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errDown
	}
	for _, m := range f.messages {
		if m.Seq > seq && len(some) < limit {
			some = append(some, chat.MessagePayload(&m))
		}
	}
	return some, nil
}

func (f *fakeLog) Tail(ctx context.Context, room string, n int) ([][]byte, error) {
	return f.After(ctx, room, 0, n)
}

// says puts a message into the log; archived ones are in the database only.
func (f *fakeLog) says(author, session, text string) chat.Target {
	m := chat.Message{
		Seq: uint64(len(f.messages)) + 1, Epoch: "0123456789abcdef", ID: uuid.NewString(), App: "1",
		Session: session, Author: author, Name: "gus", Text: text, At: time.Now().UnixMilli(),
	}
	f.messages = append(f.messages, m)
	return chat.Target{Seq: m.Seq, ID: m.ID}
}

// office is a Desk with accounts of each rank, on a new database.
type office struct {
	*Desk
	*fakeLog
	t     *testing.T
	store *store.Store
	users map[string]store.User
	kicks []Kick
}

func open(t *testing.T) *office {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	o := &office{t: t, store: s, fakeLog: &fakeLog{}, users: make(map[string]store.User)}
	roles := fakeRoles{}
	for name, rank := range map[string]Rank{"admin1": Admin, "admin2": Admin, "owner1": Owner, "owner2": Owner,
		"mod1": Moderator, "mod2": Moderator, "member": Nobody} {
		u, err := s.CreateUser(t.Context(), name, name, "hash")
		if err != nil {
			t.Fatal(err)
		}
		if rank == Admin {
			if _, err := s.SetRole(t.Context(), store.By{}, u.ID, store.RoleAdmin); err != nil {
				t.Fatal(err)
			}
			u.Role = store.RoleAdmin
		} else {
			roles[u.ID] = rank
		}
		o.users[name] = u
	}
	o.Desk = NewDesk(DeskOptions{
		Rules: New(Options{Store: s, Audit: Audit}), Store: s, Roles: roles, Log: o.fakeLog, App: "1",
		Logger: slog.New(slog.DiscardHandler),
		Account: func(ctx context.Context, name string) (store.User, error) {
			u, _, err := s.UserByName(ctx, strings.ToLower(name))
			return u, err
		},
		Address: func(_ context.Context, _ string, person chat.Subject) (chat.Subject, error) {
			if person == "g:k3y" {
				return "h:4ash", nil
			}
			return "", nil
		},
		Kick: func(_ context.Context, _ string, k Kick) error {
			o.kicks = append(o.kicks, k)
			return nil
		},
	})
	return o
}

func (o *office) actor(name string) Actor { return ActorOf(o.users[name]) }

// audit returns the actions in the audit log without those on roles, the oldest
// first, with their targets.
func (o *office) audit() (all []string) {
	o.t.Helper()
	entries, err := o.store.Audit(o.t.Context(), store.AuditEntry{}, 100)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range slices.Backward(entries) {
		if e.Action != store.ActionRole {
			all = append(all, fmt.Sprint(e.By.Name, " ", e.Action, " ", e.Target.Kind, " ", e.Target.Name, " ",
				e.By.Reason))
		}
	}
	return all
}

func wantCode(t *testing.T, what string, err error, code chat.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && (err == nil || chat.AsError(err).Code != code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

// A role may moderate only the roles below it.
func TestWhoMayModerateWhom(t *testing.T) {
	o := open(t)
	all := []string{"member", "mod1", "mod2", "owner1", "owner2", "admin1", "admin2"}
	may := map[string]string{ // whom, besides guests
		"member": "", "mod1": "member", "mod2": "member",
		"owner1": "member mod1 mod2", "owner2": "member mod1 mod2",
		"admin1": "member mod1 mod2 owner1 owner2", "admin2": "member mod1 mod2 owner1 owner2",
	}
	for _, who := range all {
		for _, whom := range append(all, "") {
			code := chat.CodeForbidden
			if whom == "" && who != "member" || whom != "" && slices.Contains(strings.Fields(may[who]), whom) {
				code = ""
			}
			target, person := o.says(chat.AccountAuthor(whom), "s", "hi"), Who{Account: whom}
			if whom == "" {
				target, person = o.says("k3y", "s", "hi"), Who{Author: "k3y"}
			}
			what := who + " on " + whom
			for _, kind := range []string{store.KindMute, store.KindBan} {
				_, err := o.Add(t.Context(), o.actor(who), "hall", Sentence{Kind: kind, Who: person})
				wantCode(t, what+": "+kind, err, code)
				if code == chat.CodeForbidden { // there is one to lift
					_ = o.o.Rules.add(t.Context(), kind, "x", Order{Room: "hall", Subject: must(o.find(t.Context(), "hall",
						person)).subject})
				}
				wantCode(t, what+": lift a "+kind, o.Lift(t.Context(), o.actor(who), "hall", kind, person, ""), code)
			}
			wantCode(t, what+": kick", o.Kick(t.Context(), o.actor(who), "hall", person, "", ""), code)
			_, _, err := o.DeleteAll(t.Context(), o.actor(who), "hall", person, time.Now().Add(-time.Hour), "")
			wantCode(t, what+": delete all", err, code)
			if who == whom && who != "member" {
				code = "" // one's own messages
			}
			wantCode(t, what+": delete", o.Delete(t.Context(), o.actor(who), "hall", target, ""), code)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Roles hold in their room, those of admins everywhere.
func TestModeratorsElsewhere(t *testing.T) {
	o := open(t)
	for _, test := range []struct {
		who, room string
		code      chat.Code
	}{
		{"owner1", "den", chat.CodeForbidden}, {"mod1", "den", chat.CodeForbidden}, {"admin1", "den", ""},
		{"member", "hall", chat.CodeForbidden}, {"mod1", "hall", ""}, {"admin1", "No", chat.CodeBadRoom},
		{"admin1", "user:1", chat.CodeBadRoom},
	} {
		a, pause := o.actor(test.who), func(r *store.RoomSettings) { r.Paused = true }
		_, err := o.Set(t.Context(), a, test.room, pause, "")
		wantCode(t, test.who+" sets the rules of "+test.room, err, test.code)
		_, err = o.Settings(t.Context(), a, test.room)
		wantCode(t, test.who+" reads the rules of "+test.room, err, test.code)
		_, err = o.Bans(t.Context(), a, test.room, store.KindBan)
		wantCode(t, test.who+" reads the bans of "+test.room, err, test.code)
	}
}

func TestBanWithAddress(t *testing.T) {
	o := open(t)
	hour := time.Now().Add(time.Hour)
	add := func(kind string, w Who) ([]store.Ban, error) {
		return o.Add(t.Context(), o.actor("mod1"), "hall", Sentence{Kind: kind, Who: w, Ends: hour, Reason: "spam",
			Address: true})
	}
	message := o.says("k3y", "s", "buy")
	added, err := add(store.KindBan, Who{Message: &message})
	if err != nil || len(added) != 2 || added[0].Subject != "g:k3y" || added[1].Subject != "h:4ash" ||
		added[1].Name != "gus" {
		t.Errorf("added %+v, %v", added, err)
	}
	if added, err = add(store.KindBan, Who{Session: "5e55"}); err != nil || len(added) != 1 {
		t.Errorf("of an unknown address: %+v, %v", added, err)
	}
	_, err = add(store.KindMute, Who{Author: "k3y"})
	wantCode(t, "mute an address", err, chat.CodeBadRequest)
	bans, err := o.Bans(t.Context(), o.actor("mod1"), "hall", store.KindBan)
	if err != nil || len(bans) != 3 || bans[0].By != "mod1" {
		t.Errorf("bans %+v, %v", bans, err)
	}
	wantCode(t, "lift", o.Lift(t.Context(), o.actor("mod2"), "hall", store.KindBan, Who{Subject: "address:4ash"},
		"enough"), "")
	if got := strings.Join(o.audit(), "; "); got != "mod1 room.ban guest gus spam; "+
		"mod1 room.ban address gus spam; mod1 room.ban guest  spam; mod2 room.unban address gus enough" {
		t.Errorf("audit log: %s", got)
	}
}

func TestWhoIsMeant(t *testing.T) {
	o := open(t)
	a := o.actor("admin1")
	for what, test := range map[string]struct {
		who  Who
		code chat.Code
	}{
		"nobody":          {Who{}, chat.CodeBadRequest},
		"two":             {Who{Account: "mod1", Author: "k3y"}, chat.CodeBadRequest},
		"no account":      {Who{Account: "zoe"}, chat.CodeUnknownUser},
		"another case":    {Who{Account: "MOD1"}, ""},
		"deleted account": {Who{Author: "@zoe"}, chat.CodeUnknownUser},
		"by author":       {Who{Author: "@mod1"}, ""},
		"a space":         {Who{Author: "a b"}, chat.CodeBadRequest},
		"no message": {Who{Message: &chat.Target{Seq: 99, ID: uuid.NewString()}},
			chat.CodeUnknownMessage},
		"no id":      {Who{Message: &chat.Target{Seq: 1, ID: "1"}}, chat.CodeBadRequest},
		"no subject": {Who{Subject: "somebody:1"}, chat.CodeBadRequest},
	} {
		_, err := o.Add(t.Context(), a, "hall", Sentence{Kind: store.KindMute, Who: test.who})
		wantCode(t, what, err, test.code)
	}
}
