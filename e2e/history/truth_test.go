package history

import (
	"fmt"
	"strings"
	"testing"

	"livechat/client"
)

// all are the messages of said, as log and archive have them.
func all(n int) (entries []Entry) {
	for i := 1; i <= n; i++ {
		entries = append(entries, Entry{At: Position{"e", uint64(i)}, ID: fmt.Sprint("m", i)})
	}
	return entries
}

func TestCheckOfWhatServersSay(t *testing.T) {
	add := func(r *Reader, kind Kind, epoch string, seq uint64, id string) {
		r.Add(Event{Kind: kind, At: Position{epoch, seq}, ID: id, When: second(200)})
	}
	heard := func(r *Reader, seq uint64, id, name, session, text string) {
		r.Add(Event{Kind: Message, At: Position{"e", seq}, ID: id, Said: &Said{name, session, text}})
	}
	ann := func(h *History) { // m4, by ann from her connection s1
		h.Connected("s1", "ann")
		h.Connected("s2", "bob")
		h.Saying(Send{ID: "m4", Name: "ann", Text: "hello", Sent: second(100)})
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
		{"somebody else's connection", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s2", "hello")
			heard(b, 4, "m4", "ann", "s1", "hello")
		}, "a saw message m4 from the connection s2 of bob, though ann has sent it"},
		{"nobody's connection", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s3", "hello")
			heard(b, 4, "m4", "ann", "s1", "hello")
		}, "from the connection s3 of nobody"},

		{"an ack of a place where nobody heard it, and a reset later", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4711}, second(101))
			for _, r := range []*Reader{a, b} {
				r.Add(Event{Kind: Message, At: Position{"e", 4}, ID: "x"})
				add(r, Reset, "f", 4, "")
			}
		}, "message x was heard at e:4 by a, and its ack says 4711"},
		{"an ack of another place than that in the log that there was", func(h *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				r.Add(Event{Kind: Reset, At: Position{"f", 3}, When: second(90)})
			}
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 9}, second(101))
			for _, r := range []*Reader{a, b} {
				add(r, Message, "f", 4, "x")
			}
		}, "message x was heard at f:4 by a, and its ack says 9"},
		{"an ack of a log that was replaced before anybody heard it", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{Seq: 4}, second(101))
			for _, r := range []*Reader{a, b} {
				add(r, Reset, "f", 8, "")
				add(r, Message, "f", 9, "x")
			}
		}, ""},
		{"an ack that does not say where", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			h.Acked("x", Position{}, second(101))
			add(a, Message, "e", 4, "x")
			add(b, Message, "e", 4, "x")
		}, ""},
		{"sent again after its ack", func(h *History, a, b *Reader) {
			h.Answered("m3", Ack{At: Position{Seq: 3}, When: second(90), Duplicate: true, Tries: 2})
		}, ""},
		{"sent again after its ack, and taken for a new one", func(h *History, a, b *Reader) {
			h.Answered("m3", Ack{At: Position{Seq: 3}, When: second(90), Tries: 2})
		}, "message m3 was acked again at :3, and that ack does not say that it is a duplicate"},
		{"acked again at another place", func(h *History, a, b *Reader) {
			h.Answered("m3", Ack{At: Position{Seq: 4}, When: second(90), Duplicate: true, Tries: 2})
		}, "message m3 was heard at e:3 by its ack, and its ack says 4"},
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
		{"recovered, and a gap behind that", func(h *History, a, b *Reader) {
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

		{"two orders, and nobody was told", func(h *History, a, b *Reader) {
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
		}, "message x was at e:4 says a, and is behind y at f:6 says b: nobody was shown that"},
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
			n := h.Newcomer("n", Position{"e", 0}) // whose welcome names the newest log for all of it
			add(n, Resumed, "g", 4, "")
			for i := uint64(1); i <= 3; i++ {
				add(n, Message, "g", i, fmt.Sprint("m", i))
			}
			add(n, Message, "g", 4, "x")
		}, ""},
		{"heard before its sender's welcome was written down", func(h *History, a, b *Reader) {
			ann(h)
			heard(a, 4, "m4", "ann", "s4", "hello")
			heard(b, 4, "m4", "ann", "s4", "hello")
			h.Connected("s4", "ann")
		}, ""},
		{"an entry that is no message", func(h *History, a, b *Reader) {
			h.Sending("x", second(100))
			for _, r := range []*Reader{a, b} {
				add(r, Other, "e", 4, "")
				add(r, Message, "e", 5, "x")
			}
		}, ""},
		{"an entry behind a hole", func(h *History, a, b *Reader) { add(a, Other, "e", 5, "") }, "a saw e:5 after 3: a hole of 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := said(3)
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

func TestCheckOfLogAndArchive(t *testing.T) {
	for _, c := range []struct {
		name string
		kept []Entry
		tell func(h *History, newcomer *Reader) // of four messages the last one was never acked
		want string
	}{
		{"everything once", all(4), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, ""},
		{"what was not acked may be missing", all(3), func(_ *History, n *Reader) { saw(n, 1, 2, 3) }, ""},
		{"an acked message is in neither", all(2), func(_ *History, n *Reader) { saw(n, 1, 2, 3) }, "message m3, acked at e:3, is neither in the log nor in the archive"},
		{"twice", append(all(4), Entry{At: Position{"e", 5}, ID: "m2"}), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, "log and archive have message m2 2 times, at e:2 and e:5"},
		{"what was not acked is in it twice", append(all(4), Entry{At: Position{"f", 5}, ID: "m4"}), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, "have message m4 2 times"},
		{"two at one place", append(all(3), Entry{At: Position{"e", 3}, ID: "m4"}), func(_ *History, n *Reader) { saw(n, 1, 2, 3) }, "log and archive have e:3 behind e:3"},
		{"what nobody sent", append(all(4), Entry{At: Position{"e", 5}, ID: "ghost"}), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, "log and archive have message ghost at e:5, which nobody sent"},
		{"another place than readers saw", append(all(3), Entry{At: Position{"e", 5}, ID: "m4"}), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, "message m4 is at e:5, says the log, and at e:4"},
		{"another text", append(all(3), Entry{At: Position{"e", 4}, ID: "m4", Name: "ann", Text: "hi"}), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, `log and archive have message m4 at e:4 with the text "hi", sent as "hello"`},
		{"a newcomer gets less", all(4), func(_ *History, n *Reader) { saw(n, 1, 2, 3) }, "newcomer was given 3 messages of 4 in log and archive: it lacks e:4"},
		{"a newcomer gets more", all(3), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, "newcomer was given 4 messages of 3 in log and archive: e:4 is not there"},
		{"a newcomer gets another one", all(4), func(h *History, n *Reader) {
			h.Sending("x", second(100))
			saw(n, 1, 2, 3)
			n.Add(Event{Kind: Message, At: Position{"e", 4}, ID: "x"})
		}, "newcomer was given message x at e:4, where log and archive have m4 at e:4"},
		{"a newcomer that left", all(4), func(_ *History, n *Reader) { saw(n, 1); n.Leave() }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := said(3)
			h.Saying(Send{ID: "m4", Name: "ann", Text: "hello", Sent: second(90)})
			saw(a, 1, 2, 3)
			saw(b, 1, 2, 3)
			for i := range c.kept {
				if e := &c.kept[i]; e.ID == "m4" && e.Text == "" {
					e.Name, e.Text = "ann", "hello"
				}
			}
			h.Keep(c.kept)
			first, ok := h.First()
			if !ok || first != (Position{"e", 0}) {
				t.Errorf("the first one came in at %v, %v", first, ok)
			}
			c.tell(h, h.Newcomer("newcomer", first))
			verdict(t, h, c.want)
		})
	}
}

func TestTakeOfWhatServersSay(t *testing.T) {
	h := New()
	h.Saying(Send{ID: "m1", Name: "ann", Text: "hello", Sent: second(1)})
	h.Saying(Send{ID: "m2", Name: "ann", Text: "hello", Sent: second(1)})
	h.Connected("s", "ann")
	raw := h.RawReader("raw")
	for _, e := range []client.Event{
		&client.Welcome{Epoch: "e", Seq: 0}, &client.Message{Seq: 1, ID: "m1", Name: "ann", Session: "s", Text: "hello"}, &client.Disconnected{},
		&client.Welcome{Epoch: "f", Seq: 2, Recovered: new(true)}, &client.Reset{Epoch: "f", Seq: 1}, &client.Message{Seq: 2, ID: "m2", Name: "ann", Session: "s", Text: "hello"},
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
