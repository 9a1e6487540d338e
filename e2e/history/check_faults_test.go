package history

// faultyHistories each break a promise, which the error names.
var faultyHistories = []checkCase{
	{"the store lacks some of it, too", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1)
		b.Ask([]Entry{{ID: "m3"}})
	}, "b never saw message m2"},
	{"an acked message is lost to all",
		func(h *History, a, b *Reader) { saw(a, 1, 2); saw(b, 1, 2) },
		"a never saw message m3, which was acked at e:3"},
	{"an acked message is lost to one",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1, 2) }, "b never saw message m3"},
	{"an ack without an epoch, lost to one", func(h *History, a, b *Reader) {
		h.Sending("m4", second(100))
		h.Acked("m4", Position{Seq: 4}, second(101))
		saw(a, 1, 2, 3, 4)
		saw(b, 1, 2, 3)
	}, "b never saw message m4"},
	{"an ack without an epoch, lost to all", func(h *History, a, b *Reader) {
		h.Sending("m4", second(100))
		h.Acked("m4", Position{Seq: 4}, second(101))
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
	}, "a never saw message m4"},
	{"a silent hole", func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1, 3) },
		"a hole of 1 that was not announced"},
	{"a reset is no excuse", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1, 2)
		reset(a, "f", 8)
		reset(b, "f", 8)
	}, "b never saw message m3"},
	{"lost to all with the old log", func(h *History, a, b *Reader) {
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2)
			reset(r, "f", 8)
		}
	}, "a never saw message m3, which was acked at e:3"},
	{"lost to all with the old log, and the ack names none", func(h *History, a, b *Reader) {
		h.Sending("m4", second(100))
		h.Acked("m4", Position{Seq: 4}, second(101))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			reset(r, "f", 8)
		}
	}, "a never saw message m4"},
	{"repeated after a reset", func(h *History, a, b *Reader) {
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			reset(r, "f", 8)
			message(r, "f", 9, "m3")
		}
	}, "a saw message m3 2 times, now at f:9"},
	{"raw, and repeated twice after a reset", func(h *History, a, b *Reader) {
		raw := h.RawReader("raw")
		raw.Add(Event{Kind: Joined, At: Position{"e", 0}})
		saw(raw, 1, 2, 3)
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		reset(raw, "f", 8)
		message(raw, "f", 9, "m3")
		message(raw, "f", 10, "m3")
	}, "raw saw message m3 3 times, now at f:10"},
	{"raw, and repeated without a reset", func(h *History, a, b *Reader) {
		raw := h.RawReader("raw")
		raw.Add(Event{Kind: Joined, At: Position{"e", 0}})
		saw(raw, 1, 2, 3, 3)
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
	}, "raw saw message m3 2 times"},
	{"an unnoticed hole in a later log", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		raw := h.RawReader("raw")
		raw.Add(Event{Kind: Joined, At: Position{"e", 0}})
		for _, r := range []*Reader{a, b, raw} {
			saw(r, 1, 2, 3)
			reset(r, "f", 8)
		}
		message(a, "f", 10, "n")
	}, "a saw f:10 after 8: a hole"},
	{"a hole in a later log with a message in it", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Sending("o", second(100))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			reset(r, "f", 8)
		}
		message(a, "f", 9, "o")
		message(a, "f", 10, "n")
		message(b, "f", 10, "n")
	}, "b saw f:10 after 8: a hole"},
	{"a silent hole at the beginning",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 2, 3) },
		"a hole of 1 that was not announced"},
	{"a hole before a gap",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); gap(b, 2, 2); saw(b, 3) },
		"b was told of a gap from e:2 after 0: a hole"},
	{"a gap that is too short",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); gap(b, 1, 1); saw(b, 3) },
		"b saw e:3 after 1: a hole"},
	{"a gap announced after its hole",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1, 3); gap(b, 2, 2) },
		"that was not announced"},
	{"a message comes although a gap announced that it would not",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); gap(b, 1, 2); saw(b, 2, 3) },
		"b saw e:2 after 2"},
	{"twice at one position", func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1, 2, 2, 3) },
		"b saw e:2 after 2: twice"},
	{"out of order", func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 2, 1, 3) },
		"b saw e:1 after 2"},
	{"twice at two positions", func(h *History, a, b *Reader) {
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			message(r, "e", 4, "m2")
		}
	}, "message m2 is at two places"},
	{"an unknown message twice", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			message(r, "e", 4, "n")
			message(r, "e", 5, "n")
		}
	}, "a saw message n 2 times"},
	{"another position than the ack says", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Acked("n", Position{Seq: 5}, second(101))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			message(r, "e", 4, "n")
		}
	}, "message n is at two places: at e:5 says its ack"},
	{"two messages at one position", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Sending("o", second(100))
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		message(a, "e", 4, "n")
		message(b, "e", 4, "o")
	}, "two messages are at e:4: n says a, o says b"},
	{"two acks for one position", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Acked("n", Position{"e", 3}, second(101))
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
	}, "two messages are at e:3"},
	{"made up", func(h *History, a, b *Reader) {
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			message(r, "e", 4, "ghost")
		}
	}, "a saw message ghost at e:4, which nobody sent"},
	{"another epoch without a reset", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		message(b, "f", 4, "n")
	}, "b saw f:4 in epoch e without a reset"},
	{"a reset to the current epoch",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1); reset(b, "e", 1); saw(b, 2, 3) },
		"a reset to epoch e, in which it is"},
	{"a hole after a reset", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			reset(r, "f", 8)
			message(r, "f", 10, "n")
		}
	}, "a saw f:10 after 8: a hole"},
	{"resumed in a new log with a hole", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		reset(a, "f", 8)
		saw(b, 1)
		resumed(b, "f", 8)
		message(b, "f", 3, "m3")
	}, "b never saw message m2"},
	{"never told of the new log", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Acked("n", Position{"f", 4}, second(101))
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		reset(a, "f", 3)
		message(a, "f", 4, "n")
	}, "b never saw message n"},
	{"resets in two orders", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		reset(a, "f", 3)
		reset(a, "g", 3)
		reset(b, "g", 3)
		reset(b, "f", 3)
	}, "b went from epoch g to f, a the other way"},
	{"an order against the acks", func(h *History, a, b *Reader) {
		h.Sending("late", second(100))
		h.Acked("late", Position{"e", 4}, second(101))
		h.Sending("early", second(50))
		h.Acked("early", Position{"e", 5}, second(55))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			message(r, "e", 4, "late")
			message(r, "e", 5, "early")
		}
	}, "message late at e:4 was sent 45s after the ack of early"},
	{"the test's own mistake",
		func(h *History, a, b *Reader) { h.Sending("m1", second(1)); saw(a, 1, 2, 3); saw(b, 1, 2, 3) },
		"the test sent two messages with the id m1"},
}
