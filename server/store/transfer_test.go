package store_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"livechat/internal/testpg"
	"livechat/server/chat"
	"livechat/server/store"
)

// export returns the export of a store.
func export(t *testing.T, s *store.Store) string {
	t.Helper()
	var out bytes.Buffer
	counts, err := s.Export(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "lines", counts.Lines(), int64(strings.Count(out.String(), "\n"))-2)
	return out.String()
}

// values returns the values of a key in all lines that have it.
func values(export, key string) (all []string) {
	for line := range strings.Lines(export) {
		if _, value, ok := strings.Cut(line, key+`:"`); ok {
			all = append(all, value[:strings.Index(value, `"`)])
		}
	}
	return all
}

// clear empties the tables directly.
func (w *world) clear() {
	w.t.Helper()
	for _, table := range []string{"audit", "files", "uploads", "file_totals", "outbox", "blocks",
		"message_reactions",
		"messages", "members", "chats", "room_messages", "room_reactions", "bans", "rooms_rules",
		"room_invites",
		"room_members", "rooms", "sessions", "users"} {
		w.must(w.Exec(w.t.Context(), "DELETE FROM "+table))
	}
}

// live adds some of everything to the store.
func (w *world) live() {
	w.t.Helper()
	ctx := w.t.Context()
	greeting := w.say(w.ann, w.chat, "grüß dich 👩‍👩‍👧 \"quoted\"\n\t<b>\u2028\\ end")
	w.reacts(w.puts(w.ann, greeting, "👍", true), true)
	w.reacts(w.puts(w.bob, greeting, "❤️", true), true)
	w.say(w.bob, w.chat, "привет")
	w.say(w.bob, w.chat, "still there?")
	w.say(w.ann, w.chat, "")
	w.amend(w.say(w.bob, w.chat, "a draft"), "as edited")
	w.withdraw(w.say(w.bob, w.chat, "deleted"))
	_, _, err := w.MarkRead(ctx, w.chat, w.ann.ID, 2)
	w.must(err)
	gone := w.user("zoë")
	w.say(gone, w.newChat(w.eve, gone), "I leave")
	w.blocks(w.eve, w.bob, gone)
	w.newChat(w.bob, gone) // without messages
	_, err = w.SetRole(ctx, operator, gone.ID, store.RoleAdmin)
	w.must(err)
	w.must(w.DeleteUser(ctx, gone.ID))
	_, err = w.SetRole(ctx, store.By{Reason: "a\x00\xff"}, w.bob.ID, store.RoleAdmin)
	w.must(err)
	_, err = w.EndSessions(ctx, store.By{User: w.bob.ID, Name: "bob"}, w.eve.ID)
	w.must(err)
	w.must(w.CreateSession(ctx, []byte("token"), w.ann.ID, "hash of ann", time.Now().Add(time.Hour)))
	w.archive(w.roomMessages("livechat", epochB, 1, 3))
	w.archive(w.roomMessages("livechat", epochA, 5, 6))
	w.archive(w.roomMessages("Room-é", epochA, 1, 2))
	w.archive(w.roomMessages("room_1", epochA, 1, 2))
	strange := w.roomMessages("go", epochA, 1, 1)
	strange[0].Text, strange[0].Name = "a\x00\xff", "名前"
	w.archive(strange)
	others := w.roomMessages("go", epochA, 2, 3)
	others[0].Type, others[0].Name, others[0].Text = "later", "", ""
	others[1].Extra = `"data":{"a":[1,"\u0000"]}`
	w.archive(append(others, w.summary(strange[0], 4, `{"👍":2,"❤️":1}`)))
	w.react("go", strange[0].ID, chat.Reaction{Person: "s1", Name: "a\x00", Emoji: "👍", At: 5},
		person("zoë", "👍", 6), person("名前", "❤️", 7))
	w.moderate()
	w.den()
	w.invites("token", 1, time.Hour)
}

// TestTransferAcross transfers from one database to the other and back.
func TestTransferAcross(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite::memory:")
	w.live()
	first := export(t, w.Store)
	through := first
	for _, url := range []string{testpg.New(t).Database(),
		"sqlite:" + filepath.Join(t.TempDir(), "back.db")} {
		s := open(t, url)
		if _, err := s.Import(t.Context(), strings.NewReader(through)); err != nil {
			t.Fatal(err)
		}
		through = export(t, s)
		same(t, "through "+s.Dialect(), through, first)
	}
}

// writerFunc is a writer that does something first.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
