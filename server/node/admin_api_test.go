package node

import (
	"net/http"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
	"livechat/server/wire"
)

// newAdmin registers an account and makes it an admin, as the command does.
func newAdmin(t *testing.T, n *Node, name string) *apiUser {
	t.Helper()
	p := newAPIUser(t, n, name)
	p.register()
	u, _, err := n.services.store.UserByName(t.Context(), name)
	if err == nil {
		_, err = n.services.store.SetRole(t.Context(), store.By{Name: store.Operator}, u.ID, store.RoleAdmin)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// list returns a member of an answer that is a list of objects.
func (p *apiUser) list(path, member string) (all []map[string]any) {
	p.t.Helper()
	for _, one := range p.do(http.StatusOK, "GET", path, nil)[member].([]any) {
		all = append(all, one.(map[string]any))
	}
	return all
}

// An admin's action on an account holds at once: its sockets are closed, its
// old password is not taken, and the audit log says who it was.
func TestAdminOfAccounts(t *testing.T) {
	t.Parallel()
	n := start(t)
	ann, bob := newAdmin(t, n, "anna"), newAPIUser(t, n, "bobby")
	bob.register()
	socket := bob.socket(n, "/ws")

	found := ann.list("/admin/accounts/?q=BOB", "accounts")
	if len(found) != 1 || found[0]["name"] != "bobby" || found[0]["sessions"] != 1.0 {
		t.Errorf("found %v", found)
	}
	answer := ann.do(http.StatusOK, "POST", "/admin/accounts/bobby/password/",
		map[string]string{"reason": "forgot"})
	if answer["ended"] != 1.0 {
		t.Errorf("ended: %v", answer["ended"])
	}
	wantClosed(t, socket, wire.CloseLoggedOut)
	bob.do(http.StatusUnauthorized, "GET", "/me/", nil)
	bob.do(http.StatusUnauthorized, "POST", "/login/",
		map[string]string{"name": "bobby", "password": "wrong one"})
	bob.do(http.StatusOK, "POST", "/login/",
		map[string]string{"name": "bobby", "password": answer["password"].(string)})
	socket = bob.socket(n, "/feed")
	ann.do(http.StatusOK, "POST", "/admin/accounts/bobby/logout/", nil)
	wantClosed(t, socket, wire.CloseLoggedOut)

	// A role counts from the next request on, and is gone as soon as it is taken.
	bob.do(http.StatusOK, "POST", "/login/",
		map[string]string{"name": "bobby", "password": answer["password"].(string)})
	bob.do(http.StatusForbidden, "GET", "/admin/accounts/", nil)
	ann.do(http.StatusNoContent, "PUT", "/admin/accounts/bobby/role/", map[string]string{"role": "admin"})
	bob.do(http.StatusForbidden, "DELETE", "/admin/accounts/bobby/", struct{}{})
	bob.do(http.StatusNoContent, "PUT", "/admin/accounts/anna/role/", map[string]string{"role": "none"})
	ann.do(http.StatusForbidden, "DELETE", "/admin/accounts/bobby/", struct{}{})
	bob.do(http.StatusNoContent, "DELETE", "/admin/accounts/anna/", struct{}{})
	bob.do(http.StatusNotFound, "GET", "/admin/accounts/anna/", nil)

	var said string
	for _, e := range bob.list("/admin/audit/?action=user", "entries") {
		said += e["by"].(string) + " " + e["action"].(string) + " " + e["target"].(string) + "\n"
	}
	if said != "bobby user.delete anna\nbobby user.role anna\nanna user.role bobby\nanna user.sessions bobby\n"+
		"anna user.passwd bobby\noperator user.role anna\n" {
		t.Errorf("the audit log says %s", said)
	}
	first := bob.list("/admin/audit/?action=user.passwd&target=bobby&by=anna", "entries")
	if len(first) != 1 || first[0]["reason"] != "forgot" || first[0]["actor"] == nil {
		t.Errorf("the password: %v", first)
	}
}

// A ban that an admin takes back does not hold any more.
func TestAdminLiftsBans(t *testing.T) {
	t.Parallel()
	n := start(t)
	ann := newAdmin(t, n, "anna")
	const key = "0123456789abcdef0123456789abcdef"
	author, err := chat.GuestAuthor(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, add := range []func(moderation.Order) error{
		func(o moderation.Order) error { return n.services.rules.Mute(t.Context(), o) },
		func(o moderation.Order) error { return n.services.rules.Ban(t.Context(), o) },
	} {
		err := add(moderation.Order{Room: chat.DefaultRoom, Subject: chat.GuestSubject(author), Name: "gus",
			By: store.By{Name: "mod", Reason: "spam"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	banned := connect(t, n, []string{"livechat.user", "livechat.guest." + key}, "name=gus")
	wantClosed(t, banned, wire.CloseBanned)
	// the newest first; of two in one millisecond, too, as ban sorts before mute
	all := ann.list("/admin/bans/", "bans")
	if len(all) != 2 || all[0]["kind"] != "ban" || all[1]["subject"] != "guest:"+author ||
		all[1]["by"] != "mod" {
		t.Fatalf("bans: %v", all)
	}
	for _, b := range all {
		path := "/rooms/" + b["room"].(string) + "/" + b["kind"].(string) + "s/" + b["subject"].(string) + "/"
		ann.do(http.StatusNoContent, "DELETE", path, map[string]string{"reason": "sorry"})
		ann.do(http.StatusNotFound, "DELETE", path, struct{}{})
	}
	if all := ann.list("/admin/bans/?room="+chat.DefaultRoom, "bans"); len(all) > 0 {
		t.Errorf("bans afterwards: %v", all)
	}
	var gus *peer
	poll.Until(t, "gus is let in", func() bool {
		gus = connect(t, n, []string{"livechat.user", "livechat.guest." + key}, "name=gus")
		return gus.any().Type == "welcome"
	})
	gus.send(`{"type":"message","id":"0b9d5a5e-6f83-4a53-9c9d-7f0b1c1d2e3f","text":"thanks"}`)
	gus.next("ack")
	entry := ann.list("/admin/audit/?action=room.unban", "entries")
	if len(entry) != 1 || entry[0]["by"] != "anna" || entry[0]["target"] != "gus" ||
		entry[0]["reason"] != "sorry" {
		t.Errorf("audit log: %v", entry)
	}
}

// The settings in force are those of the process, without its secrets.
func TestAdminSeesSettings(t *testing.T) {
	t.Parallel()
	n := start(t, "ADDRESS_SECRET=hush hush hush hush", "MAX_TEXT=1234")
	got := map[string]map[string]any{}
	for _, s := range newAdmin(t, n, "anna").list("/admin/settings/", "settings") {
		got[s["name"].(string)] = s
	}
	if s := got["MAX_TEXT"]; s["value"] != "1234" || s["changed"] != true {
		t.Errorf("MAX_TEXT: %v", s)
	}
	if s := got["ADDRESS_SECRET"]; s["value"] != "" || s["secret"] != true {
		t.Errorf("ADDRESS_SECRET: %v", s)
	}
	if s := got["ROOM_TTL"]; s["value"] != "24h" || s["changed"] != nil {
		t.Errorf("ROOM_TTL: %v", s)
	}
}
