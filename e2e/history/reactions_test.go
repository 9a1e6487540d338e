package history

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// reactedHistory is an editedHistory that two readers received, and in which ann
// and bob reacted to m1, and bob took that back.
func reactedHistory() (h *History, a, b *Reader) {
	h, a, b = editedHistory()
	for _, r := range []*Reader{a, b} {
		receivedAll(r, 1, 2, 3, 4, 5)
	}
	h.Reacted(Reaction{"m1", "ann", "+"}, true)
	h.Reacted(Reaction{"m1", "bob", "+"}, true)
	h.Reacted(Reaction{"m1", "bob", "-"}, true)
	h.Reacted(Reaction{"m1", "bob", "-"}, false)
	return h, a, b
}

// counted adds a summary of m1.
func counted(r *Reader, seq uint64, counts map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch = "e"
	r.takeCountsLocked(seq, "s", "m1", counts, time.Now())
}

func TestCheckOfReactions(t *testing.T) {
	first, second := map[string]int{"+": 1, "-": 1}, map[string]int{"+": 2}
	both := func(a, b *Reader) {
		for _, r := range []*Reader{a, b} {
			counted(r, 6, first)
			counted(r, 7, second)
		}
	}
	for _, c := range []struct {
		name string
		tell func(h *History, a, b *Reader)
		want string
	}{
		{"everybody has all of it", func(_ *History, a, b *Reader) { both(a, b) }, ""},
		{"nobody has the last summary", func(_ *History, a, b *Reader) {
			counted(a, 6, first)
			counted(b, 6, first)
		}, `a ends with "+1 -1" under message m1, and there is "+2"`},
		{"one was told nothing", func(_ *History, a, _ *Reader) {
			counted(a, 6, first)
			counted(a, 7, second)
		}, `b ends with "" under message m1, and there is "+2"`},
		{"other counts in one place", func(_ *History, a, b *Reader) {
			counted(a, 6, first)
			counted(b, 6, second)
			counted(a, 7, second)
			counted(b, 7, second)
		}, "two entries are at e:6: s +1 -1 says a, s +2 says b"},
		{"one is missing", func(_ *History, a, b *Reader) {
			counted(a, 6, first)
			counted(a, 7, second)
			counted(b, 7, second)
		}, "b saw e:7 after 5: a hole of 1"},
		{"a gap hides it", func(_ *History, a, b *Reader) {
			counted(a, 6, first)
			counted(a, 7, second)
			gap(b, 6, 7)
		}, ""},
		{"all taken back", func(h *History, a, b *Reader) {
			both(a, b)
			for _, person := range []string{"ann", "bob"} {
				h.Reacted(Reaction{"m1", person, "+"}, false)
			}
			counted(a, 8, nil)
			counted(b, 8, nil)
		}, ""},
		{"a deleted message", func(h *History, a, b *Reader) {
			both(a, b)
			h.SendingContent(Send{ID: "d6", Name: "ann", Deletes: "m1", Sent: time.Now()})
			h.Acked("d6", Position{}, time.Now())
			for _, r := range []*Reader{a, b} {
				deletes(r, "e", 8)
				counted(r, 9, second)
			}
		}, ""},
		{"the archive has the counts", func(h *History, a, b *Reader) {
			both(a, b)
			n := h.Newcomer("newcomer", Position{"e", 0})
			h.SetStored(storedReacted("+2"))
			receivedAll(n, 1, 2, 3, 4, 5)
			counted(n, 6, first)
			counted(n, 7, second)
		}, ""},
		{"the archive has other counts", func(h *History, a, b *Reader) {
			both(a, b)
			h.SetStored(storedReacted("+1"))
		}, `log and archive have "+1" under message m1, and there is "+2"`},
		{"a newcomer misses the last summary", func(h *History, a, b *Reader) {
			both(a, b)
			n := h.Newcomer("newcomer", Position{"e", 0})
			h.SetStored(storedReacted("+2"))
			receivedAll(n, 1, 2, 3, 4, 5)
			counted(n, 6, first)
		}, "newcomer received 6 messages of 7 in log and archive: it lacks e:7"},
		{"a message from the archive has them", func(h *History, a, b *Reader) {
			both(a, b)
			late := h.LateReader("late")
			late.Add(Event{Kind: Message, At: Position{"e", 1}, ID: "m1",
				Content: &Content{Name: "ann", Text: "text of e4", Edited: true, Counts: "+2"}})
			receivedAll(late, 2, 3, 4, 5)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := reactedHistory()
			c.tell(h, a, b)
			verdict(t, h, c.want)
			if err := h.Lagging(); (err == nil) != (c.want == "" || c.name == "other counts in one place" ||
				c.name == "one is missing" || c.name == "the archive has other counts") {
				t.Errorf("lagging: %v", err)
			}
		})
	}
}

// A reaction that one server may have forgotten is not certain, but all agree.
func TestCheckOfUnsureReactions(t *testing.T) {
	for _, c := range []struct {
		name string
		tell func(h *History)
		b    map[string]int // what the second reader ends with; the first ends with two +
		want string
	}{
		{"the server lives", func(h *History) { h.LostData(); h.Died("other") }, map[string]int{"+": 2},
			`a ends with "+2" under message m1, and there is "+3"`},
		{"it dies soon", func(h *History) { h.Died("1000") }, map[string]int{"+": 2}, ""},
		{"it dies later", func(h *History) {
			h.died["1000"] = []time.Time{time.Now().Add(untilTold + time.Second)}
		}, map[string]int{"+": 2}, `a ends with "+2" under message m1, and there is "+3"`},
		{"and Redis loses data later, too", func(h *History) {
			h.died["1000"] = []time.Time{time.Now().Add(untilTold + time.Second)}
			h.lost = []time.Time{time.Now().Add(untilTold + time.Second)}
		}, map[string]int{"+": 2}, `a ends with "+2" under message m1, and there is "+3"`},
		{"and Redis loses data", func(h *History) {
			h.died["1000"] = []time.Time{time.Now().Add(untilTold + time.Second)}
			h.LostData()
		}, map[string]int{"+": 2}, ""},
		{"the rules refused one", func(h *History) { h.RuledReaction(Reaction{"m1", "cid", "+"}) },
			map[string]int{"+": 2}, ""},
		{"the rules refused another one", func(h *History) { h.RuledReaction(Reaction{"m1", "dan", "+"}) },
			map[string]int{"+": 2}, `a ends with "+2" under message m1, and there is "+3"`},
		{"the rules refused another emoji", func(h *History) { h.RuledReaction(Reaction{"m1", "cid", "-"}) },
			map[string]int{"+": 2}, `a ends with "+2" under message m1, and there is "+3"`},
		{"they differ", func(h *History) { h.Died("1000") }, map[string]int{"+": 3},
			`b ends with "+3" under message m1, and a with "+2"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := reactedHistory()
			h.Reacted(Reaction{"m1", "cid", "+"}, true, "1000")
			c.tell(h)
			counted(a, 6, map[string]int{"+": 1})
			counted(b, 6, map[string]int{"+": 1})
			counted(a, 7, map[string]int{"+": 2})
			if counted(b, 7, c.b); c.want == "" {
				h.SetStored(storedReacted("+2"))
				if err := h.Check(NoGaps); err != nil {
					t.Error(err)
				}
				h.SetStored(storedReacted("+3"))
				verdict(t, h, `log and archive have "+3" under message m1, and a ends with "+2"`)
				if len(h.WhoReacted()) != 0 {
					t.Errorf("certain: %v", h.WhoReacted())
				}
				return
			}
			verdict(t, h, c.want)
		})
	}
}

// storedReacted is what is stored of a reactedHistory with two summaries.
func storedReacted(counts string) []Entry {
	all := []Entry{{ID: "m1", Name: "ann", Text: "text of e4", Counts: counts},
		{ID: "m2", Name: "ann", Text: "text of e5"}, {}, {}, {}, {}, {}}
	for i := range all {
		all[i].At = Position{"e", uint64(i + 1)}
	}
	return all
}

func TestWhoReacted(t *testing.T) {
	h, _, _ := reactedHistory()
	h.Reacted(Reaction{"m2", "ann", "+"}, true)
	h.Reacted(Reaction{"m2", "ann", "+"}, false)
	who := h.WhoReacted()
	if len(who) != 2 || len(who["m1"]) != 1 || !slices.Equal(who["m1"]["+"], []string{"ann", "bob"}) ||
		len(who["m2"]) != 0 {
		t.Errorf("reacted: %v", who)
	}
	if !h.HasReacted(Reaction{"m1", "bob", "+"}) || h.HasReacted(Reaction{"m1", "bob", "-"}) {
		t.Error("bob has set + and taken back -")
	}
	var text strings.Builder
	_, _ = h.WriteTo(&text)
	for _, want := range []string{"acked: bob set - under m1, by []\n",
		"acked: bob took back - under m1, by []\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if s := h.Summary(); s.Reactions != 6 || s.Plus(s).Reactions != 12 {
		t.Errorf("summary %+v", s)
	}
}
