package presence

import (
	"slices"
	"testing"
	"time"
)

// accountsIn returns which names of a room a server says belong to accounts.
func (s *server) accountsIn(room string) []string { return s.Snapshot(room).Accounts }

// wantAccounts fails unless all servers say that of these names.
func wantAccounts(t *testing.T, servers []*server, names ...string) {
	t.Helper()
	for _, s := range servers {
		if got := s.accountsIn(lobby); !slices.Equal(got, names) {
			t.Errorf("server %s says that %q are accounts, want %q", s.opts.Node, got, names)
		}
	}
}

func TestAccountsAreMarkedOnAllServers(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "ann")
		s[0].enter(lobby, "watcher", "dan") // without it names would not come here
		s[1].JoinAccount(lobby, "s1", "bob")
		s[2].enter(lobby, "s2", "eve")
		pass(2 * time.Second)
		wantAccounts(t, s, "bob")

		// ann registers: the guest's connection ends, and the account's begins.
		for _, s := range s {
			s.told()
		}
		s[0].exit(lobby, "s0")
		s[2].JoinAccount(lobby, "s3", "ann")
		pass(2 * time.Second)
		wantAccounts(t, s, "ann", "bob")
		for _, s := range s {
			var joined, accounts []string
			for _, u := range s.told() {
				joined, accounts = append(joined, u.Joined...), append(accounts, u.Accounts...)
				if len(u.Left) > 0 {
					t.Errorf("server %s emits %+v, want no leave", s.opts.Node, u)
				}
			}
			// twice, if the guest's leave is reported after the account's join
			if !slices.Equal(slices.Compact(joined), []string{"ann"}) ||
				!slices.Equal(slices.Compact(accounts), []string{"ann"}) {
				t.Errorf("server %s emits the joins %q and the accounts %q, want ann", s.opts.Node, joined, accounts)
			}
		}

		// A server that comes later learns it as well.
		late := h.start("late")
		defer late.stop()
		late.enter(lobby, "s4", "zoe")
		pass(5 * time.Second)
		wantAccounts(t, append(s, late), "ann", "bob")

		// Once everyone with the name has left it is forgotten.
		s[1].Leave(lobby, "s1")
		s[2].Leave(lobby, "s3")
		pass(3 * time.Second)
		wantAccounts(t, s)
		for _, s := range s {
			s.Presence.mu.Lock()
			if r := s.rooms[lobby]; r != nil && len(r.accounts) > 0 {
				t.Errorf("server %s keeps the marks of %d accounts", s.opts.Node, len(r.accounts))
			}
			s.Presence.mu.Unlock()
		}
	})
}

// A guest's name becomes an account's on the same server, while the guest is
// still there.
func TestGuestBecomesAccount(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "ann")
		s[1].enter(lobby, "s1", "bob")
		pass(5 * time.Second)
		s[0].JoinAccount(lobby, "s2", "ann")
		pass(2 * time.Second)
		wantAccounts(t, s, "ann")
		s[0].exit(lobby, "s0")
		pass(2 * time.Second)
		wantAccounts(t, s, "ann")
	})
}
