package bus

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
)

const heart, thumb = "❤️", "👍"

// by is what a person sets, or takes back.
func by(person, emoji string, on bool) chat.Reaction {
	r := chat.Reaction{Person: person, Name: person + ` "x y`, Emoji: emoji, On: on}
	if strings.HasPrefix(person, "@") {
		r.Author = person
	}
	return r
}

// reacts sets what must be taken; who reacted before may be unknown.
func reacts(t testing.TB, b *Bus, m chat.Message, r chat.Reaction) chat.Reacted {
	t.Helper()
	got, err := b.Reactions().React(t.Context(), room, &m, r, chat.EarlierAsked)
	if err == nil && got.Unknown {
		if _, err = b.Reactions().Restore(t.Context(), room, &m, nil, chat.EarlierGiven); err == nil {
			got, err = b.Reactions().React(t.Context(), room, &m, r, chat.EarlierAsked)
		}
	}
	if err != nil || got.Unknown {
		t.Fatalf("%s by %s: %+v, %v", r.Emoji, r.Person, got, err)
	}
	return got
}

// summarizes asks for the summary of a message.
func summarizes(t testing.TB, b *Bus, m chat.Message) (r Receipt) {
	t.Helper()
	done := make(chan error, 1)
	ask := chat.ReactionsTo(targetOf(m), uuid.NewString(), "1000")
	p := publicationOf(room, &ask)
	p.Done = func(got Receipt, err error) { r = got; done <- err }
	if err := errors.Join(b.PublishBody(t.Context(), p), <-done); err != nil {
		t.Fatal(err)
	}
	return r
}

// summaries returns the counts of the summaries in the log, as they are there.
func summaries(t testing.TB, b *Bus) (list []string) {
	t.Helper()
	payloads, err := b.After(t.Context(), room, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payloads {
		if chat.PayloadType(p) != chat.TypeReactions {
			continue
		}
		m, err := chat.DecodePayload(p)
		_, counts, ok := strings.Cut(m.Extra, `,"counts":`)
		if err != nil || !ok || m.Author+m.Name+m.Session+m.Text != "" {
			t.Errorf("summary %s, %v", p, err)
		}
		list = append(list, counts)
	}
	return list
}

// nextSecond waits until a summary may be published.
func nextSecond(t testing.TB, b *Bus, m chat.Message) {
	t.Helper()
	poll.Until(t, "a second has passed", func() bool {
		told, err := b.client.HGet(t.Context(), b.reactionsKey(room, m.ID), "told").Int64()
		return err == nil && time.Now().UnixMilli()-told > 1000
	})
}
