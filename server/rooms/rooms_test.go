package rooms

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestMake(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		made, err := s.Make(ctx, s.ann, Draft{Title: " Café  del Mar ", Topic: " sea\u00a0views ", Listed: true})
		s.must(err)
		if made.Name != "cafe-del-mar" || made.Title != "Café del Mar" || made.Topic != "sea views" ||
			made.Access != chat.AccessOpen || made.Owner != "ann" || made.Role != chat.RoleOwner ||
			made.Members != 1 || made.Online != len(made.Name) {
			t.Errorf("made %+v", made)
		}
		again, err := s.Make(ctx, s.ann, Draft{Title: "Cafe del mar"})
		s.must(err)
		if !strings.HasPrefix(again.Name, "cafe-del-mar-") || len(again.Name) > chat.MaxRoom {
			t.Errorf("a second one is called %q", again.Name)
		}
		s.said("hall")
		for what, name := range map[string]string{
			"a made room": "cafe-del-mar", "where people talked": "hall", "the default room": "livechat",
		} {
			_, err := s.Make(ctx, s.bob, Draft{Name: name, Title: "x"})
			s.refuses(what, err, chat.CodeRoomTaken)
		}
		for _, d := range []Draft{
			{Title: ""}, {Title: strings.Repeat("x", MaxTitle+1)}, {Title: "x\ny"}, {Title: "\u202e"},
			{Title: "x", Topic: strings.Repeat("x", MaxTopic+1)}, {Title: "x", Access: "secret"},
			{Title: "x", Retention: time.Minute},
		} {
			_, err := s.Make(ctx, s.bob, d)
			s.refuses(d.Title, err, chat.CodeBadRequest)
		}
		_, err = s.Make(ctx, s.bob, Draft{Title: "x", Name: "X"})
		s.refuses("a bad name", err, chat.CodeBadRoom)
		_, err = s.Make(ctx, s.ann, Draft{Title: "third"})
		s.must(err)
		_, err = s.Make(ctx, s.ann, Draft{Title: "fourth"})
		s.refuses("a fourth room", err, chat.CodeLimitReached)
		s.must(s.Delete(ctx, s.ann, "third"))
		_, err = s.Make(ctx, s.ann, Draft{Title: "fourth"})
		s.refuses("a fourth room in a day", err, chat.CodeLimitReached)
		_, err = s.Make(ctx, s.bob, Draft{Title: "third", Name: "third"})
		s.refuses("the name of a deleted room", err, chat.CodeRoomTaken)
		s.o.PerAccount = 0
		_, err = s.Make(ctx, s.bob, Draft{Title: "fifth"})
		s.refuses("where only admins make rooms", err, chat.CodeForbidden)
		_, err = s.Make(ctx, s.root, Draft{Title: "fifth"})
		s.must(err)
	})
}

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{
		"Go & Rust!": "go-rust", "  -- Ünïcode --": "unicode", "a": "a",
		strings.Repeat("ab ", 20): "ab-ab-ab-ab-ab-ab-ab-ab-ab",
	} {
		if got := slug(title); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
	for _, title := range []string{"日本語", "LiveChat", "!!!"} {
		if got := slug(title); !strings.HasPrefix(got, "room-") || chat.CheckRoom(got) != nil {
			t.Errorf("%q: %q", title, got)
		}
	}
}

// A room by invitation is unknown to those who are not in it.
func TestOutsiders(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		s.club()
		for what, err := range map[string]error{
			"get":     second(s.Get(ctx, s.eve, "club")),
			"guest":   second(s.Get(ctx, Actor{}, "club")),
			"set":     second(s.Set(ctx, s.eve, "club", Changes{})),
			"delete":  s.Delete(ctx, s.eve, "club"),
			"role":    s.SetRole(ctx, s.eve, "club", "eve", chat.RoleMember),
			"remove":  s.Remove(ctx, s.eve, "club", "bob"),
			"invites": second(s.Invites(ctx, s.eve, "club")),
			"undo":    s.Uninvite(ctx, s.eve, "club", uuid.NewString()),
			"unknown": second(s.Get(ctx, s.eve, "nowhere")),
			"bad":     second(s.Set(ctx, s.eve, "No where", Changes{})),
			"guest's": s.SetRole(ctx, Actor{}, "club", "eve", chat.RoleMember),
		} {
			s.refuses(what, err, chat.CodeNotFound)
		}
		_, _, err := s.Members(ctx, s.eve, "club", "", 10)
		s.refuses("members", err, chat.CodeNotFound)
		_, _, err = s.Invite(ctx, s.eve, "club", 1, time.Hour)
		s.refuses("invite", err, chat.CodeNotFound)
		if v, err := s.Get(ctx, s.root, "club"); err != nil || v.Members != 2 {
			t.Errorf("an admin sees %+v, %v", v, err)
		}
		if rules, err := s.store.RoomRules(ctx, "nowhere", time.Now()); err != nil || rules.Version != 0 {
			t.Errorf("an unknown room got rules: %+v, %v", rules, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestSet(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		s.club()
		title, topic, open, yes := "Club 2", "", chat.AccessOpen, true
		slow, kept := 10*time.Second, 48*time.Hour
		v, err := s.Set(ctx, s.ann, "club", Changes{
			Title: &title, Topic: &topic, Access: &open, Listed: &yes, Retention: &kept, Slow: &slow,
		})
		s.must(err)
		if v.Title != title || v.Access != open || !v.Listed || v.Retention != kept || v.Slow != slow || v.Paused {
			t.Errorf("set %+v", v)
		}
		s.refuses("a member", second(s.Set(ctx, s.bob, "club", Changes{Paused: &yes})), chat.CodeForbidden)
		s.must(s.SetRole(ctx, s.ann, "club", "bob", chat.RoleModerator))
		v, err = s.Set(ctx, s.bob, "club", Changes{Paused: &yes})
		s.must(err)
		if !v.Paused || v.Slow != slow {
			t.Errorf("paused %+v", v)
		}
		s.refuses("a moderator", second(s.Set(ctx, s.bob, "club", Changes{Title: &title, Paused: &yes})),
			chat.CodeForbidden)
		for _, bad := range []time.Duration{-time.Second, time.Millisecond, chat.MaxSlow + time.Second} {
			s.refuses("slow mode", second(s.Set(ctx, s.ann, "club", Changes{Slow: &bad})), chat.CodeBadRequest)
		}
		if last := s.told[len(s.told)-1]; last != "club" {
			t.Errorf("Redis was told of %s", last)
		}
		s.must(s.Delete(ctx, s.ann, "club"))
		s.refuses("deleted", second(s.Get(ctx, s.root, "club")), chat.CodeNotFound)
		s.refuses("deleted again", s.Delete(ctx, s.root, "club"), chat.CodeNotFound)
		want := []string{"ann room.make", "ann room.invite", "bob room.join bob", "ann room.set",
			"ann room.role bob", "bob room.set", "ann room.delete"}
		if got := s.actions(); !slices.Equal(got, want) {
			t.Errorf("audit log %q", got)
		}
	})
}

func TestList(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		for _, name := range []string{"hall", "zoo"} {
			_, err := s.Make(ctx, s.ann, Draft{Name: name, Title: name, Listed: true})
			s.must(err)
		}
		s.club()
		list := func(by Actor, q store.RoomsQuery) string {
			var names []string
			for q.Limit = max(q.Limit, 1); ; {
				page, more, err := s.List(ctx, by, q)
				s.must(err)
				for _, v := range page {
					names, q.After = append(names, v.Name), v.Name
				}
				if !more {
					return strings.Join(names, " ")
				}
			}
		}
		for limit := range 5 {
			for _, c := range []struct {
				by   Actor
				q    store.RoomsQuery
				want string
			}{
				{Actor{}, store.RoomsQuery{}, "hall livechat zoo"},
				{s.eve, store.RoomsQuery{}, "hall livechat zoo"},
				{s.bob, store.RoomsQuery{}, "club hall livechat zoo"},
				{s.bob, store.RoomsQuery{Mine: true}, "club"},
				{s.root, store.RoomsQuery{All: true}, "club hall livechat zoo"},
				{Actor{}, store.RoomsQuery{Mine: true}, ""},
			} {
				c.q.Limit = limit
				if got := list(c.by, c.q); got != c.want {
					t.Errorf("%s, %+v: %q, want %q", c.by.Name, c.q, got, c.want)
				}
			}
		}
		_, _, err := s.List(ctx, s.ann, store.RoomsQuery{All: true, Limit: 1})
		s.refuses("all", err, chat.CodeForbidden)
		// With a row the default room is there once.
		title := "Lobby"
		_, err = s.Set(ctx, s.root, "livechat", Changes{Title: &title})
		s.must(err)
		if got := list(Actor{}, store.RoomsQuery{Limit: 10}); got != "hall livechat zoo" {
			t.Errorf("with a row: %q", got)
		}
	})
}
