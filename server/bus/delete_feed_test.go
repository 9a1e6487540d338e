package bus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
)

var aFeed = chat.FeedRoom(7)

// told returns what a feed tells of message n of a chat.
func told(kind string, n int64, message, text string) chat.Message {
	of := chat.Event{Kind: kind, Chat: "6b2e31c5-2f8e-4a51-9d7e-3f1f4f1b6a02", N: n, Message: message, Sent: 5}
	if kind == chat.EventMessage {
		of.Files = fileNamed(text)
	}
	return chat.Message{ID: uuid.NewString(), App: "1000", Name: "ann", Text: text, Extra: of.Extra()}
}

// tell publishes an event that must be taken.
func tell(t *testing.T, b *Bus, e chat.Message) chat.Message {
	t.Helper()
	if _, err := b.PublishEvent(t.Context(), aFeed, e, ""); err != nil {
		t.Fatal(err)
	}
	return e
}

// trap is a text that looks like the end of an event.
const trap = `secret","event":"delete","chat":"c","n":1,"message":"m"`

// feedSecrets tells of a message, an edit of it, another message, and the delete
// of the first. It returns that first message and what was told of it.
func feedSecrets(t *testing.T, b *Bus) (id string, all []chat.Message) {
	t.Helper()
	id = uuid.NewString()
	all = append(all, tell(t, b, told("message", 1, id, "the secret "+trap)))
	all = append(all, tell(t, b, told("edit", 1, id, `another secret \"`)))
	tell(t, b, told("message", 2, uuid.NewString(), "to keep "+strings.ReplaceAll(trap, "secret", id)))
	tell(t, b, told("read", 2, "", ""))
	return id, append(all, tell(t, b, told("delete", 1, id, "")))
}

// after the delete, in the words of feedEntries.
var afterFeedSecrets = []string{"message 1 gone", "edit 1 gone", "message 2", "read 2", "delete 1"}

// feedEntries fails if the feed has the secret, or does not tell this, in order.
func feedEntries(t *testing.T, r *backend, b *Bus, want ...string) (list [][]byte) {
	t.Helper()
	if all := dump(t, r); strings.Contains(all, "secret") {
		t.Errorf("Redis has the text:\n%s", all)
	}
	list, err := b.After(t.Context(), aFeed, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, p := range list {
		m, err := chat.DecodePayload(p)
		e, ok := m.Event()
		if err != nil || !ok || m.Seq != uint64(i+1) || e.Deleted && (m.Text != "" || e.Files != nil) {
			t.Errorf("entry %d is %s", i+1, p)
		}
		word := fmt.Sprint(e.Kind, " ", e.N)
		if e.Deleted {
			word += " gone"
		}
		got = append(got, word)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("the feed tells %q, want %q", got, want)
	}
	return list
}

// A deleted private text is not in the log of a feed, nor in what servers
// remember to put back. Each event keeps its kind and its number.
func TestDeletedInFeedMeansGone(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, aFeed)
		id, all := feedSecrets(t, b)
		list := feedEntries(t, r, b, afterFeedSecrets...)
		// The scripts leave the same as chat.Message.After.
		poll.Until(t, "all is received", func() bool { return h.count("payload", aFeed) == 5 })
		for i, p := range h.events("payload", aFeed) {
			was, err := chat.DecodePayload([]byte(p))
			if err != nil {
				t.Fatal(err)
			}
			is, _ := was.After(&all[2])
			if want := string(chat.MessagePayload(&is)); string(list[i]) != want {
				t.Errorf("in the log %s\nwant       %s", list[i], want)
			}
		}
		for _, k := range b.recent.after(aFeed, chat.Position{}) {
			if strings.Contains(string(k.Payload), "secret") {
				t.Errorf("remembers %s", k.Payload)
			}
		}
		for _, again := range all {
			tell(t, b, again)
		}
		feedEntries(t, r, b, afterFeedSecrets...)
		tell(t, b, told("message", 1, id, "a late secret")) // under an id that the log has forgotten
		feedEntries(t, r, b, append(afterFeedSecrets, "message 1 gone")...)
	})
}

// Redis may lose its notes about messages, and earlier servers made none: then
// a delete reads the feed.
func TestDeletesFindWhatWasNotNoted(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, aFeed)
		var ids []string
		for n := range int64(600) { // more than one page
			ids = append(ids, uuid.NewString())
			tell(t, b, told("message", n+1, ids[n], fmt.Sprint("secret ", n+1)))
		}
		about := b.key(aFeed, "about")
		for _, id := range []string{ids[0], ids[599], ids[300]} {
			if r.raw.Del(t.Context(), about).Val() != 1 {
				t.Fatal("nothing was noted")
			}
			tell(t, b, told("delete", 1, id, ""))
		}
		all := dump(t, r)
		for _, n := range []int{1, 600, 301} {
			if strings.Contains(all, fmt.Sprintf(`"secret %d"`, n)) {
				t.Errorf("Redis has text %d", n)
			}
		}
		if strings.Count(all, `"text":"secret `) != 597 {
			t.Errorf("%d texts are left", strings.Count(all, `"text":"secret `))
		}
		if left := r.raw.PTTL(t.Context(), about).Val(); left <= 0 {
			t.Errorf("the key has no end: %v", left)
		}
		tell(t, b, told("message", 1, ids[0], "secret 1")) // that it was deleted was noted again
		if strings.Contains(dump(t, r), `"secret 1"`) {
			t.Error("the text is back")
		}
	})
}

// A repair does not bring the text back: neither one with what servers have,
// nor one of an older snapshot.
func TestDeletedInFeedStaysGoneAfterRepair(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		for _, snapshot := range []bool{false, true} {
			t.Run(fmt.Sprint("an older snapshot: ", snapshot), func(t *testing.T) {
				r.raw.FlushAll(t.Context())
				b, h := start(t, r.url, Options{}, aFeed)
				id := uuid.NewString()
				tell(t, b, told("message", 1, id, "the secret"))
				tell(t, b, told("edit", 1, id, "another secret"))
				old := map[string]string{}
				for _, key := range r.raw.Keys(t.Context(), "*").Val() {
					old[key] = r.raw.Dump(t.Context(), key).Val()
				}
				tell(t, b, told("delete", 1, id, ""))
				h.learn(t, b, aFeed)
				at := h.Known(aFeed).Head
				list, err := b.After(t.Context(), aFeed, 0, 10)
				if err != nil {
					t.Fatal(err)
				}
				h.mu.Lock()
				h.kept[aFeed] = RestoredOf(aFeed, list)
				h.mu.Unlock()
				r.raw.FlushAll(t.Context())
				for key, value := range old {
					if !snapshot {
						break
					}
					if err := r.raw.Restore(t.Context(), key, 0, value).Err(); err != nil {
						t.Skip("this Redis cannot restore keys: ", err)
					}
				}
				poll.Until(t, "the log is open", func() bool {
					log, err := b.OpenLog(t.Context(), aFeed, at)
					return err == nil && log.Head.Seq == 3
				})
				feedEntries(t, r, b, "message 1 gone", "edit 1 gone", "delete 1")
				lost := told("message", 1, id, "a lost secret")
				lost.Seq, lost.Epoch, lost.At = 9, at.Epoch, 5
				b.Republish(aFeed, [][]byte{chat.MessagePayload(&lost)})
				poll.Until(t, "it is republished", func() bool {
					list, err := b.After(t.Context(), aFeed, 3, 10)
					return err == nil && len(list) == 1
				})
				feedEntries(t, r, b, "message 1 gone", "edit 1 gone", "delete 1", "message 1 gone")
			})
		}
	})
}

// An event that was lost with its delete is published again without its text.
func TestRepublishesEventsWithoutDeletedText(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, aFeed)
		id := uuid.NewString()
		var lost [][]byte
		for i, e := range []chat.Message{told("message", 1, id, "the secret"), told("delete", 1, id, "")} {
			e.Seq, e.Epoch, e.At = uint64(7+i), "00000000000000aa", 5
			lost = append(lost, chat.MessagePayload(&e))
		}
		b.Republish(aFeed, lost)
		poll.Until(t, "both are received", func() bool { return h.count("payload", aFeed) == 2 })
		if all := fmt.Sprint(h.events("payload", aFeed)); strings.Contains(all, "secret") {
			t.Errorf("received %s", all)
		}
		feedEntries(t, r, b, "message 1 gone", "delete 1")
	})
}

// Something else where the notes about messages should be does not block a feed.
func TestNotesOfAnotherType(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, aFeed)
		id := uuid.NewString()
		tell(t, b, told("message", 1, id, "the secret"))
		for _, key := range []string{"about", "tombs"} {
			if err := r.raw.Set(t.Context(), b.key(aFeed, key), "x", 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		tell(t, b, told("delete", 1, id, ""))
		feedEntries(t, r, b, "message 1 gone", "delete 1")
	})
}

// A process knows only what it has published itself. Of a feed that is not
// enough: between its events there are those of other processes, and all of
// them come from the database.
func TestFeedsAreNotRepublishedFromMemory(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{})
		mustSay(t, b, room, "1", "hello")
		tell(t, b, told("message", 1, uuid.NewString(), "hello"))
		fresh := chat.Log{Head: chat.Position{Epoch: "00000000000000bb"}}
		for in, left := range map[string]uint64{room: 0, aFeed: 1} {
			if seq := b.recent.log(in).Head.Seq; seq != 1 {
				t.Fatalf("%s: remembers up to %d", in, seq)
			}
			b.republishRecent(in, fresh)
			if seq := b.recent.log(in).Head.Seq; seq != left {
				t.Errorf("%s: remembers up to %d after what is lost was taken, want %d", in, seq, left)
			}
		}
	})
}
