package room

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// ingestDelete deletes a message of @bob.
func ingestDelete(t *testing.T, r *Room, l *fakeLog, seq uint64) {
	t.Helper()
	l.head.Seq++
	d := chat.Message{Type: chat.TypeDelete, ID: idOf(99), Author: "@bob", Name: "bob", Seq: l.head.Seq,
		Epoch: epochA, Extra: chat.ByAuthor(chat.Target{Seq: seq, ID: idOf(seq)})}
	l.messages[d.Seq] = chat.MessagePayload(&d)
	ingest(t, r, l.messages[d.Seq])
	resync(t, r)
}

// A reaction that was accepted is restored in a new epoch, with those that the
// archive has, until Redis has it, and not for ever.
func TestTakenIsRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &peopleArchive{people: []chat.Reaction{
			{Person: "@old", Emoji: "👍", At: 3, On: true}, {Person: "@odd", Emoji: "x", At: 3, On: true},
		}}
		l := newLog(3)
		f, r, stop := reacting(t, l, a)
		defer stop()
		reactTo(t, r, 1, "@ann")
		f.change(func() { f.reacted.At = 8 })
		reactTo(t, r, 1, "@eve")
		reactTo(t, r, 2, "@eve")
		ingestDelete(t, r, l, 2)
		synctest.Wait()
		f.change(func() { f.unknown, f.err = true, chat.ErrLogClosed })
		l.changeEpoch(4)
		resync(t, r)
		time.Sleep(restorePause / 2)
		expect(t, "while Redis is away", f.had(), "restore 1 @ann:7,@eve:8 0")
		f.change(func() { f.err, f.reacted = nil, chat.Reacted{Epoch: epochB, Due: 0} })
		time.Sleep(10 * time.Second)
		expect(t, "then", f.had(), "restore 1 @ann:7,@eve:8 0; restore 1 @old:3 2; "+
			"restore 1 @ann:7,@eve:8 1; summary of 1")
		f.change(func() {})
		resync(t, r)
		time.Sleep(time.Hour)
		expect(t, "found again", f.had(), "")
		got := &r.registry.reactions.taken
		got.mu.Lock()
		defer got.mu.Unlock()
		if len(got.list)+len(got.rooms) > 0 {
			t.Errorf("remembers %v for ever", got.rooms)
		}
	})
}

// Reactions that one server has accepted are restored by the others as well.
func TestTakenIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, stop := reacting(t, newLog(3), nil)
		defer stop()
		for i := range maxNote + 1 {
			reactTo(t, r, 1, fmt.Sprint("@", i))
		}
		f.change(func() { f.err = chat.ErrLogClosed })
		time.Sleep(2 * spreadPause) // they cannot be told now
		f.change(func() { f.err = nil })
		time.Sleep(2 * time.Second)
		f.mu.Lock()
		notes := f.notes
		f.mu.Unlock()
		if len(notes) != 2 || strings.Contains(notes[0], `"hi"`) {
			t.Fatalf("%d notes: %.200q", len(notes), notes)
		}
		for _, note := range notes {
			if !r.registry.ReceiveTaken([]byte(note)) {
				t.Error("its own note is unknown")
			}
		}
		if n := len(r.registry.reactions.taken.list); n != maxNote+1 {
			t.Errorf("remembers %d reactions after its own notes", n)
		}

		l := newLog(3)
		f2, r2, stop2 := reacting(t, l, nil)
		defer stop2()
		r2.registry.opts.Node = "two"
		r2.registry.rooms[r2.Name] = r2
		r2.registry.ReceiveTaken([]byte(notes[1]))
		for _, odd := range []string{`{"type":"taken",`, `{"type":"taken","from":1}`} {
			if !r2.registry.ReceiveTaken([]byte(odd)) {
				t.Errorf("%s is taken for something else", odd)
			}
		}
		if r2.registry.ReceiveTaken([]byte(`{"type":"typing"}`)) {
			t.Error("takes what is for others")
		}
		m := chat.Message{ID: idOf(4), Author: "@bob", Name: "bob", Text: "hi", Seq: 4, Epoch: epochA}
		l.head.Seq++
		l.messages[4] = chat.MessagePayload(&m)
		ingest(t, r2, l.messages[4])
		ingestDelete(t, r2, l, 4)
		late := strings.NewReplacer(`"seq":1`, `"seq":4`, idOf(1), idOf(4)).Replace(notes[1])
		r2.registry.ReceiveTaken([]byte(late))
		f2.change(func() { f2.reacted = chat.Reacted{Epoch: epochB, Due: -1} })
		l.changeEpoch(5)
		resync(t, r2)
		time.Sleep(time.Second)
		expect(t, "in a new epoch", f2.had(), fmt.Sprintf("restore 1 @%d:7 0", maxNote))
		f2.change(func() {})
		r2.registry.ReceiveTaken([]byte(strings.ReplaceAll(notes[1], fmt.Sprint("@", maxNote), "@late")))
		time.Sleep(time.Second)
		expect(t, "a note that comes after it", f2.had(), "restore 1 @late:7 0")
	})
}

// The memory of accepted reactions is bounded.
func TestTakenIsBounded(t *testing.T) {
	taken := newTaken()
	for i := range 2 * maxTaken {
		taken.add(takenReaction{room: fmt.Sprint(i % 3), message: *target(1), epoch: epochA, when: time.Now()})
	}
	sum := 0
	for _, n := range taken.rooms {
		sum += n
	}
	if len(taken.list) > maxTaken || len(taken.list) < maxTaken/2 || sum != len(taken.list) {
		t.Errorf("remembers %d, counted %d", len(taken.list), sum)
	}
	s := newSummaries()
	for i := range 2 * maxSummaries {
		s.add("livechat", chat.Target{Seq: 1, ID: fmt.Sprint(i)}, time.Hour, true)
	}
	if len(s.pending) != maxSummaries {
		t.Errorf("%d are pending", len(s.pending))
	}
}

// Taking back a reaction that was not set changes nothing, so there is nothing
// to remember: restored, it would count as done then.
func TestNothingTakenIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, stop := reacting(t, newLog(3), nil)
		defer stop()
		f.change(func() { f.reacted.At = 0 })
		reactTo(t, r, 1, "@ann")
		time.Sleep(time.Second)
		f.mu.Lock()
		defer f.mu.Unlock()
		if n := r.registry.Remembers(); n > 0 || len(f.notes) > 0 {
			t.Errorf("remembers %d reactions, and tells %q", n, f.notes)
		}
	})
}

// An attempt to restore that fails does not hide that the log went on meanwhile.
func TestRetryKeepsTheNewestEpoch(t *testing.T) {
	all := newTaken()
	all.add(takenReaction{room: "livechat", epoch: epochA})
	all.found("livechat", epochB)
	if _, epoch, _ := all.nextLost(); epoch != epochB {
		t.Fatalf("lost before %q", epoch)
	}
	const third = "cccccccccccccccc"
	all.found("livechat", third)
	all.retry("livechat", epochB)
	if _, epoch, ok := all.nextLost(); epoch != third || !ok {
		t.Errorf("lost before %q, want %q", epoch, third)
	}
}
