package node

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/server/wire"
)

// frames returns what was noted of a connection that is followed.
func (p *apiUser) frames(id string) (said []string) {
	p.t.Helper()
	for _, f := range p.list("/admin/follows/"+id+"/", "frames") {
		word := func(name string) string {
			if f[name] == nil {
				return ""
			}
			return " " + fmt.Sprint(f[name])
		}
		said = append(said, f["dir"].(string)+word("type")+word("code")+word("seq")+word("id"))
	}
	return said
}

// An admin follows a connection: what it sends and gets is there, what is written
// is not, and the keys in Redis end.
func TestAdminFollows(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		ann := newAdmin(t, n, "anna")
		gus, eve := dial(t, n, "name=gus", "room=den"), dial(t, n, "name=eve", "room=den")
		answer := ann.do(http.StatusCreated, "POST", "/admin/follows/",
			map[string]string{"session": gus.welcome.Session, "reason": "always gone"})
		id := answer["id"].(string)
		ann.do(http.StatusNotFound, "POST", "/admin/follows/", map[string]string{"session": gus.welcome.Session})
		ann.do(http.StatusNotFound, "POST", "/admin/follows/", map[string]string{"session": "0123456789abcdef"})

		const first, second = "0b9d5a5e-6f83-4a53-9c9d-7f0b1c1d2e3f", "1b9d5a5e-6f83-4a53-9c9d-7f0b1c1d2e3f"
		gus.send(`{"type":"message","id":"` + first + `","text":"a secret"}`)
		gus.next("message")
		eve.send(`{"type":"message","id":"` + second + `","text":"another secret"}`)
		gus.next("message")
		gus.send(`{"type":"dance"}`)
		gus.nextError()
		ann.do(http.StatusOK, "POST", "/admin/connections/close/",
			map[string]string{"session": gus.welcome.Session})
		wantClosed(t, gus, wire.CloseKicked)
		_ = gus.Close()
		var seen []string
		poll.Until(t, "the end is seen", func() bool {
			seen = ann.frames(id)
			return len(seen) > 0 && strings.HasPrefix(seen[len(seen)-1], "end")
		})
		for _, want := range []string{
			"in message " + first, "out message 1 " + first, "out ack 1 " + first, "out message 2 " + second,
			"in dance", "out error bad_request", "out error kicked", "out close 4506", "end server 4506",
		} {
			if !slices.Contains(seen, want) {
				t.Errorf("%q was not seen among %q", want, seen)
			}
		}
		_, all, err := ann.Do(t.Context(), "GET", "/admin/follows/"+id+"/", nil)
		text := fmt.Sprint(all)
		if err != nil || strings.Contains(text, "secret") || strings.Contains(text, "eve") {
			t.Errorf("what is told has texts or names: %s, %v", text, err)
		}
		for _, key := range []string{"{livechat:follow:" + id + "}:frames", "{livechat:follow:" + id + "}:wanted"} {
			left, err := n.bus.Do(t.Context(), "PTTL", key)
			if ms, ok := left.(int64); err != nil || !ok || ms <= 0 {
				t.Errorf("%s ends in %v ms, %v", key, left, err)
			}
		}
		ann.do(http.StatusNoContent, "DELETE", "/admin/follows/"+id+"/", nil)
		entries := ann.list("/admin/audit/?action=connection.follow", "entries")
		if len(entries) != 2 || entries[0]["target"] != "gus" || entries[1]["reason"] != "always gone" {
			t.Errorf("the audit log: %v", entries)
		}
		if got := ann.frames("0123456789abcdef0123456789abcdef"); len(got) > 0 {
			t.Errorf("of an unknown id: %q", got)
		}
	})
}

// Files are counted by kind, and the store answers.
func TestAdminStorage(t *testing.T) {
	t.Parallel()
	n := start(t, "FILES_MAX=1000000")
	ann := newAdmin(t, n, "anna")
	got := ann.do(http.StatusOK, "GET", "/admin/storage/", nil)
	if got["away"] != false || got["files"] != 0.0 || got["limits"].(map[string]any)["all"] != 1e6 {
		t.Errorf("storage %v", got)
	}
}
