package bus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// entry is what ann writes.
func entry(kind, text string, about chat.Target) chat.Message {
	m := chat.Message{
		Type: kind, ID: uuid.NewString(), App: "1000", Session: "s1", Author: "@ann", Name: "ann", Text: text,
	}
	switch {
	case kind == chat.TypeDelete:
		m.Extra = chat.ByAuthor(about)
	case kind == chat.TypeEdit:
		m.Extra = chat.ExtraOf(about)
	case about.ID != "":
		m.Extra = chat.Members{Reply: &chat.Reply{Target: about, Name: `a"nn\`, Text: "the secret \"\\"}}.Extra()
	case kind == "":
		m.Extra = chat.Members{Files: fileNamed(text)}.Extra()
	}
	return m
}

// fileNamed is a file that tells a text.
func fileNamed(text string) []chat.File {
	return []chat.File{{
		ID: "7f0a4c52-1d3e-4b6f-8a97-0c2d4e6f8a1b", Name: text, Type: "text/plain", Size: 1, Alt: text,
	}}
}

// write publishes an entry that must be taken and returns it with its place.
func write(t *testing.T, b *Bus, m chat.Message) chat.Message {
	t.Helper()
	at, _, err := publishLater(t, b, m)
	if err != nil {
		t.Fatal(err)
	}
	m.Seq, m.Epoch = at.Seq, at.Epoch
	return m
}

func targetOf(m chat.Message) chat.Target { return chat.Target{Seq: m.Seq, ID: m.ID} }

// dump returns everything that Redis holds of rooms.
func dump(t *testing.T, r *backend) string {
	t.Helper()
	var all strings.Builder
	ctx := t.Context()
	for _, key := range r.raw.Keys(ctx, "*").Val() {
		fmt.Fprintln(&all, key, r.raw.Get(ctx, key).Val(), r.raw.HGetAll(ctx, key).Val(),
			r.raw.XRange(ctx, key, "-", "+").Val(), r.raw.ZRange(ctx, key, 0, -1).Val())
	}
	return all.String()
}

// forgotten fails if a log has the secret, or not these types in this order.
func forgotten(t *testing.T, r *backend, b *Bus, want ...string) {
	t.Helper()
	if all := dump(t, r); strings.Contains(all, "secret") {
		t.Errorf("Redis has the text:\n%s", all)
	}
	for what, read := range map[string]func() ([][]byte, error){
		"after": func() ([][]byte, error) { return b.After(t.Context(), room, 0, 100) },
		"tail":  func() ([][]byte, error) { return b.Tail(t.Context(), room, 100) },
	} {
		list, err := read()
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for i, p := range list {
			m, err := chat.DecodePayload(p)
			if err != nil || m.Seq != uint64(i+1) {
				t.Errorf("%s: entry %d is %s", what, i+1, p)
			}
			if strings.Contains(string(p), "secret") {
				t.Errorf("%s: %s", what, p)
			}
			types = append(types, m.Type)
		}
		if got := strings.Join(types, ","); got != strings.Join(want, ",") {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}

// secrets writes a message, an edit of it, a reply to it, another message with
// the same id, and the delete.
func secrets(t *testing.T, b *Bus) (m, d chat.Message) {
	t.Helper()
	m = write(t, b, entry("", "the secret", chat.Target{}))
	write(t, b, entry(chat.TypeEdit, "another secret", targetOf(m)))
	write(t, b, entry("", "why?", targetOf(m)))
	same := entry("", "mine", chat.Target{})
	same.ID, same.Author = m.ID, "@eve"
	write(t, b, same)
	return m, write(t, b, entry(chat.TypeDelete, "", targetOf(m)))
}

var afterSecrets = []string{"tombstone", "tombstone", "", "", "delete"}

func TestDeletedMeansGone(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		m, d := secrets(t, b)
		forgotten(t, r, b, afterSecrets...)
		// The scripts leave the same as chat.Message.After.
		list, err := b.After(t.Context(), room, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		poll.Until(t, "all is received", func() bool { return h.count("payload", room) == 5 })
		for i, p := range h.events("payload", room) {
			was, err := chat.DecodePayload([]byte(p))
			if err != nil {
				t.Fatal(err)
			}
			is, _ := was.After(&d)
			if want := string(chat.MessagePayload(&is)); string(list[i]) != want {
				t.Errorf("in the log %s\nwant       %s", list[i], want)
			}
		}
		for what, late := range map[string]chat.Message{
			"edit":  entry(chat.TypeEdit, "a late secret", targetOf(m)),
			"reply": entry("", "late", targetOf(m)),
		} {
			if _, _, err := publishLater(t, b, late); err == nil ||
				chat.AsError(err).Code != chat.CodeUnknownMessage {
				t.Errorf("a late %s: %v", what, err)
			}
		}
		if at, again, err := publishLater(t, b, m); err != nil || !again || at.Seq != 1 {
			t.Errorf("the message sent again: %v, %v, %v", at, again, err)
		}
		write(t, b, entry(chat.TypeDelete, "", targetOf(m)))
		forgotten(t, r, b, append(afterSecrets, "delete")...)
		if log := opens(t, b, room); log.Head.Seq != 6 || log.Head.Epoch != m.Epoch {
			t.Errorf("the log is at %v", log.Head)
		}
	})
}

// A server remembers messages to restore them if no other server has them.
// Those, too, have no deleted text.
func TestReceiptsForget(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		secrets(t, b)
		var types []string
		for _, k := range b.recent.after(room, chat.Position{}) {
			if strings.Contains(string(k.Payload), "secret") {
				t.Errorf("remembers %s", k.Payload)
			}
			types = append(types, chat.PayloadType(k.Payload))
		}
		if got := strings.Join(types, ","); got != strings.Join(afterSecrets, ",") {
			t.Errorf("remembers %s, want %s", got, afterSecrets)
		}
	})
}

// Archivers get tombstones for what they have not got, and no entry counts as
// lost.
func TestArchiversGetTombstones(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		a := b.Archive()
		types := func(batch ArchiveBatch, err error) (out string) {
			t.Helper()
			if err != nil || batch.Lost != 0 {
				t.Fatalf("batch %+v, %v", batch, err)
			}
			for _, e := range batch.Entries {
				m, err := chat.DecodePayload(e.Payload)
				if err != nil || e.ID != fmt.Sprint(m.Seq, "-0") {
					t.Errorf("handed out %s: %s", e.ID, e.Payload)
				}
				out += fmt.Sprint(m.Seq, m.Type, " ")
			}
			return out
		}
		first := write(t, b, entry("", "the secret", chat.Target{}))
		if got := types(a.Read(t.Context(), room, "dies", 10)); got != "1 " {
			t.Errorf("read %s", got)
		}
		second := write(t, b, entry("", "the second secret", chat.Target{}))
		write(t, b, entry(chat.TypeDelete, "", targetOf(first)))
		write(t, b, entry(chat.TypeDelete, "", targetOf(second)))
		if got := types(a.Read(t.Context(), room, "x", 10)); got != "1tombstone 2tombstone 3delete 4delete " {
			t.Errorf("read %s", got)
		}
		batch, err := a.Claim(t.Context(), room, "y", 0, 10)
		if got := types(batch, err); got != "1tombstone 2tombstone 3delete 4delete " {
			t.Errorf("claimed %s", got)
		}
		if err := a.Ack(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if got := types(a.Claim(t.Context(), room, "y", 0, 10)); got != "" {
			t.Errorf("claimed again %s", got)
		}
		if behind, _, err := a.Lag(t.Context(), room); behind != 0 || err != nil {
			t.Errorf("%d are not archived, %v", behind, err)
		}
	})
}

// The notes about one message are no longer than the log.
func TestAboutIsBounded(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{HistoryLength: 100}, room)
		m := write(t, b, entry("", "the secret", chat.Target{}))
		for range 1500 {
			write(t, b, entry(chat.TypeEdit, "another secret", targetOf(m)))
		}
		about := r.raw.HGet(t.Context(), b.key(room, "about"), m.ID).Val()
		if len(about) < 400 || len(about) > 3000 {
			t.Errorf("%d bytes: %s", len(about), about)
		}
		write(t, b, entry(chat.TypeDelete, "", targetOf(m)))
		if all := dump(t, r); strings.Contains(all, "secret") {
			t.Errorf("Redis has the text:\n%s", all)
		}
	})
}
