package history

import (
	"fmt"
	"strings"
	"testing"

	"livechat/client"
)

func TestCheckOfServersClaims(t *testing.T) {
	add := func(r *Reader, kind Kind, epoch string, seq uint64, id string) {
		r.Add(Event{Kind: kind, At: Position{epoch, seq}, ID: id, When: second(200)})
	}
	heard := func(r *Reader, seq uint64, id, name, session, text string) {
		r.Add(Event{Kind: Message, At: Position{"e", seq}, ID: id,
			Content: &Content{Name: name, Session: session, Text: text}})
	}
	ann := func(h *History) { // m4, by ann from her connection s1
		h.Connected("s1", "ann")
		h.Connected("s2", "bob")
		h.SendingContent(Send{ID: "m4", Name: "ann", Text: "hello", Sent: second(100)})
		h.Acked("m4", Position{"e", 4}, second(101))
	}
	for _, c := range []struct {
		name string
		tell func(h *History, a, b *Reader) // both have seen three messages
		want string                         // a part of the error; empty: none
	}{
		{"what was sent", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s1", "hello")
			heard(b, 4, "m4", "ann", "s1", "hello")
		}, ""},
		{"another text", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s1", "hello")
			heard(b, 4, "m4", "ann", "s1", "hell")
		}, `b saw message m4 at e:4 with the text "hell", sent as "hello"`},
		{"another name", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "bob", "s1", "hello")
			heard(b, 4, "m4", "ann", "s1", "hello")
		}, `a saw message m4 at e:4 under the name "bob", sent by "ann"`},
		{"another user's connection", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s2", "hello")
			heard(b, 4, "m4", "ann", "s1", "hello")
		}, "a saw message m4 from the connection s2 of bob, though ann has sent it"},
		{"nobody's connection", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s3", "hello")
			heard(b, 4, "m4", "ann", "s1", "hello")
		}, "from the connection s3 of nobody"},

		{"an ack of a position where it was not received, and a reset later", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4711}, second(101))
			for _, r := range []*Reader{a, b} {
				r.Add(Event{Kind: Message, At: Position{"e", 4}, ID: "x"})
				add(r, Reset, "f", 4, "")
			}
		}, "message x was received at e:4 by a, but its ack says 4711"},
		{"an ack of another position than that in the old log", func(h *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				r.Add(Event{Kind: Reset, At: Position{"f", 3}, When: second(90)})
			}
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 9}, second(101))
			for _, r := range []*Reader{a, b} {
				add(r, Message, "f", 4, "x")
			}
		}, "message x was received at f:4 by a, but its ack says 9"},
		{"an ack of a log that was replaced before it was received", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4}, second(101))
			for _, r := range []*Reader{a, b} {
				add(r, Reset, "f", 8, "")
				add(r, Message, "f", 9, "x")
			}
		}, ""},
		{"an ack without a position", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{}, second(101))
			add(a, Message, "e", 4, "x")
			add(b, Message, "e", 4, "x")
		}, ""},
		{"sent again after its ack", func(h *History, a, b *Reader) {
			h.Answered("m3", Ack{At: Position{Seq: 3}, When: second(90), Duplicate: true, Tries: 2})
		}, ""},
		{"sent again after its ack, and accepted as a new one", func(h *History, a, b *Reader) {
			h.Answered("m3", Ack{At: Position{Seq: 3}, When: second(90), Tries: 2})
		}, "message m3 was acked again at :3, and that ack does not say that it is a duplicate"},
		{"acked again at another position", func(h *History, a, b *Reader) {
			h.Answered("m3", Ack{At: Position{Seq: 4}, When: second(90), Duplicate: true, Tries: 2})
		}, "message m3 was received at e:3 by its ack, but its ack says 4"},
		{"a duplicate of nothing", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Answered("x", Ack{At: Position{"e", 4}, When: second(101), Duplicate: true, Tries: 1})
			add(a, Message, "e", 4, "x")
			add(b, Message, "e", 4, "x")
		}, "message x was sent once, and its ack says that it is a duplicate"},
		{"a duplicate whose first ack was lost", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Answered("x", Ack{At: Position{"e", 4}, When: second(101), Duplicate: true, Tries: 2})
			add(a, Message, "e", 4, "x")
			add(b, Message, "e", 4, "x")
		}, ""},

		{"recovered, and a gap then", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Sending("y", second(100))
			for _, r := range []*Reader{a, b} {
				add(r, Recovered, "e", 5, "")
			}
			add(a, Message, "e", 4, "x")
			add(a, Message, "e", 5, "y")
			gap(b, 4, 4)
			add(b, Message, "e", 5, "y")
		}, "b was welcomed with recovered:true at e:5, and told then that it will not get 4 to 4"},
		{"recovered, and a gap after that", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Sending("y", second(100))
			add(a, Message, "e", 4, "x")
			add(a, Message, "e", 5, "y")
			add(b, Recovered, "e", 4, "")
			add(b, Message, "e", 4, "x")
			gap(b, 5, 5)
		}, ""},
		{"recovered in a new log, and a gap then", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			for _, r := range []*Reader{a, b} {
				add(r, Resumed, "f", 4, "")
				add(r, Recovered, "f", 4, "")
			}
			add(a, Message, "f", 4, "x")
			b.Add(Event{Kind: Gap, At: Position{"f", 4}, To: 4})
		}, "b was welcomed with recovered:true at f:4"},
		{"not recovered, and everything is there", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			add(a, Message, "e", 4, "x")
			add(b, NotRecovered, "e", 4, "")
			add(b, Message, "e", 4, "x")
		}, "b was welcomed with recovered:false at e:4, and nothing was missing"},
		{"not recovered, and something is missing", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			add(a, Message, "e", 4, "x")
			add(b, NotRecovered, "e", 4, "")
			gap(b, 4, 4)
		}, ""},
		{"not recovered in another log", func(h *History, a, b *Reader) {
			add(a, Reset, "f", 3, "")
			add(b, Resumed, "f", 3, "")
			add(b, NotRecovered, "f", 3, "")
		}, ""},
		{"not recovered, and cut off before it was clear", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			add(a, Message, "e", 4, "x")
			add(b, NotRecovered, "e", 4, "")
			b.Add(Event{Kind: Disconnected})
			add(b, Message, "e", 4, "x")
		}, ""},

		{"two orders, and no client was told", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4}, second(101))
			h.Sending("y", second(110))
			h.Acked("y", Position{Seq: 5}, second(111))
			add(a, Message, "e", 4, "x")
			for _, r := range []*Reader{a, b} {
				add(r, Reset, "f", 4, "")
				add(r, Message, "f", 5, "y")
			}
			add(b, Message, "f", 6, "x") // a does not show it again
		}, "message x was at e:4 says a, and is after y at f:6 says b: no client was told"},
		{"two orders, and the new one was announced", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4}, second(101))
			h.Sending("y", second(110))
			h.Acked("y", Position{Seq: 5}, second(111))
			raw := h.RawReader("raw")
			raw.Add(Event{Kind: Joined, At: Position{"e", 0}})
			saw(raw, 1, 2, 3)
			add(a, Message, "e", 4, "x")
			add(raw, Message, "e", 4, "x")
			for _, r := range []*Reader{a, b, raw} {
				add(r, Reset, "f", 4, "")
				add(r, Message, "f", 5, "y")
			}
			add(b, Message, "f", 6, "x")
			add(raw, Message, "f", 6, "x")
		}, ""},
		{"moved, in the same order", func(h *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				add(r, Reset, "f", 3, "")
			}
			c := h.Reader("c")
			c.Add(Event{Kind: Joined, At: Position{"e", 1}, When: second(15)})
			add(c, Message, "e", 2, "m2")
			add(c, Reset, "f", 3, "")
			add(c, Message, "f", 4, "m3")
		}, ""},
		{"moved together, over two logs", func(h *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				add(r, Reset, "f", 3, "")
			}
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4}, second(101))
			add(a, Message, "f", 4, "x")
			add(b, Message, "f", 4, "x")
			add(a, Reset, "g", 4, "")
			add(b, Reset, "g", 4, "")
			n := h.Newcomer("n", Position{"e", 0}) // its welcome names the newest log for all of it
			add(n, Resumed, "g", 4, "")
			for i := uint64(1); i <= 3; i++ {
				add(n, Message, "g", i, fmt.Sprint("m", i))
			}
			add(n, Message, "g", 4, "x")
		}, ""},
		{"received before its sender's welcome was recorded", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s4", "hello")
			heard(b, 4, "m4", "ann", "s4", "hello")
			h.Connected("s4", "ann")
		}, ""},
		{"an entry that is not a message", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			for _, r := range []*Reader{a, b} {
				add(r, Other, "e", 4, "")
				add(r, Message, "e", 5, "x")
			}
		}, ""},
		{"an entry after a hole", func(h *History, a, b *Reader) { add(a, Other, "e", 5, "") },
			"a saw e:5 after 3: a hole of 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := sentHistory(3)
			saw(a, 1, 2, 3)
			saw(b, 1, 2, 3)
			c.tell(h, a, b)
			verdict(t, h, c.want)
		})
	}
}

func verdict(t *testing.T, h *History, want string) {
	t.Helper()
	err := h.Check(GapsAsked)
	if want == "" && err != nil {
		t.Errorf("a clean history: %v", err)
	}
	if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("check says %v, want %q", err, want)
	}
}

func TestTakeOfServersClaims(t *testing.T) {
	h := New()
	h.SendingContent(Send{ID: "m1", Name: "ann", Text: "hello", Sent: second(1)})
	h.SendingContent(Send{ID: "m2", Name: "ann", Text: "hello", Sent: second(1)})
	h.Connected("s", "ann")
	raw := h.RawReader("raw")
	for _, e := range []client.Event{
		&client.Welcome{Epoch: "e", Seq: 0},
		&client.Message{Seq: 1, ID: "m1", Name: "ann", Session: "s", Text: "hello"}, &client.Disconnected{},
		&client.Welcome{Epoch: "f", Seq: 2, Recovered: new(true)}, &client.Reset{Epoch: "f", Seq: 1},
		&client.Message{Seq: 2, ID: "m2", Name: "ann", Session: "s", Text: "hello"},
	} {
		raw.Take(e)
	}
	verdict(t, h, "")
	raw.Take(&client.Disconnected{})
	raw.Take(&client.Welcome{Epoch: "f", Seq: 2, Recovered: new(false)})
	verdict(t, h, "raw was welcomed with recovered:false at f:2, and nothing was missing")
	raw.Take(&client.Gap{From: 3, To: 4})
	raw.Take(&client.Message{Seq: 5, ID: "m2", Name: "bob"})
	verdict(t, h, `raw saw message m2 at f:5 under the name "bob"`)
}
