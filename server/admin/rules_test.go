package admin

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// said archives messages in the room hall, one a second, each of an author (or
// "" and a session) under a name.
func (s *site) said(writers ...store.RoomWriter) {
	s.t.Helper()
	begin := time.Now().Add(-time.Hour)
	var all []store.RoomMessage
	for i, w := range writers {
		all = append(all, store.RoomMessage{
			Room: "hall", Epoch: "00000000000000aa", Seq: int64(i + 1), ID: uuid.NewString(), App: "A",
			Session: "5e5510n" + w.Session, Author: w.Author, Name: w.Name, Text: "a secret",
			At: begin.Add(time.Duration(i) * time.Second),
		})
	}
	_, err := s.store.AddRoomMessages(s.t.Context(), all)
	s.must(err)
}

// rules returns the rules of the room hall.
func (s *site) rules() chat.RoomRules {
	s.t.Helper()
	r, err := s.store.RoomRules(s.t.Context(), "hall", time.Now())
	s.must(err)
	return r
}

// audited returns the newest entry of the audit log.
func (s *site) audited() store.AuditEntry {
	s.t.Helper()
	all, err := s.store.Audit(s.t.Context(), store.AuditEntry{}, 1)
	s.must(err)
	if len(all) == 0 {
		s.t.Fatal("the audit log is empty")
	}
	return all[0]
}

// pending reports whether a server would tell Redis of the hall's rules.
func (s *site) pending() bool {
	s.t.Helper()
	rooms, err := s.store.UnappliedRules(s.t.Context(), 10)
	s.must(err)
	return slices.Equal(rooms, []string{"hall"})
}

func TestRoomWords(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		file := filepath.Join(t.TempDir(), "words")
		s.must(os.WriteFile(file, []byte("spam\r\n\n\\bham\\b\nspam\n"), 0o600))
		_, log := s.ran("room", "set", "hall", "-words", file)
		if got := s.rules().Words; !slices.Equal(got, []string{"spam", `\bham\b`}) || !s.pending() ||
			!strings.Contains(log, "blocked words 2") || !strings.Contains(s.audited().Details, `"words":2`) {
			t.Errorf("words %q, log %q, audited %+v", got, log, s.audited())
		}
		s.ran("room", "set", "hall", "-slow", "10s")
		text, _ := s.ran("room", "show", "hall", "-json")
		if got := fmt.Sprint(s.lines(text)[0]["words"]); got != `[spam \bham\b]` {
			t.Errorf("show: %s", got)
		}
		s.ran("room", "set", "hall", "-words", "")
		if got := s.rules(); len(got.Words) > 0 || got.Slow != 10*time.Second {
			t.Errorf("rules %+v", got)
		}
	})
}

func TestRoomSettings(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		for _, c := range []struct {
			flags              string
			slow               time.Duration
			registered, paused bool
		}{
			{"-slow 90s", 90 * time.Second, false, false}, {"-registered", 90 * time.Second, true, false},
			{"-paused=true -slow 0", 0, true, true}, {"-registered=false", 0, false, true},
		} {
			want := fmt.Sprintf("room hall: slow %v, registered %t, paused %t", c.slow, c.registered,
				c.paused)
			details := fmt.Sprintf(`{"slow_ms":%d,"registered":%t,"paused":%t}`, c.slow.Milliseconds(),
				c.registered,
				c.paused)
			_, log := s.ran(append([]string{"room", "set", "hall", "-reason", "why"},
				strings.Fields(c.flags)...)...)
			if !strings.Contains(log, want) || !s.pending() {
				t.Errorf("%s: log %q", c.flags, log)
			}
			if e := s.audited(); e.Action != "room.rules" || e.Details != details || e.By.Reason != "why" ||
				e.Target != (store.AuditTarget{}) {
				t.Errorf("%s: audited %+v", c.flags, e)
			}
		}
		if r := s.rules(); r.Slow != 0 || r.Registered || !r.Paused {
			t.Errorf("rules %+v", r)
		}
		if text, _ := s.ran("room", "show", "hall"); text !=
			"room        hall\nslow        off\nregistered  false\npaused      true\nwords       0\n"+
				"bans        0\n" {
			t.Errorf("show: %s", text)
		}
		s.must(s.ban("k1", "gus"))
		text, _ := s.ran("room", "show", "hall", "-json")
		one := s.lines(text)[0]
		bans := one["bans"].([]any)
		if one["paused"] != true || one["slow_ms"] != 0.0 || len(bans) != 1 ||
			bans[0].(map[string]any)["subject"] != "guest:k1" {
			t.Errorf("show: %s", text)
		}
		for _, slow := range []string{"7h", "-1s", "1500ms"} {
			if _, _, err := s.run("room", "set", "hall", "-slow", slow); err == nil ||
				!strings.Contains(err.Error(), "slow mode takes whole seconds") {
				t.Errorf("-slow %s: %v", slow, err)
			}
		}
		if e := s.audited(); strings.Contains(e.Details, "25200000") || !s.rules().Paused {
			t.Errorf("what was refused is audited: %+v", e)
		}
	})
}

func TestDeleteMessage(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.said(store.RoomWriter{Author: "k1", Name: "gus"}, store.RoomWriter{Author: "@ann", Name: "ann"})
		page, err := s.store.RoomMessages(t.Context(), "hall", "", 0, store.FromStart, 10)
		s.must(err)
		_, log := s.ran("message", "delete", "hall", "1", page[0].ID, "-reason", "spam")
		if !strings.Contains(log, `message 1 of room hall by "gus" is deleted within some seconds`) {
			t.Errorf("log %q", log)
		}
		deletes, err := s.store.RoomDeletes(t.Context(), time.Now().Add(time.Minute), 10)
		s.must(err)
		if len(deletes) != 1 || deletes[0].Target.ID != page[0].ID || deletes[0].Author != "k1" ||
			deletes[0].Name != "operator" {
			t.Errorf("deletes %+v", deletes)
		}
		if e := s.audited(); e.Action != "message.delete" || e.By.Name != "operator" ||
			e.By.Reason != "spam" ||
			e.Room != "hall" || e.Target != (store.AuditTarget{Kind: "guest", ID: "k1", Name: "gus"}) ||
			strings.Contains(e.Details, "secret") {
			t.Errorf("audit log: %+v", e)
		}
		for _, args := range [][]string{{"hall", "x", page[0].ID}, {"hall", "1", "x"},
			{"hall", "1", uuid.NewString()}, {"den", "1", page[0].ID}} {
			if _, _, err := s.run(append([]string{"message", "delete"}, args...)...); err == nil {
				t.Errorf("message delete %q is accepted", args)
			}
		}
	})
}
