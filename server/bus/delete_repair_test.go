package bus

import (
	"fmt"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// A server that comes back with an older view of the log does not bring the text
// back: neither what was restored nor what is published again.
func TestDeletedStaysGoneAfterRepair(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		for name, lose := range map[string]func(t *testing.T, old map[string]string){
			"all is lost": func(t *testing.T, _ map[string]string) { r.raw.FlushAll(t.Context()) },
			"an older snapshot": func(t *testing.T, old map[string]string) {
				r.raw.FlushAll(t.Context())
				for key, value := range old {
					if err := r.raw.Restore(t.Context(), key, 0, value).Err(); err != nil {
						t.Skip("this Redis cannot restore keys: ", err)
					}
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				r.raw.FlushAll(t.Context())
				b, h := start(t, r.url, Options{}, room)
				m := write(t, b, entry("", "the secret", chat.Target{}))
				write(t, b, entry(chat.TypeEdit, "another secret", targetOf(m)))
				old := map[string]string{}
				for _, key := range r.raw.Keys(t.Context(), "*").Val() {
					old[key] = r.raw.Dump(t.Context(), key).Val()
				}
				d := write(t, b, entry(chat.TypeDelete, "", targetOf(m)))
				h.learn(t, b, room)
				list, err := b.After(t.Context(), room, 0, 10)
				if err != nil {
					t.Fatal(err)
				}
				h.mu.Lock()
				h.kept[room] = RestoredOf(room, list)
				h.mu.Unlock()
				lose(t, old)
				poll.Until(t, "the log is open", func() bool {
					log, err := b.OpenLog(t.Context(), room, chat.Position{Epoch: d.Epoch, Seq: d.Seq})
					return err == nil && log.Head.Seq == 3
				})
				forgotten(t, r, b, "tombstone", "tombstone", "delete")
				if at, again, err := publishLater(t, b, m); err != nil || !again || at.Seq != 1 {
					t.Errorf("the message sent again: %v, %v, %v", at, again, err)
				}
			})
		}
	})
}

// A server that has the text alone, and has not received the delete, publishes
// it again under its id: it stays deleted.
func TestDeletedIsNotRepublished(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		m, _ := secrets(t, b)
		b.Republish(room, [][]byte{chat.MessagePayload(&m)})
		edit := entry(chat.TypeEdit, "a lost secret", targetOf(m))
		edit.Seq, edit.Epoch = 9, m.Epoch
		b.Republish(room, [][]byte{chat.MessagePayload(&edit)})
		write(t, b, entry("", "next", chat.Target{}))
		poll.Until(t, "all is republished", func() bool { return len(b.repairs.firstPending(room)) == 0 })
		forgotten(t, r, b, append(afterSecrets, "")...)
	})
}

// A reply that was acked, and lost while its message was deleted, is published
// again without what it quotes.
func TestRepublishesReplyToDeleted(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		m, _ := secrets(t, b)
		var lost [][]byte
		for i, text := range []string{"whole", "emptied"} {
			reply := entry("", text, targetOf(m))
			reply.Seq, reply.Epoch, reply.At = uint64(20+i), "00000000000000aa", 5
			if text == "emptied" {
				reply.Extra, _ = chat.ForgetReply(reply.Extra, m.ID)
			}
			lost = append(lost, chat.MessagePayload(&reply))
		}
		b.Republish(room, lost)
		poll.Until(t, "both are received", func() bool { return h.count("payload", room) == 7 })
		forgotten(t, r, b, append(afterSecrets, "", "")...)
	})
}

// A message that was lost with its delete is published again without its text.
func TestRepublishesTombstones(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		m := entry("", "the secret", chat.Target{})
		m.Seq, m.Epoch, m.At = 7, "00000000000000aa", 5
		d := entry(chat.TypeDelete, "", targetOf(m))
		d.Seq, d.Epoch, d.At = 8, m.Epoch, 6
		b.Republish(room, [][]byte{chat.MessagePayload(&m), chat.MessagePayload(&d)})
		poll.Until(t, "both are received", func() bool { return h.count("payload", room) == 2 })
		if all := fmt.Sprint(h.events("payload", room)); strings.Contains(all, "secret") {
			t.Errorf("received %s", all)
		}
		forgotten(t, r, b, "tombstone", "delete")
	})
}
