package admin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestBanGuest(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.said(store.RoomWriter{Author: "k1", Name: "gus"}, store.RoomWriter{Name: "gus", Session: "1"},
			store.RoomWriter{Author: "k2", Name: "gus"}, store.RoomWriter{Author: "k2", Name: "gus"},
			store.RoomWriter{Author: "k3", Name: "eve"})
		_, log := s.ran("ban", "add", "hall", "gus", "-for", "1h", "-reason", "spam\x1b[31m")
		for _, want := range []string{`guest "gus" (guest:k2) is banned from room hall until 20`,
			`other guests wrote as "gus" in the room: 1 with a key (guest:k1), 1 without a key`} {
			if !strings.Contains(log, want) {
				t.Errorf("%q is not in %q", want, log)
			}
		}
		r := s.rules()
		if ends := time.Until(time.UnixMilli(r.Banned["g:k2"])); len(r.Banned) != 1 || len(r.Muted) > 0 ||
			ends < 50*time.Minute || ends > time.Hour || !s.pending() {
			t.Errorf("rules %+v, pending %t", r, s.pending())
		}
		e := s.audited()
		if e.Action != "room.ban" || e.Room != "hall" || e.By.Name != "operator" ||
			e.Target != (store.AuditTarget{Kind: "guest", ID: "k2", Name: "gus"}) ||
			e.Details != fmt.Sprintf(`{"until":%d}`, r.Banned["g:k2"]) {
			t.Errorf("audited %+v", e)
		}
		list, _ := s.ran("ban", "list", "-json")
		one := s.lines(list)[0]
		if one["room"] != "hall" || one["kind"] != "ban" || one["subject"] != "guest:k2" ||
			one["name"] != "gus" ||
			one["by"] != "operator" || one["until"] != float64(r.Banned["g:k2"]) || one["since"] == nil {
			t.Errorf("list: %s", list)
		}
		for _, args := range [...]string{"ban list", "ban list hall", "room show hall", "audit"} {
			text, _ := s.ran(strings.Fields(args)...)
			if !strings.Contains(text, `"gus"`) || !strings.Contains(text, `"spam\x1b[31m"`) ||
				strings.Contains(text, "\x1b") {
				t.Errorf("%q: %q", args, text)
			}
		}
		if list, _ := s.ran("ban", "list", "den", "-json"); list != "" {
			t.Errorf("of another room: %s", list)
		}
		if _, log := s.ran("ban", "remove", "hall", "gus"); !strings.Contains(log,
			"guest:k2 is no longer banned from room hall") {
			t.Errorf("log %q", log)
		}
		if text, _ := s.ran("audit", "-json"); s.lines(text)[0]["details"] != nil ||
			s.lines(text)[1]["target_id"] != "k2" || strings.Contains(text, "secret") {
			t.Errorf("audit log: %s", text)
		}
		if e := s.audited(); e.Action != "room.unban" || e.Target.Name != "gus" || len(s.rules().Banned) > 0 {
			t.Errorf("audited %+v, rules %+v", e, s.rules())
		}
		if _, _, err := s.run("ban", "remove", "hall", "gus"); err == nil || !strings.Contains(err.Error(),
			`there is no ban in room hall of anybody with the name "gus"`) {
			t.Errorf("removed twice: %v", err)
		}
	})
}

func TestMuteAccount(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.register("ann")
		u, _, err := s.store.UserByName(t.Context(), "ann")
		s.must(err)
		word, subject := fmt.Sprint("account:", u.ID), chat.AccountSubject(u.ID)
		s.said(store.RoomWriter{Author: "k1", Name: "ANN"}, store.RoomWriter{Author: "@ann", Name: "ann"})
		for i, names := range [][2]string{{"ANN", word}, {word, "Ann"}, {"ann", "ann"}} {
			_, log := s.ran("ban", "add", "hall", names[0], "-mute")
			if !strings.Contains(log, fmt.Sprintf(`account "ann" (%s) is muted in room hall for ever`,
				word)) ||
				strings.Contains(log, "other guests") != (i == 0) {
				t.Errorf("%s: log %q", names[0], log)
			}
			if ends, muted := s.rules().Muted[subject]; !muted || ends != 0 || len(s.rules().Banned) > 0 {
				t.Errorf("%s: rules %+v", names[0], s.rules())
			}
			if e := s.audited(); e.Action != "room.mute" || e.Details != "" ||
				e.Target != (store.AuditTarget{Kind: "user", ID: fmt.Sprint(u.ID), Name: "ann"}) {
				t.Errorf("%s: audited %+v", names[0], e)
			}
			if _, _, err := s.run("ban", "remove", "hall", names[1]); err == nil {
				t.Errorf("%s: a mute was removed as a ban", names[1])
			}
			s.ran("ban", "remove", "hall", names[1], "-mute")
			if e := s.audited(); e.Action != "room.unmute" || len(s.rules().Muted) > 0 {
				t.Errorf("%s: audited %+v, rules %+v", names[1], e, s.rules())
			}
		}
	})
}

func TestBanByKey(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		const key = "00112233445566778899aabbccddeeff"
		author, err := chat.GuestAuthor(key)
		s.must(err)
		s.said(store.RoomWriter{Author: author, Name: "gus"})
		for _, word := range []string{key, author} {
			out, log := s.ran("ban", "add", "hall", "guest:"+word)
			if !strings.Contains(log, fmt.Sprintf(`guest "gus" (guest:%s)`, author)) ||
				strings.Contains(out+log, key) {
				t.Errorf("%s: log %q", word, log)
			}
			s.ran("ban", "remove", "hall", "guest:"+word)
		}
		if _, log := s.ran("ban", "add", "hall", "guest:typo"); !strings.Contains(log, "none of the last") {
			t.Errorf("log %q", log)
		}
	})
}

func TestBanRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.register("bob")
		s.said(store.RoomWriter{Author: "@bob", Name: "bob"}, store.RoomWriter{Author: "k1", Name: "gus"},
			store.RoomWriter{Name: "gus", Session: "1"})
		s.ran("user", "delete", "bob")
		for word, want := range map[string]string{
			"gus":         "has no guest key",
			"bob":         "is deleted",
			"eve":         `no account has the name "eve", and none of the last 5000 archived messages`,
			"account:777": "no account has the id 777",
			"account:bob": "the id of an account is a number",
		} {
			out, log, err := s.run("ban", "add", "hall", word)
			if err == nil || !strings.Contains(err.Error(), want) || out+log != "" {
				t.Errorf("%s: %v, out %q, log %q; want %s", word, err, out, log, want)
			}
		}
		_, _, err := s.run("ban", "add", "hall", "gus")
		if err == nil || !strings.Contains(err.Error(), "1 with a key (guest:k1)") {
			t.Errorf("it does not tell of the guest with a key: %v", err)
		}
		for _, author := range []string{"k1", "k2"} {
			s.must(s.ban(author, "gus"))
		}
		if _, _, err := s.run("ban", "remove", "hall", "gus"); err == nil ||
			!strings.Contains(err.Error(), "2 in room hall have a ban under the name") {
			t.Errorf("two of one name: %v", err)
		}
		if len(s.rules().Banned) != 2 {
			t.Errorf("rules %+v", s.rules())
		}
	})
}

// ban bans a guest from the hall, as a server would.
func (s *site) ban(author, name string) error {
	_, err := s.store.AddBan(s.t.Context(), store.Ban{
		Room: "hall", Kind: store.KindBan, Subject: chat.GuestSubject(author), Name: name, At: time.Now(),
	}, nil)
	return err
}

// The bans of all rooms come in more than one page.
func TestBansOfAllRooms(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for i := range 2*page + 1 {
			s.ran("ban", "add", fmt.Sprint("room", i), "guest:k1")
		}
		text, _ := s.ran("ban", "list", "-json")
		if all := s.lines(text); len(all) != 2*page+1 || all[0]["room"] != "room0" ||
			all[6]["room"] != "room6" {
			t.Errorf("list: %s", text)
		}
	})
}
