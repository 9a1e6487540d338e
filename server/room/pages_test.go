package room

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"livechat/internal/testlog"
	"livechat/server/chat"
)

// follow returns what a client gets from pages and then from the ring.
func follow(t *testing.T, r *Room, from chat.Position, pageSize int) string {
	t.Helper()
	var seen []string
	for {
		if s, ok := r.Reach(from); ok {
			return strings.TrimSpace(strings.Join(append(seen, read(t, r, s)), " "))
		}
		page, next, err := r.Page(t.Context(), from, pageSize, 1<<20)
		if err != nil || next.Seq <= from.Seq || len(page) > 2*pageSize {
			t.Fatalf("page after %v: %d frames, next %v, %v", from, len(page), next, err)
		}
		seen, from = append(seen, frames(t, page)), next
	}
}

// A page ends at its size limit, and has at least one message.
func TestPageIsBoundedInBytes(t *testing.T) {
	l := newLog(300)
	r := open(t, l)
	one, _, err := r.Page(t.Context(), at(epochA, 100), 1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	frame := len(one[0])
	for bytes, want := range map[int]int{0: 1, frame * 3 / 2: 1, frame * 7 / 2: 3, 1 << 20: 20} {
		list, next, err := r.Page(t.Context(), at(epochA, 100), 20, bytes)
		if err != nil || len(list) != want || next != at(epochA, 100+uint64(want)) {
			t.Errorf("at most %d bytes: %d messages, then %v, %v; want %d", bytes, len(list), next, err, want)
		}
	}
}

// Clients that resume while Redis and the database are down, or that claim to
// have seen more than there is, write no log lines: anyone can connect such
// clients.
func TestResumeWritesNoLogLines(t *testing.T) {
	r, l, a := withArchive(t)
	var lines testlog.Buffer
	r.logger.to = slog.New(slog.NewTextHandler(&lines, nil))
	ahead := l.head
	ahead.Seq += 5
	for range 10 {
		l.err, a.err, a.countErr = errors.New("redis is down"),
			errors.New("the database is down"), errors.New("timed out")
		r.Resume(t.Context(), at(epochA, 5), 50)
		l.err = nil
		r.Resume(t.Context(), ahead, 50)
	}
	if text := lines.String(); text != "" {
		t.Errorf("the log has:\n%s", text)
	}
}

func TestPagesFromArchive(t *testing.T) {
	for _, size := range []int{1, 7, 50} {
		r, l, a := withArchive(t)
		expect(t, fmt.Sprint("pages of ", size), follow(t, r, at(epochA, 5), size), row(6, 300))

		delete(a.messages, at(epochA, 6))
		for seq := uint64(50); seq <= 60; seq++ {
			delete(a.messages, at(epochA, seq))
		}
		for seq := uint64(196); seq <= 200; seq++ { // the archiver had not come so far
			delete(a.messages, at(epochA, seq))
		}
		expect(t, fmt.Sprint("gaps in the archive, pages of ", size), follow(t, r, at(epochA, 5), size),
			row("gap6-6", 7, 49, "gap50-60", 61, 195, "gap196-200", 201, 300))

		// The archive may have what is missing in the middle of the log.
		for _, seq := range []uint64{230, 231, 240} {
			if seq != 240 {
				a.messages[at(epochA, seq)] = l.messages[seq]
			}
			delete(l.messages, seq)
		}
		a.newest = 300
		expect(t, fmt.Sprint("gaps in the log, pages of ", size), follow(t, r, at(epochA, 210), size),
			row(211, 239, "gap240-240", 241, 300))
	}
}

// The log is not read for messages that it surely does not have, and clients
// that replay from the archive do not slow down clients that replay from the
// log.
func TestPagesReadOnlyWhereMessagesAre(t *testing.T) {
	r, l, a := withArchive(t)
	page := func(after uint64) int {
		t.Helper()
		list, _, err := r.Page(t.Context(), at(epochA, after), 20, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	page(5)
	if r.logBegins.Load() != 201 {
		t.Errorf("the log is believed to begin at %d", r.logBegins.Load())
	}
	for _, after := range []uint64{230, 25, 210, 45, 200} {
		reads, handed := a.reads, l.returned
		if got := page(after); got != 20 || (after < 200) != (a.reads > reads) ||
			(after < 200) != (l.returned == handed+1) {
			t.Errorf("a page after %d: %d messages, %d reads of the archive, %d messages from the log", after,
				got, a.reads-reads, l.returned-handed)
		}
	}
	// The log goes back in time, like a Redis restored from a snapshot: it has
	// more of the old messages again.
	for seq := uint64(150); seq <= 200; seq++ {
		l.messages[seq] = a.messages[at(epochA, seq)]
		delete(a.messages, at(epochA, seq))
	}
	handed, reads := l.returned, l.reads
	expect(t, "the log has more again", follow(t, r, at(epochA, 160), 20), row(161, 300))
	if l.returned-handed > 130 || l.reads-reads > 9 { // 108 messages
		t.Errorf("%d messages were read from the log, by %d reads", l.returned-handed, l.reads-reads)
	}
}

// The ring may reach further back than the log: what neither of them has is
// announced up to the beginning of the ring.
func TestPagesWhenRingIsLongerThanLog(t *testing.T) {
	r, l, a := withArchive(t)
	for seq := uint64(201); seq <= 290; seq++ {
		if seq < 260 {
			a.messages[at(epochA, seq)] = l.messages[seq]
		}
		delete(l.messages, seq)
	}
	a.newest = 290
	expect(t, "with an archive", follow(t, r, at(epochA, 190), 20), row(191, 259, "gap260-268", 269, 300))
	if s := r.Resume(t.Context(), at(epochA, 190), 0); s.Recovered || !s.Archived || s.From != 0 {
		t.Errorf("resume from 190: %+v", s)
	}
	r.archive = nil
	expect(t, "without an archive", follow(t, r, at(epochA, 190), 20), row("gap191-268", 269, 300))
}
