package bus

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// finder is WordOptions of a server: it finds words as they are.
type finder struct {
	mu    sync.Mutex
	rooms map[string][]string // guarded by mu
}

func (f *finder) options() *WordOptions {
	f.rooms = make(map[string][]string)
	return &WordOptions{
		Verdict: func(room string, said []string) string {
			f.mu.Lock()
			defer f.mu.Unlock()
			version := chat.WordsVersion(f.rooms[room])
			for _, w := range f.rooms[room] {
				if strings.Contains(strings.Join(said, "\n"), w) {
					return chat.WordsHit + version
				}
			}
			return version
		},
		Learn: func(room string, r chat.RoomRules) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.rooms[room] = r.Words
		},
	}
}

// wordy returns servers that look for blocked words.
func wordy(t testing.TB, url string, d *truth, n int) (all []*Bus) {
	t.Helper()
	for range n {
		o := d.options()
		o.Words = new(finder).options()
		b, _ := start(t, url, o, room)
		all = append(all, b)
	}
	return all
}

func blocks(words ...string) func(*chat.RoomRules) {
	return func(r *chat.RoomRules) { r.Words = words }
}

// says publishes what a client says, and waits for the answer.
func says(t testing.TB, b *Bus, m chat.Message, by chat.Writer) error {
	t.Helper()
	done := make(chan error, 1)
	m.Session, m.Name = "s1", "ann"
	err := b.Publish(t.Context(), room, m, by, func(_ chat.Position, _ bool, err error) { done <- err })
	if err != nil {
		return err
	}
	return <-done
}

func text(id int, s string) chat.Message {
	return chat.Message{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", id), Text: s}
}

// A word that is blocked through one server is refused by another in the next
// message, and taken again in the next one after that was taken back.
func TestBlockedWordsHoldBeforeTheNextMessage(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := wordy(t, r.url, d, 4)
		stop := underLoad(t, all[:2])
		defer stop()
		n := 0
		for i := range 50 {
			word := fmt.Sprintf("spam%d.", i)
			for _, c := range []struct {
				words []string
				code  chat.Code
			}{{nil, ""}, {[]string{"other", word}, chat.CodeBlockedWords}, {[]string{"other"}, ""}} {
				d.decides(t, all[0], room, blocks(c.words...))
				n++
				wantRefusal(t, fmt.Sprint(word, c.words), says(t, all[3], text(n, "my "+word), benny), c.code)
			}
		}
	})
}

// Blocked words are looked for in every text, and bind everybody but
// moderators.
func TestBlockedWords(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := wordy(t, r.url, d, 1)[0]
		if err := says(t, b, text(1, "spam"), benny); err != nil {
			t.Fatal(err)
		}
		d.decides(t, b, room, func(r *chat.RoomRules) {
			blocks("spam")(r)
			r.Roles = roles(chat.RoleModerator, annie)
			r.Slow = chat.MaxSlow
		})
		wantRefusal(t, "what is in the log", says(t, b, text(1, "spam"), benny), "")
		wantRefusal(t, "a message", says(t, b, text(2, "spam"), benny), chat.CodeBlockedWords)
		wantRefusal(t, "of a guest", says(t, b, text(3, "spam"), gus), chat.CodeBlockedWords)
		wantRefusal(t, "of a moderator", says(t, b, text(4, "spam"), annie), "")
		wantRefusal(t, "after a refused one", says(t, b, text(5, "ham"), benny), "")
		wantRefusal(t, "in slow mode", says(t, b, text(6, "ham"), benny), chat.CodeSlowMode)
		wantRefusal(t, "spam in slow mode", says(t, b, text(7, "spam"), benny), chat.CodeBlockedWords)
		edit := text(8, "spam")
		edit.Type = chat.TypeEdit
		wantRefusal(t, "an edit", says(t, b, edit, benny), chat.CodeBlockedWords)
		edit = text(9, "ham")
		edit.Type = chat.TypeEdit
		wantRefusal(t, "another edit", says(t, b, edit, benny), "")
		for i, file := range []string{`"name":"spam.txt"`, `"name":"a.png","alt":"spam"`} {
			m := text(10+i, "look")
			m.Extra = `"files":[{"id":"x","type":"image/png","size":1,` + file + `}]`
			wantRefusal(t, file, says(t, b, m, someone), chat.CodeBlockedWords)
		}
		d.decides(t, b, room, mute(benny.Person))
		wantRefusal(t, "muted", says(t, b, text(20, "spam"), benny), chat.CodeMuted)
	})
}

// A server that cannot look for them takes nothing that they bind.
func TestBlockedWordsUnknown(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		d.decides(t, b, room, func(r *chat.RoomRules) {
			blocks("spam")(r)
			r.Roles = roles(chat.RoleOwner, annie)
		})
		wantRefusal(t, "a message", says(t, b, text(1, "ham"), benny), chat.CodeUnavailable)
		wantRefusal(t, "of the owner", says(t, b, text(2, "ham"), annie), "")
	})
}

func TestBlockedWordsHoldWhateverRedisLoses(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := wordy(t, r.url, d, 2)
		n := 0
		for what, lose := range lost {
			t.Log(what)
			word := fmt.Sprint("spam-", what)
			d.decides(t, all[0], room, blocks(word))
			n++
			wantRefusal(t, "ham", says(t, all[n%2], text(n, "ham"), benny), "")
			lose(t, r, all[0])
			n++
			var err error
			poll.Until(t, "the rules are there again", func() bool {
				err = says(t, all[n%2], text(n, word), benny)
				return err == nil || chat.AsError(err).Code != chat.CodeUnavailable
			})
			wantRefusal(t, what, err, chat.CodeBlockedWords)
			n++
			wantRefusal(t, what+", ham", says(t, all[1], text(n, "ham"), benny), "")
		}
	})
}
