package history

import (
	"fmt"
	"testing"
)

// all returns the messages of sentHistory, as log and archive have them.
func all(n int) (entries []Entry) {
	for i := 1; i <= n; i++ {
		entries = append(entries, Entry{At: Position{"e", uint64(i)}, ID: fmt.Sprint("m", i)})
	}
	return entries
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
		{"an acked message is in neither", all(2), func(_ *History, n *Reader) { saw(n, 1, 2, 3) },
			"message m3, acked at e:3, is neither in the log nor in the archive"},
		{"twice", append(all(4), Entry{At: Position{"e", 5}, ID: "m2"}),
			func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) },
			"log and archive have message m2 2 times, at e:2 and e:5"},
		{"what was not acked is in it twice", append(all(4), Entry{At: Position{"f", 5}, ID: "m4"}),
			func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) }, "have message m4 2 times"},
		{"two at one position", append(all(3), Entry{At: Position{"e", 3}, ID: "m4"}),
			func(_ *History, n *Reader) { saw(n, 1, 2, 3) }, "log and archive have e:3 after e:3"},
		{"a message that was not sent", append(all(4), Entry{At: Position{"e", 5}, ID: "ghost"}),
			func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) },
			"log and archive have message ghost at e:5, which nobody sent"},
		{"another position than readers saw", append(all(3), Entry{At: Position{"e", 5}, ID: "m4"}),
			func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) },
			"message m4 is at e:5, says the log, and at e:4"},
		{"another text", append(all(3), Entry{At: Position{"e", 4}, ID: "m4", Name: "ann", Text: "hi"}),
			func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) },
			`log and archive have message m4 at e:4 with the text "hi", sent as "hello"`},
		{"a newcomer gets less", all(4), func(_ *History, n *Reader) { saw(n, 1, 2, 3) },
			"newcomer received 3 messages of 4 in log and archive: it lacks e:4"},
		{"a newcomer gets more", all(3), func(_ *History, n *Reader) { saw(n, 1, 2, 3, 4) },
			"newcomer received 4 messages of 3 in log and archive: e:4 is not there"},
		{"a newcomer gets another one", all(4), func(h *History, n *Reader) {
			h.Sending("x", second(100))
			saw(n, 1, 2, 3)
			n.Add(Event{Kind: Message, At: Position{"e", 4}, ID: "x"})
		}, "newcomer received message x at e:4, where log and archive have m4 at e:4"},
		{"a newcomer that left", all(4), func(_ *History, n *Reader) { saw(n, 1); n.Leave() }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := sentHistory(3)
			h.SendingContent(Send{ID: "m4", Name: "ann", Text: "hello", Sent: second(90)})
			saw(a, 1, 2, 3)
			saw(b, 1, 2, 3)
			for i := range c.kept {
				if e := &c.kept[i]; e.ID == "m4" && e.Text == "" {
					e.Name, e.Text = "ann", "hello"
				}
			}
			h.SetStored(c.kept)
			first, ok := h.First()
			if !ok || first != (Position{"e", 0}) {
				t.Errorf("the first reader joined at %v, %v", first, ok)
			}
			c.tell(h, h.Newcomer("newcomer", first))
			verdict(t, h, c.want)
		})
	}
}
