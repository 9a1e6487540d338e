package admin

import (
	"strings"
	"testing"

	"livechat/server/chat"
)

func TestErase(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		anns := s.register("ann")
		s.register("bob")
		key := strings.Repeat("0a", 16)
		author, err := chat.GuestAuthor(key)
		s.must(err)
		if _, log := s.ran("erase", "-user", "ANN", "-reason", "asked"); !strings.Contains(log,
			"the account ann is deleted") || !strings.Contains(log, "being erased") {
			t.Errorf("log: %s", log)
		}
		if s.alive(anns) {
			t.Error("ann's session is alive")
		}
		s.ran("erase", "-user", "bob", "-keep")
		s.ran("erase", "-guest", key)
		s.ran("erase", "-guest", author, "-keep") // the same: it goes on to erase
		s.ran("erase", "-guest", "guest:"+strings.Repeat("A", 16), "-keep")
		text, _ := s.ran("erasures", "-json")
		var got []string
		for _, l := range s.lines(text) {
			got = append(got, l["messages"].(string)+" "+l["author"].(string))
		}
		want := "keep " + strings.Repeat("A", 16) + ", erase " + author + ", keep @bob, erase @ann"
		if all := strings.Join(got, ", "); all != want {
			t.Errorf("erasures: %s, want %s", all, want)
		}
		if text, _ := s.ran("erasures"); strings.Count(text, "\n") != 5 || !strings.Contains(text, " ann\n") ||
			!strings.Contains(text, "guest:"+author+"\n") {
			t.Errorf("erasures:\n%s", text)
		}
		text, _ = s.ran("audit", "-json")
		var actions []string
		for _, l := range s.lines(text) {
			actions = append(actions, l["action"].(string))
		}
		if all := strings.Join(actions, " "); all !=
			"guest.erase guest.erase guest.erase user.delete user.erase" || strings.Contains(text, key) {
			t.Errorf("audit log: %s", text)
		}
		for _, bad := range [][]string{{"-user", "ann"}, {"-guest", "x"}, {"-guest", "@bob"}} {
			if _, _, err := s.run(append([]string{"erase"}, bad...)...); err == nil {
				t.Errorf("%v is done", bad)
			}
		}
		for _, bad := range [][]string{{}, {"-user", "a", "-guest", "b"}, {"ann"}} {
			if _, err := Parse(append([]string{"erase"}, bad...)); err == nil {
				t.Errorf("%v is accepted", bad)
			}
		}
	})
}
