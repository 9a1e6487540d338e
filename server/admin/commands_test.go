package admin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/server/account"
)

func TestForgottenPassword(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		anns, bobs := s.register("ann"), s.register("bob")
		out, log := s.ran("user", "passwd", "ANN", "-reason", "called me")
		password := strings.TrimSuffix(out, "\n")
		if strings.Contains(password, "\n") || !strings.Contains(log, "new password of ann") ||
			!strings.Contains(log, "sessions ended: 1") || strings.Contains(log, password) {
			t.Errorf("out %q, log %q", out, log)
		}
		if s.alive(anns) || !s.alive(bobs) {
			t.Error("ann's session is alive, or bob's is not")
		}
		if _, _, err := s.accounts.Login(t.Context(), "ann", secret, home); err == nil {
			t.Error("the old password is valid")
		}
		_, u, err := s.accounts.Login(t.Context(), "ann", password, home)
		s.must(err)
		// Servers are told to close the sockets.
		_, err = s.store.Revocation(t.Context(), u.ID)
		s.must(err)
		all, _ := s.ran("audit", "-json")
		entry := s.lines(all)[0]
		if strings.Contains(all, password) || strings.Contains(all, "argon2") || entry["action"] != "user.passwd" ||
			entry["target_name"] != "ann" || entry["reason"] != "called me" || entry["actor_name"] != "operator" {
			t.Errorf("audit log: %s", all)
		}
	})
}

func TestSessions(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		first, bobs := s.register("ann"), s.register("bob")
		second, _, err := s.accounts.Login(t.Context(), "ann", secret, home)
		s.must(err)
		text, _ := s.ran("user", "sessions", "ann", "-json")
		for _, one := range s.lines(text) {
			lasts := time.Duration(one["ends_at"].(float64)-one["began_at"].(float64)) * time.Millisecond
			if lasts != account.SessionLifetime {
				t.Errorf("a session lasts %v", lasts)
			}
		}
		if n := strings.Count(text, "\n"); n != 2 {
			t.Errorf("%d sessions, want 2", n)
		}
		for _, token := range []string{first, second} {
			if strings.Contains(text, token) {
				t.Error("the list has a token")
			}
		}
		if out, log := s.ran("user", "sessions", "ann", "-end"); out != "" || !strings.Contains(log, "ended: 2") {
			t.Errorf("out %q, log %q", out, log)
		}
		if s.alive(first) || s.alive(second) || !s.alive(bobs) {
			t.Error("sessions of ann are alive, or bob's is not")
		}
		if text, _ := s.ran("user", "sessions", "ann"); text != fmt.Sprintf("%-20s  ENDS\n", "BEGAN") {
			t.Errorf("sessions afterwards: %q", text)
		}
	})
}

func TestUsersAreShown(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		// More than two pages, with a name that is not in the order of creation.
		for i := range 2*page + 1 {
			name := fmt.Sprintf("user%04d", 2*page-i)
			_, err := s.store.CreateUser(t.Context(), name, name, "hash")
			s.must(err)
		}
		s.register("ann")
		s.ran("user", "role", "ann", "admin")
		text, _ := s.ran("user", "list", "-json")
		all := s.lines(text)
		if len(all) != 2*page+2 || all[0]["name"] != "ann" || all[0]["role"] != "admin" ||
			all[0]["sessions"] != 1.0 || all[1]["role"] != nil || all[len(all)-1]["name"] != "user0006" {
			t.Errorf("%d accounts, from %v to %v", len(all), all[0], all[len(all)-1])
		}
		text, _ = s.ran("user", "list")
		if n := strings.Count(text, "\n"); n != 2*page+3 ||
			!strings.HasPrefix(text, fmt.Sprintf("%-20s  ROLE   SESSIONS  CREATED\n%-20s  admin         1  20", "NAME",
				"ann")) {
			t.Errorf("%d lines: %.200s", n, text)
		}
		text, _ = s.ran("user", "show", "ann")
		for _, want := range []string{
			"name      ann\n", "role      admin\n", "sessions  1\n", "files     0, 0 bytes\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
		text, _ = s.ran("user", "show", "user0000", "-json")
		one := s.lines(text)[0]
		if one["name"] != "user0000" || one["sessions"] != 0.0 || one["chats"] != 0.0 || one["role"] != nil {
			t.Errorf("user0000: %s", text)
		}
		if strings.Contains(text, "hash") {
			t.Errorf("the hash is shown: %s", text)
		}
	})
}

func TestRoleAndDelete(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		token := s.register("ann")
		role := func() string {
			u, err := s.accounts.WhoAmI(t.Context(), token)
			s.must(err)
			return u.Role
		}
		for _, c := range []struct{ role, want, log string }{
			{"admin", "admin", "ann has the role admin now"}, {"admin", "admin", "ann had the role admin before"},
			{"none", "", "ann has the role none now"}, {"none", "", "ann had the role none before"},
		} {
			if _, log := s.ran("user", "role", "ann", c.role); !strings.Contains(log, c.log) || role() != c.want {
				t.Errorf("role %s: %q, log %q", c.role, role(), log)
			}
		}
		if _, log := s.ran("user", "delete", "ann"); !strings.Contains(log, "the account ann is deleted") {
			t.Errorf("log %q", log)
		}
		if s.alive(token) {
			t.Error("a session of a deleted account is alive")
		}
		text, _ := s.ran("audit")
		for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			want := []string{"AT ", "  user.delete  ", "  user.role  ", "  user.role  "}[i]
			if !strings.Contains(line, want) {
				t.Errorf("line %d of the audit log is %q, want %q", i, line, want)
			}
		}
		for _, args := range [][]string{{"show", "ann"}, {"passwd", "ann"}, {"sessions", "ann"},
			{"sessions", "ann", "-end"}, {"role", "ann", "admin"}, {"delete", "ann"},
			{"passwd", "eve"}, {"passwd", "\xff"}, {"passwd", ""}} {
			out, log, err := s.run(append([]string{"user"}, args...)...)
			want := fmt.Sprintf("admin user %s: no account has the name %q", args[0], args[1])
			if err == nil || err.Error() != want || out+log != "" {
				t.Errorf("%q: %v, out %q, log %q; want %s", args, err, out, log, want)
			}
		}
	})
}

func TestAuditInPages(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.register("ann")
		for range 3 {
			s.ran("user", "sessions", "ann", "-end", "-reason", "a\x1b[31m")
		}
		for n, want := range map[string]int{"1": 1, "2": 2, "3": 3, "9": 3, "0": 3} {
			if text, _ := s.ran("audit", "-json", "-n", n); strings.Count(text, "\n") != want {
				t.Errorf("-n %s: %s", n, text)
			}
		}
		if text, _ := s.ran("audit"); strings.Contains(text, "\x1b") || strings.Count(text, `"a\x1b[31m"`) != 3 {
			t.Errorf("a reason acts on the terminal: %q", text)
		}
	})
}
