package rooms

import (
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestRoles(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		s.club()
		role := func(by Actor, name string, role chat.RoomRole) error {
			return s.SetRole(ctx, by, "club", name, role)
		}
		s.refuses("a member appoints", role(s.bob, "bob", chat.RoleModerator), chat.CodeForbidden)
		s.refuses("an outsider is appointed", role(s.ann, "eve", chat.RoleModerator), chat.CodeNotFound)
		s.refuses("nobody is appointed", role(s.ann, "nobody", chat.RoleModerator), chat.CodeNotFound)
		s.refuses("an unknown role", role(s.ann, "bob", "king"), chat.CodeBadRequest)
		s.refuses("the owner steps down", role(s.ann, "ann", chat.RoleMember), chat.CodeLastOwner)
		s.refuses("the owner goes", s.Remove(ctx, s.ann, "club", "ann"), chat.CodeLastOwner)
		s.must(role(s.ann, "BOB", chat.RoleModerator))
		s.must(role(s.ann, "bob", chat.RoleModerator))
		s.has("club", "ann:owner bob:moderator")
		s.refuses("the owner is removed", s.Remove(ctx, s.bob, "club", "ann"), chat.CodeForbidden)
		s.refuses("a moderator takes over", role(s.bob, "bob", chat.RoleOwner), chat.CodeForbidden)
		s.must(role(s.ann, "bob", chat.RoleOwner))
		s.has("club", "ann:moderator bob:owner")
		s.must(role(s.ann, "ann", chat.RoleMember))
		s.must(s.Remove(ctx, s.ann, "club", "ann"))
		s.has("club", "bob:owner")
		// An admin adds and removes everybody.
		s.must(role(s.root, "eve", chat.RoleOwner))
		s.has("club", "bob:moderator eve:owner")
		s.must(s.Remove(ctx, s.root, "club", "eve"))
		s.must(role(s.root, "ann", chat.RoleMember))
		s.refuses("not a member", s.Remove(ctx, s.root, "club", "eve"), chat.CodeNotFound)
		s.must(s.Remove(ctx, s.bob, "club", "ann"))
		s.has("club", "bob:moderator")
	})
}

// An account that owns as many rooms as allowed cannot be handed another one.
func TestHandedOverToOneWithMany(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.club()
		for _, title := range []string{"a", "b", "c"} {
			_, err := s.Make(t.Context(), s.bob, Draft{Title: title})
			s.must(err)
		}
		s.refuses("the fourth", s.SetRole(t.Context(), s.ann, "club", "bob", chat.RoleOwner), chat.CodeLimitReached)
		s.has("club", "ann:owner bob:member")
	})
}

func TestOpenRoomsAreEntered(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		_, err := s.Make(ctx, s.ann, Draft{Name: "hall", Title: "Hall"})
		s.must(err)
		enter := func(by Actor) error { return s.SetRole(ctx, by, "hall", by.Name, chat.RoleMember) }
		s.must(enter(s.bob))
		s.must(enter(s.bob))
		s.has("hall", "ann:owner bob:member")
		s.must(s.Remove(ctx, s.bob, "hall", "bob"))
		_, err = s.store.AddBan(ctx, store.Ban{
			Room: "hall", Kind: store.KindBan, Subject: chat.AccountSubject(s.bob.User), At: time.Now(),
		}, nil)
		s.must(err)
		s.refuses("who is banned", enter(s.bob), chat.CodeBanned)
		s.refuses("the default room", s.SetRole(ctx, s.bob, "livechat", "bob", chat.RoleMember), chat.CodeForbidden)
	})
}

// Only admins change the default room.
func TestDefaultRoom(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		title, invite, registered, yes := "Lobby", chat.AccessInvite, chat.AccessRegistered, true
		if v, err := s.Get(ctx, Actor{}, "livechat"); err != nil || v.Title != "livechat" || !v.Listed {
			t.Errorf("before: %+v, %v", v, err)
		}
		s.refuses("an account", second(s.Set(ctx, s.ann, "livechat", Changes{Paused: &yes})), chat.CodeForbidden)
		s.refuses("by invitation", second(s.Set(ctx, s.root, "livechat", Changes{Access: &invite})),
			chat.CodeBadRequest)
		s.refuses("deleted", s.Delete(ctx, s.root, "livechat"), chat.CodeBadRequest)
		s.refuses("owned", s.SetRole(ctx, s.root, "livechat", "root", chat.RoleOwner), chat.CodeBadRequest)
		_, _, err := s.Invite(ctx, s.root, "livechat", 1, time.Hour)
		s.refuses("invited to", err, chat.CodeBadRequest)
		v, err := s.Set(ctx, s.root, "livechat", Changes{Title: &title, Access: &registered})
		s.must(err)
		if v.Title != title || v.Access != registered || v.Owner != "" {
			t.Errorf("set %+v", v)
		}
		s.must(s.SetRole(ctx, s.root, "livechat", "ann", chat.RoleModerator))
		v, err = s.Set(ctx, s.ann, "livechat", Changes{Paused: &yes})
		s.must(err)
		if !v.Paused || v.Role != chat.RoleModerator {
			t.Errorf("paused %+v", v)
		}
		s.refuses("a moderator", second(s.Set(ctx, s.ann, "livechat", Changes{Title: &title})), chat.CodeForbidden)
	})
}
