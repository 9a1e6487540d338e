package client

import (
	"fmt"
	"runtime"
	"testing"
)

// named returns message seq with an id as servers write it, derived from n.
func named(seq, n int) string {
	return fmt.Sprintf(
		`{"type":"message","seq":%d,"id":"00000000-0000-4000-8000-%012d","text":"t"}`,
		seq,
		n,
	)
}

func TestReplacedLogRepeatsNoMessage(t *testing.T) {
	m := follow(t, Options{History: new(0), URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0), named(1, 1), named(2, 2), named(3, 3),
			`{"type":"reset","epoch":"f","seq":7}`, named(8, 3), named(9, 4),
			`{"type":"reset","epoch":"g","seq":12}`, named(13, 2), named(14, 4), named(15, 5))
	}, func(p *peer) {
		p.wants("after=g%3A15&name=guest-1f")
		p.send(welcome("h", 18), named(15, 5), named(16, 4), named(17, 6), named(18, 1))
		p.untilGone()
	})})
	m.expect("w0", "1", "2", "3", "reset f 7", "9", "reset g 12", "15", "x", "reset h 18", "w18", "17")
	ctx := within(t)
	for at, _ := m.Position(); at != (Position{"h", 18}); at, _ = m.Position() {
		if ctx.Err() != nil {
			t.Fatalf("stands at %v, want h:18", at)
		}
		runtime.Gosched()
	}
}

// An id that another author uses is another message, whatever happened to the
// log in between.
func TestSameIDOfAnotherAuthorIsAnotherMessage(t *testing.T) {
	said := func(seq int, author, text string) string {
		return fmt.Sprintf(
			`{"type":"message","seq":%d,"id":"00000000-0000-4000-8000-000000000001","author":"%s","name":"ann","text":"%s"}`,
			seq,
			author,
			text,
		)
	}
	m := follow(t, Options{History: new(0), URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0), said(1, "@ann", "t"), `{"type":"reset","epoch":"f","seq":1}`,
			said(2, "@ann", "t"), said(3, "@eve", "t"), said(4, "@ann", "another"), said(5, "", "t"))
		p.untilGone()
	})})
	m.expect("w0", "1", "reset f 1", "3", "4", "5")
}

// Until a message of the new log has come, the session resumes from its old
// position: the room's position would skip what was missed.
func TestConnectionLostAtAnEpochChangeResumesFromBeforeIt(t *testing.T) {
	m := follow(t, Options{History: new(0), URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0), named(1, 1))
	}, func(p *peer) {
		p.wants("after=e%3A1&name=guest-1f")
		p.send(welcome("f", 4))
	}, func(p *peer) {
		p.wants("after=e%3A1&name=guest-1f")
		p.send(welcome("f", 4), named(2, 2), named(3, 3))
	}, func(p *peer) {
		p.wants("after=f%3A3&name=guest-1f")
		p.send(welcome("f", 4), named(4, 4))
	}, func(p *peer) {
		p.wants("after=f%3A4&name=guest-1f")
		p.send(welcome("g", 9), named(11, 11)) // 10 is missing without a gap
		p.untilGone()
	})})
	m.expect("w0", "1", "x", "reset f 4", "w4", "x", "w4", "2", "3", "x", "w4", "4", "x", "reset g 9", "w9",
		"gap 10-10", "11")
}

// A connection that was opened before the log was replaced, or to a server that
// lags behind, starts in the old log.
func TestEarlierLogIsNotFollowed(t *testing.T) {
	m := follow(t, Options{History: new(0), URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0), named(1, 1), `{"type":"reset","epoch":"f","seq":1}`, named(2, 2),
			`{"type":"reset","epoch":"g","seq":2}`, named(3, 3))
	}, func(p *peer) {
		p.wants("after=g%3A3&name=guest-1f")
		p.send(welcome("e", 1), named(1, 1), `{"type":"gap","from":2,"to":2}`,
			`{"type":"reset","epoch":"f","seq":1}`, named(2, 2))
	}, func(p *peer) {
		p.wants("after=g%3A3&name=guest-1f")
		p.send(
			welcome("f", 2),
			named(2, 2),
			`{"type":"reset","epoch":"g","seq":2}`,
			named(3, 3),
			named(4, 4),
		)
	}, func(p *peer) {
		p.wants("after=g%3A4&name=guest-1f")
		p.send(welcome("f", 2), named(2, 2), `{"type":"reset","epoch":"h","seq":4}`, named(5, 5))
		p.untilGone()
	})})
	m.expect("w0", "1", "reset f 1", "2", "reset g 2", "3", "x", "w1", "x", "w2", "4", "x", "w2",
		"reset h 4", "5")
}

func TestMemoryKeepsTheNewest(t *testing.T) {
	var m memory
	id := func(n int) *Message {
		return &Message{ID: fmt.Sprint("id ", n), Author: "@ann", Name: "ann", Text: "t"}
	}
	for n := range remembered + 10 {
		m.add(id(n))
	}
	m.add(&Message{Seq: 1})
	if m.has(id(10)) {
		t.Error("it knows a message of this log: its seq tells those apart")
	}
	m.changeLog()
	for n, want := range map[int]bool{9: false, 10: true, remembered + 9: true, remembered + 10: false} {
		if m.has(id(n)) != want {
			t.Errorf("message %d: %v, want %v", n, !want, want)
		}
	}
	if len(m.hashes) != remembered {
		t.Errorf("it remembers %d", len(m.hashes))
	}
	for _, other := range []*Message{
		{ID: "id 10", Author: "@eve", Name: "ann", Text: "t"},
		{ID: "id 10", Author: "@ann", Name: "ann", Text: "another"}, {ID: "id 10", Name: "ann", Text: "t"},
	} {
		if m.has(other) {
			t.Errorf("another message under the same id is taken for it: %+v", other)
		}
	}
}
