package admin

import (
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// The operator makes a room of one where people talk already, gives it to
// somebody, and deletes it.
func TestRooms(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.register("ann")
		s.said(store.RoomWriter{Name: "gus"})
		_, log := s.ran("room", "set", "hall", "-title", "The Hall", "-access", "invite", "-owner", "ANN", "-slow",
			"10s", "-retention", "720h", "-reason", "asked")
		if !strings.Contains(log, `room hall: title "The Hall", access invite, listed false, owner ANN`) {
			t.Errorf("log %q", log)
		}
		r := s.rules()
		if r.Access != chat.AccessInvite || len(r.Roles) != 1 || r.Slow != 10*time.Second || !s.pending() {
			t.Errorf("rules %+v", r)
		}
		if e := s.audited(); e.Action != "room.owner" || e.Target.Name != "ann" || e.By.Name != "operator" ||
			e.By.Reason != "asked" || e.Room != "hall" {
			t.Errorf("audited %+v", e)
		}
		list, _ := s.ran("room", "list", "-json")
		one := s.lines(list)[0]
		if one["room"] != "hall" || one["title"] != "The Hall" || one["access"] != "invite" ||
			one["owner"] != "ann" || one["retention_ms"] != float64(720*time.Hour.Milliseconds()) ||
			one["last_at"] == nil {
			t.Errorf("list: %s", list)
		}
		for i := range 2 * page {
			s.ran("room", "set", "extra-"+string(rune('a'+i)), "-listed")
		}
		if list, _ := s.ran("room", "list"); strings.Count(list, "\n") != 2*page+2 ||
			!strings.Contains(list, `"The Hall"`) {
			t.Errorf("list: %s", list)
		}
		text, _ := s.ran("room", "show", "hall")
		for _, want := range []string{"title       \"The Hall\"\n", "access      invite\n", "owner       ann\n",
			"members     1\n", "retention   720h0m0s\n", "slow        10s\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
		text, _ = s.ran("room", "show", "hall", "-json")
		if made, ok := s.lines(text)[0]["made"].(map[string]any); !ok || made["members"] != 1.0 {
			t.Errorf("show: %s", text)
		}
		if _, log := s.ran("room", "delete", "hall"); !strings.Contains(log, "the room hall is deleted") {
			t.Errorf("log %q", log)
		}
		if r := s.rules(); r.Access != chat.AccessInvite || len(r.Roles) > 0 {
			t.Errorf("rules of a deleted room: %+v", r)
		}
		if e := s.audited(); e.Action != "room.delete" {
			t.Errorf("audited %+v", e)
		}
		s.ran("room", "delete", "den") // nobody has made it, and nobody gets in any more
	})
}

func TestRoomsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.register("ann")
		s.ran("room", "set", "gone", "-listed")
		s.ran("room", "delete", "gone")
		for args, want := range map[string]string{
			"set hall -access closed":     "access is open, registered or invite",
			"set hall -owner bob":         "No member of this room has this name",
			"set hall -title x\x1b":       "must not contain control",
			"set hall -title x -slow 1ms": "slow mode takes whole seconds",
			"set hall -retention 1m":      "keeps messages from an hour",
			"set gone -listed":            "not found",
			"delete gone":                 "not found",
			"delete livechat":             "The default room stays",
			"set livechat -access invite": "The default room stays",
			"set livechat -owner ann":     "The default room stays",
		} {
			out, log, err := s.run(append([]string{"room"}, strings.Fields(args)...)...)
			if err == nil || !strings.Contains(err.Error(), want) || out+log != "" {
				t.Errorf("room %s: %v, out %q, log %q", args, err, out, log)
			}
		}
		_, log := s.ran("room", "set", "livechat", "-title", "Lobby", "-access", "registered")
		if !strings.Contains(log, "access registered") {
			t.Errorf("the default room: %q", log)
		}
	})
}
