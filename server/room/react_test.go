package room

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// If the archive does not answer, reactions are taken nevertheless, and it is
// not asked each time.
func TestReactsWithoutTheArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &peopleArchive{pageArchive: pageArchive{err: errors.New("away")}}
		f, r, stop := reacting(t, newLog(3), a)
		defer stop()
		f.change(func() { f.unknown = true })
		reactTo(t, r, 1, "@ann")
		a.err, a.people = nil, []chat.Reaction{{Person: "@old", Emoji: "👍", At: 3, On: true}}
		reactTo(t, r, 1, "@eve")
		expect(t, "away", f.had(), "react livechat 1 @ann true 0; react livechat 1 @ann true 1; "+
			"react livechat 1 @eve true 0; react livechat 1 @eve true 1")
		time.Sleep(fillPause)
		f.change(func() {})
		reactTo(t, r, 1, "@bob")
		expect(t, "back", f.had(), "react livechat 1 @bob true 0; restore 1 @old:3 2; react livechat 1 @bob true 1")
		f.change(func() { f.err = chat.ErrLogClosed })
		if err := r.React(t.Context(), target(1), heart("@ann")); !errors.Is(err, chat.ErrLogClosed) {
			t.Errorf("Redis is away: %v", err)
		}
	})
}
