package node

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
	"livechat/server/store"
)

// edits sends an edit and returns the frame's id.
func (p *peer) edits(target, text string) (id string) {
	p.t.Helper()
	id = uuid.NewString()
	p.send(fmt.Sprintf(`{"type":"edit","id":"%s","target":%s,"text":"%s"}`, id, target, text))
	return id
}

// refused fails unless the next answer is an error with this code.
func (p *peer) refused(what, code string) {
	p.t.Helper()
	if e := p.nextError(); e.Code != code || e.Retryable {
		p.t.Errorf("%s: %+v, want %s", what, e, code)
	}
}

func target(m event) string { return fmt.Sprintf(`{"seq":%d,"id":"%s"}`, m.Seq, m.ID) }

// Authors edit their messages, from any connection and server; nobody else
// does.
func TestAuthorsEdit(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		carol := newAPIUser(t, p.api, "carol")
		carol.register()
		reader := dial(t, p.second, "name=reader", "history=0")
		for name, as := range map[string]func(n *Node) *peer{
			"guest":   func(n *Node) *peer { return dialAs(t, n, annKey, "name=ann", "history=0") },
			"account": func(n *Node) *peer { return carol.socket(n, "/ws?history=0") },
		} {
			t.Run(name, func(t *testing.T) {
				first := as(p.first)
				first.send("hello")
				m := first.next("message")
				reader.next("message")
				second := as(p.second)
				id := second.edits(target(m), "hello again")
				ack := second.next("ack")
				if ack.ID != id || ack.Seq <= m.Seq || ack.Duplicate {
					t.Errorf("ack %+v after %+v", ack, m)
				}
				e := reader.next("edit")
				if e.ID != id || e.Seq != ack.Seq || e.Text != "hello again" || e.Target.Seq != m.Seq ||
					e.Target.ID != m.ID || e.Author != m.Author || e.Name != m.Name || e.At < m.At ||
					e.Session != second.welcome.Session {
					t.Errorf("the edit is %+v, of %+v", e, m)
				}
				evil := dialAs(t, p.second, otherKey, "name=ann", "history=0")
				evil.edits(target(m), "evil")
				evil.refused("another guest", "not_yours")
				nobody := dial(t, p.first, "name=ann", "history=0")
				nobody.edits(target(m), "evil")
				nobody.refused("a guest without a key", "not_yours")
			})
		}
	})
}

// A client without a key may edit what it has sent over the same connection.
func TestConnectionsEdit(t *testing.T) {
	t.Parallel()
	n := start(t)
	p := dial(t, n, "name=ann")
	p.send("hello")
	m := p.next("message")
	p.send(fmt.Sprintf(`{"type":"edit","target":{"seq":%d},"text":"by number, without an id"}`, m.Seq))
	if e := p.next("edit"); e.Text != "by number, without an id" || e.Target.ID != m.ID || e.ID == "" {
		t.Errorf("the edit is %+v", e)
	}
	again := dial(t, n, "name=ann", "history=0")
	again.edits(target(m), "x")
	again.refused("another connection", "not_yours")
}

func TestEditsAreRefused(t *testing.T) {
	t.Parallel()
	n := start(t, "MESSAGE_RATE=0.001", "MESSAGE_BURST=9", "MAX_TEXT=20")
	p := dialAs(t, n, annKey, "name=ann")
	p.send("hello")
	m := p.next("message")
	edit := p.edits(target(m), "one")
	e := p.next("edit")
	for _, c := range []struct{ what, target, text, code string }{
		{"never said", `{"seq":99,"id":"` + m.ID + `x"}`, "x", "bad_request"},
		{"out of reach", `{"seq":99,"id":"` + edit + `"}`, "x", "unknown_message"},
		{"another id", `{"seq":1,"id":"` + edit + `"}`, "x", "unknown_message"},
		{"an edit", target(e), "x", "unknown_message"},
		{"no text", target(m), " ", "bad_text"},
		{"a long text", target(m), "123456789012345678901", "too_long"},
	} {
		p.edits(c.target, c.text)
		p.refused(c.what, c.code)
	}
	if id := p.edits(target(m), "last"); p.next("edit").ID != id {
		t.Error("another edit is not taken")
	}
	p.edits(target(m), "counts as a message")
	p.edits(target(m), "one too many")
	for e := p.nextError(); e.Code != "rate_limited"; e = p.nextError() {
		t.Errorf("%+v, want rate_limited", e)
	}
}

// An edit sent again is in the log once.
func TestEditsAreIdempotent(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		first := dialAs(t, p.first, annKey, "name=ann", "history=0")
		first.send("hello")
		m := first.next("message")
		id := uuid.NewString()
		edit := func(p *peer, text string) {
			p.send(fmt.Sprintf(`{"type":"edit","id":"%s","target":%s,"text":"%s"}`, id, target(m), text))
		}
		edit(first, "x")
		at := first.next("ack")
		second := dialAs(t, p.second, annKey, "name=ann", "history=0")
		edit(second, "x")
		if again := second.next("ack"); again.Seq != at.Seq || !again.Duplicate {
			t.Errorf("sent again: %+v after %+v", again, at)
		}
		edit(second, "y")
		second.refused("another text", "id_conflict")
		second.send(fmt.Sprintf(`{"type":"message","id":"%s","text":"x"}`, id))
		second.refused("a message", "id_conflict")
	})
}

func TestEditWindow(t *testing.T) {
	t.Parallel()
	n := start(t, "EDIT_WINDOW=1ms", "MESSAGE_RATE=0")
	p := dial(t, n)
	p.send("hello")
	m := p.next("message")
	poll.Until(t, "it is too old", func() bool {
		p.edits(target(m), "x")
		for {
			var e event
			if err := p.ReadJSON(&e); err != nil {
				t.Fatal(err)
			}
			if e.Type == "ack" || e.Type == "error" {
				return e.Code == "too_old"
			}
		}
	})
	off := dial(t, start(t, "EDIT_WINDOW=off"))
	off.send("hello")
	off.edits(target(off.next("message")), "x")
	off.refused("editing is off", "forbidden")
	for settings, want := range map[string]string{"EDIT_WINDOW=off": "none", "EDIT_WINDOW=0": "0",
		"APPID=1": "86400"} {
		var w struct {
			Limits struct {
				Edit *int64 `json:"edit_s"`
			}
		}
		if err := dialAny(t, start(t, settings)).ReadJSON(&w); err != nil {
			t.Fatal(err)
		}
		got := "none"
		if w.Limits.Edit != nil {
			got = fmt.Sprint(*w.Limits.Edit)
		}
		if got != want {
			t.Errorf("%s: the welcome says %s, want %s", settings, got, want)
		}
	}
}

// A message that only the stream, or only the archive has can be edited. The
// archive has its new text, and searches find that alone.
func TestEditsOfOldMessages(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"sqlite":   {"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db")},
		"postgres": {"DATABASE_URL=" + postgres.Database(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t)
			r.Start()
			n := start(t, append(append(settings, "REDIS_URL="+r.URL), shortLogs...)...)
			p := newArchivedRoom(t, n, n)
			p.publish(1200)
			if first := r.CLI("XRANGE", "{livechat}:log", "1-0", "300-0"); len(first) > 2 {
				t.Fatalf("the log still begins with %.200s", first)
			}
			message := func(from int) int64 { // every tenth entry is none
				for !bytes.HasPrefix(p.received[from-1], []byte(`{"type":"message"`)) {
					from++
				}
				return int64(from)
			}
			old, newer := message(1), message(800)
			for _, seq := range []int64{old, newer} {
				p.live.edits(fmt.Sprintf(`{"seq":%d}`, seq), fmt.Sprint("pangolin ", seq))
				if e := p.live.next("edit"); e.Target.Seq != uint64(seq) || e.Target.ID == "" {
					t.Errorf("the edit is %+v", e)
				}
			}
			want := func(seq int64, text string) {
				t.Helper()
				poll.Until(t, "the archive has the new text", func() bool {
					list, err := n.services.store.RoomMessages(t.Context(), chat.DefaultRoom, "", seq+1, 0, 1)
					return err == nil && len(list) == 1 && list[0].Text == text && !list[0].Edited.IsZero()
				})
			}
			want(old, fmt.Sprint("pangolin ", old))
			want(newer, fmt.Sprint("pangolin ", newer))
			found, _, err := n.services.store.Search(t.Context(), store.SearchQuery{
				Words: "pangolin", Room: chat.DefaultRoom, Limit: 10})
			if err != nil || len(found) != 2 {
				t.Errorf("found %v, %v", found, err)
			}
			late := dial(t, n, "after="+chat.Position{Epoch: p.start.Epoch, Seq: 0}.String())
			if m := late.next("message"); m.Seq != uint64(old) || m.Text != fmt.Sprint("pangolin ", old) ||
				m.Edited == 0 {
				t.Errorf("the first message is replayed as %+v", m)
			}
		})
	}
}
