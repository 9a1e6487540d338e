package room

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// summaryOf is the payload of a summary.
func summaryOf(l *fakeLog, seq uint64) []byte {
	l.head.Seq++
	m := chat.ReactionsTo(chat.Target{Seq: seq, ID: idOf(seq)}, idOf(900+l.head.Seq), "1000")
	m.Seq, m.Epoch, m.At = l.head.Seq, l.head.Epoch, time.Now().UnixMilli()
	m.Extra += `,"counts":{}`
	l.messages[l.head.Seq] = chat.MessagePayload(&m)
	return l.messages[l.head.Seq]
}

// A summary is published when it is due, once for all reactions until then, and
// as often as it has to be tried.
func TestSummaryIsPublishedWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, stop := reacting(t, newLog(3), nil)
		defer stop()
		after := func(d time.Duration, want string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			expect(t, "calls", f.had(), want)
			f.change(func() {})
		}
		reactTo(t, r, 1, "@ann")
		after(time.Hour, "react livechat 1 @ann true 0")
		f.change(func() { f.reacted.Due = 700 * time.Millisecond })
		reactTo(t, r, 1, "@ann")
		f.change(func() { f.reacted.Due = 600 * time.Millisecond })
		reactTo(t, r, 1, "@eve")
		f.change(func() { f.reacted.Due = 0 })
		reactTo(t, r, 2, "@ann")
		f.change(func() {})
		after(20*time.Millisecond, "summary of 2")
		after(570*time.Millisecond, "")
		f.change(func() { f.again = 300 * time.Millisecond })
		after(20*time.Millisecond, "summary of 1")
		f.change(func() { f.err, f.again = errors.New("away"), 0 })
		after(310*time.Millisecond, "summary of 1")
		after(900*time.Millisecond, "")
		f.change(func() { f.err = nil })
		after(150*time.Millisecond, "summary of 1")
		after(time.Hour, "")

		f.change(func() { f.err, f.reacted.Due = errors.New("away"), 0 })
		r.registry.reactions.summaries.add("livechat", target(3).Target(), 0, true)
		time.Sleep(time.Hour)
		if n := strings.Count(f.had(), "summary"); n < 300 || n > 700 {
			t.Errorf("tried %d times", n)
		}
		if r.registry.reactions.summaries.owned() {
			t.Error("tries without an end")
		}
	})
}

// Each server asks for the next summary after one that it receives. When it
// opens a room, only after recent ones.
func TestSummaryIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(3)
		summaryOf(l, 1)
		time.Sleep(2 * summaryAge)
		summaryOf(l, 2)
		f, r, stop := reacting(t, l, nil)
		defer stop()
		time.Sleep(summaryEvery - 2*summaryPause)
		expect(t, "too early", f.had(), "")
		time.Sleep(time.Second)
		expect(t, "found", f.had(), "summary of 2")
		f.change(func() {})
		ingest(t, r, summaryOf(l, 3), l.publish())
		time.Sleep(time.Hour)
		expect(t, "received", f.had(), "summary of 3")
		f.change(func() {})
		summaryOf(l, 1) // missed
		ingest(t, r, l.publish())
		time.Sleep(time.Hour)
		expect(t, "filled", f.had(), "summary of 1")
	})
}

// A server that stops publishes what it has taken first.
func TestSettleReactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, stop := reacting(t, newLog(3), nil)
		defer stop()
		f.change(func() { f.reacted.Due = 500 * time.Millisecond })
		reactTo(t, r, 1, "@ann")
		r.noteSummary(wire.Frame(wire.Gap{Type: "gap"})) // no summary
		f.change(func() {})
		began := time.Now()
		r.registry.SettleReactions(t.Context())
		expect(t, "settled", f.had(), "summary of 1")
		if took := time.Since(began); took > 600*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}
