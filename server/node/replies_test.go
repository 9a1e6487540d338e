package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// says sends a message with an id and more members, `"reply":…` and so on.
func (p *peer) says(id, text, members string) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"message","id":"%s","text":"%s",%s}`, id, text, members))
}

// A reply has the message that it answers, with the text that this has then.
func TestReplies(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		reader := dial(t, p.second, "name=reader", "history=0")
		ann := dialAs(t, p.first, annKey, "name=ann lee", "history=0")
		ann.send("hello " + strings.Repeat("ä", 200))
		m := ann.next("message")
		reader.next("message")
		bob := dial(t, p.second, "name=bob", "history=0")
		reply := func(text string) {
			t.Helper()
			id := uuid.NewString()
			bob.says(id, "hi", `"reply":`+target(m)+`,"data":{ "mood": [1, {"at":2,"id":"x"}] }`)
			got := reader.next("message")
			if got.ID != id || got.Reply != (repliedTo{Seq: m.Seq, ID: m.ID, Name: "ann lee", Text: text}) ||
				string(got.Data) != `{"mood":[1,{"at":2,"id":"x"}]}` || got.Mentions != nil {
				t.Errorf("received %+v", got)
			}
			for name, server := range map[string]*Node{"first": p.first, "second": p.second} {
				late := dial(t, server, fmt.Sprintf("after=%s:%d", reader.welcome.Epoch, got.Seq-1))
				if again := late.next("message"); fmt.Sprint(again) != fmt.Sprint(got) {
					t.Errorf("the %s server replays %+v, want %+v", name, again, got)
				}
			}
		}
		reply("hello " + strings.Repeat("ä", 113) + "…")
		ann.edits(target(m), "hello again")
		reader.next("edit")
		reply("hello again")

		bob.says(uuid.NewString(), "hi", `"reply":{"seq":99,"id":"`+m.ID[:35]+`x"}`)
		bob.refused("no id", "bad_request")
		bob.says(uuid.NewString(), "hi", `"reply":{"seq":99,"id":"`+uuid.NewString()+`"}`)
		bob.refused("never said", "unknown_message")
		bob.says(uuid.NewString(), "hi", `"data":{"a":"`+strings.Repeat("x", 1024)+`"}`)
		bob.refused("long data", "bad_request")
		bob.says(uuid.NewString(), "hi", `"data":[]`)
		bob.refused("data that is no object", "bad_request")
	})
}

// A message sent again is in the log once, whatever has changed of what the
// server added. Another reply, or other data, is another message.
func TestRepliesAreIdempotent(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		ann := dialAs(t, p.first, annKey, "name=ann", "history=0")
		ann.send("first")
		m := ann.next("message")
		ann.send("second")
		other := ann.next("message")
		eve := dial(t, p.first, "name=eve", "history=0")
		for name, sender := range map[string]func(n *Node) *peer{
			"with a key":    func(n *Node) *peer { return dialAs(t, n, otherKey, "name=bob", "history=0") },
			"without a key": func(n *Node) *peer { return dial(t, n, "name=bob", "history=0") },
		} {
			id := uuid.NewString()
			first := sender(p.first)
			poll.Until(t, "eve is here", func() bool {
				return p.first.presence.Here(chat.DefaultRoom, "eve")
			})
			ann.send("before")
			before := ann.nextText("before")
			first.says(id, "@eve look", `"reply":`+target(m)+`,"data":{"a":1}`)
			at, got := first.next("ack"), ann.nextFrom(before.Seq+1)
			if !slices.Equal(got.Mentions, []string{"eve"}) {
				t.Errorf("%s: %+v mentions %q", name, got, got.Mentions)
			}
			ann.edits(target(m), "edited "+name)
			ann.next("edit")
			_ = eve.Close()
			poll.Until(t, "eve has left", func() bool {
				return !p.first.presence.Here(chat.DefaultRoom, "eve")
			})
			second := sender(p.second)
			second.says(id, "@eve look", `"data":{"a":1},"reply":`+target(m))
			if again := second.next("ack"); again.Seq != at.Seq || !again.Duplicate {
				t.Errorf("%s: sent again: %+v after %+v", name, again, at)
			}
			for what, members := range map[string]string{
				"another reply": `"data":{"a":1},"reply":` + target(other), "no reply": `"data":{"a":1}`,
				"other data": `"data":{"a":2},"reply":` + target(m), "no data": `"reply":` + target(m),
			} {
				second.says(id, "@eve look", members)
				if name == "with a key" {
					second.refused(what, "id_conflict")
				} else if another := second.next("ack"); another.Duplicate {
					t.Errorf("%s: %s: %+v", name, what, another)
				}
			}
			eve = dial(t, p.first, "name=eve", "history=0")
		}
	})
}

// The server says who is mentioned: who is here, on any server, and accounts.
func TestMentions(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		newAPIUser(t, p.api, "carol").register() // and is not here
		ann := dialAs(t, p.first, annKey, "name=ann", "history=0")
		dial(t, p.second, "name=Zoë M", "history=0")
		poll.Until(t, "they know of each other", func() bool {
			return p.first.presence.Here(chat.DefaultRoom, "Zoë M")
		})
		ann.send("@Zoë M, @ann: ask @Carol and @nobody or @everyone, not mail@ann, @Zoë M!")
		want := []string{"Zoë M", "ann", "carol"}
		m := ann.next("message")
		if !slices.Equal(m.Mentions, want) {
			t.Errorf("%+v mentions %q, want %q", m, m.Mentions, want)
		}
		ann.edits(target(m), "only @carol")
		if e := ann.next("edit"); !slices.Equal(e.Mentions, want[2:]) || e.Target.Seq != m.Seq {
			t.Errorf("%+v mentions %q", e, e.Mentions)
		}
	})
}

// The server's own part of a message outlives the loss of the log in Redis.
func TestRepliesAreRepaired(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "MESSAGE_RATE=0")
	ann := dialAs(t, n, annKey, "name=ann", "history=0")
	ann.send("hello")
	m := ann.next("message")
	id := uuid.NewString()
	members := `"reply":` + target(m) + `,"data":{"a":"\u0000"}`
	reader := dial(t, n, "name=reader", "history=0")
	ann.says(id, "@ann", members)
	frame := reader.messages(2, 2)[0]
	r.CLI("FLUSHALL")
	ann.send("what finds it")
	if e := ann.next("reset"); e.Seq != 2 {
		t.Fatalf("reset to %+v", e)
	}
	ann.nextFrom(3)
	log := r.CLI("XRANGE", "{livechat}:log", "2-0", "2-0")
	for _, part := range []string{"reply", "mentions", "data"} {
		if !strings.Contains(log, part) {
			t.Errorf("the log has %s", log)
		}
	}
	late := dial(t, n, fmt.Sprintf("after=%s:1", ann.welcome.Epoch))
	if got := late.messages(2, 2)[0]; !bytes.Equal(got, frame) {
		t.Errorf("got %s, want %s", got, frame)
	}
	again := dialAs(t, n, annKey, "name=ann", "history=0")
	again.says(id, "@ann", members)
	if ack := again.next("ack"); ack.Seq != 2 || !ack.Duplicate {
		t.Errorf("sent again: %+v", ack)
	}
	again.says(id, "@ann", `"data":{"a":2}`)
	again.refused("other data", "id_conflict")
}

// The archive and the search return what a message has.
func TestRepliesAreArchived(t *testing.T) {
	t.Parallel()
	for name, db := range map[string]string{
		"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "livechat.db"), "postgres": postgres.Database(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t)
			r.Start()
			n := start(t, append(shortLogs, "REDIS_URL="+r.URL, "DATABASE_URL="+db)...)
			user := newAPIUser(t, n, "carol")
			user.register()
			p := newArchivedRoom(t, n, n)
			p.live.says(uuid.NewString(), "hello", `"data":{"a":[1,"\u0000"]}`)
			m := p.live.next("message")
			p.live.says(uuid.NewString(), "pangolin @ann", `"reply":`+target(m))
			want := p.live.next("message")
			poll.Until(t, "both are archived", func() bool {
				_, seq, err := n.services.store.LastEntry(t.Context(), chat.DefaultRoom)
				return err == nil && seq == 2
			})
			check := func(where string, got any) {
				t.Helper()
				b, err := json.Marshal(got)
				var e event
				if err == nil {
					err = json.Unmarshal(b, &e)
				}
				if err != nil || e.Reply != want.Reply || !slices.Equal(e.Mentions, want.Mentions) {
					t.Errorf("%s has %s, %v, want %+v", where, b, err, want)
				}
			}
			list := user.do(http.StatusOK, "GET", "/rooms/livechat/messages/", nil)["messages"].([]any)
			if data, err := json.Marshal(list[0].(map[string]any)["data"]); string(data) != string(m.Data) {
				t.Errorf("the archive has the data %s, %v", data, err)
			}
			check("the archive", list[1])
			check("a search",
				user.do(http.StatusOK, "GET", "/search/?q=pangolin&room=livechat", nil)["results"].([]any)[0])
			p.live.send("more")
			p.live.next("message")
			r.CLI("XTRIM", "{livechat}:log", "MAXLEN", "1")
			other := start(t, append(shortLogs, "REDIS_URL="+r.URL, "DATABASE_URL="+db, "APPID=2000")...)
			late := dial(t, other, fmt.Sprintf("after=%s:1", p.start.Epoch))
			if got := late.next("message"); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("replayed as %+v, want %+v", got, want)
			}
			late.says(uuid.NewString(), "to what only the archive has", `"reply":`+target(m))
			if got := late.nextFrom(want.Seq + 2); got.Reply.Text != "hello" || got.Reply.ID != m.ID {
				t.Errorf("received %+v", got)
			}
		})
	}
}

// nextText returns the next message with a text.
func (p *peer) nextText(text string) event {
	p.t.Helper()
	for {
		if e := p.next("message"); e.Text == text {
			return e
		}
	}
}

// nextFrom returns the next message from a number on.
func (p *peer) nextFrom(seq uint64) event {
	p.t.Helper()
	for {
		if e := p.next("message"); e.Seq >= seq {
			return e
		}
	}
}
