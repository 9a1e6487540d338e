package bus

import (
	"errors"
	"strings"

	"livechat/server/chat"
)

// Redis has no regular expressions, so this server looks for the blocked words
// of a room, before it publishes. The script compares the version of those with
// that of the room's. If they differ, the publication waits as it does for
// missing rules, this server learns the rules of the room, and looks again.

// maxLooks is how often blocked words are looked for again because others were
// the room's by then.
const maxLooks = 10

var errWordsUnknown = errors.New("the blocked words of the room are not known yet")

// WordOptions connect a bus with what knows the blocked words of rooms.
type WordOptions struct {
	// Verdict looks for the blocked words of a room, as they are known here, in
	// what somebody writes there: see words.List.Verdict. It does not wait.
	Verdict func(room string, said []string) string
	// Learn tells it the rules of a room. It may take some milliseconds.
	Learn func(room string, r chat.RoomRules)
}

// saidIn returns what is looked at in an entry of a room; nil: nothing.
func saidIn(m *chat.Message) (said []string) {
	if m.Type != "" && m.Type != chat.TypeEdit {
		return nil
	}
	said = append(said, m.Text)
	if strings.Contains(m.Extra, `"files":`) { // others need not be parsed
		for _, f := range chat.MembersOf(m.Extra).Files {
			said = append(said, f.Name, f.Alt)
		}
	}
	return said
}

// look looks for blocked words in p, if the rules bind whoever writes it.
func (b *Bus) look(p *Publication) {
	if b.options.Words != nil && p.By.Person != "" {
		p.Verdict = b.options.Words.Verdict(p.Room, p.Said)
	}
}

// learn passes on the rules of a room.
func (b *Bus) learn(room string, r chat.RoomRules) {
	if b.options.Words != nil {
		b.options.Words.Learn(room, r)
	}
}
