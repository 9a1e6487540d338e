package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// saidAt is the time of all messages.
var saidAt = time.Now()

const (
	epochA = "aaaaaaaaaaaaaaaa"
	epochB = "bbbbbbbbbbbbbbbb"
)

// fakeLog is a log in memory. Its messages are dense but for what a test cuts out.
type fakeLog struct {
	head     chat.Position
	past     chat.Lineage
	messages map[uint64][]byte
	err      error
	reads    int
	handed   int      // payloads that were read by After
	again    [][]byte // what was published again
}

func newLog(n uint64) *fakeLog {
	l := &fakeLog{head: chat.Position{Epoch: epochA}, messages: map[uint64][]byte{}}
	for range n {
		l.publish()
	}
	return l
}

func (l *fakeLog) publish() []byte {
	l.head.Seq++
	l.messages[l.head.Seq] = payload(l.head)
	return l.messages[l.head.Seq]
}

func payload(p chat.Position) []byte {
	return fmt.Appendf(nil, `{"type":"message","seq":%d,"id":"00000000-0000-4000-8000-%012d","text":"m%d","at":%d,"epoch":"%s"}`,
		p.Seq, p.Seq, p.Seq, saidAt.UnixMilli(), p.Epoch)
}

func (l *fakeLog) OpenLog(context.Context, string, chat.Position) (chat.Log, error) {
	return chat.Log{Head: l.head, Past: l.past}, l.err
}

func (l *fakeLog) Tail(_ context.Context, _ string, n int) ([][]byte, error) {
	return l.After(context.Background(), "", l.head.Seq-min(l.head.Seq, uint64(n)), n)
}

func (l *fakeLog) After(_ context.Context, _ string, seq uint64, limit int) (list [][]byte, err error) {
	l.reads++
	for s := seq + 1; s <= l.head.Seq && len(list) < limit; s++ {
		if m := l.messages[s]; m != nil {
			list = append(list, m)
		}
	}
	l.handed += len(list)
	return list, l.err
}

func (l *fakeLog) Adopt(_ context.Context, _, _ string, epochs []string) (chat.Log, error) {
	for _, e := range epochs {
		if _, ok := l.past.End(e); !ok {
			l.past = append(chat.Lineage{{Epoch: e}}, l.past...)
		}
	}
	return chat.Log{Head: l.head, Past: l.past}, l.err
}

func (l *fakeLog) Republish(_ string, payloads [][]byte) { l.again = append(l.again, payloads...) }

// turn begins epoch B, at the end of the log or where it has been cut off.
func (l *fakeLog) turn(end uint64) {
	for seq := end + 1; seq <= l.head.Seq; seq++ {
		delete(l.messages, seq)
	}
	l.past = append(l.past, chat.Position{Epoch: l.head.Epoch, Seq: end})
	l.head = chat.Position{Epoch: epochB, Seq: end}
}

func blank(l *fakeLog) *Room {
	return newRoom("livechat", Options{RingSize: 64, Log: l, Wake: func(*Room) {}, Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()})
}

func open(t *testing.T, l *fakeLog) *Room {
	t.Helper()
	r := blank(l)
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func ingest(t *testing.T, r *Room, payloads ...[]byte) {
	t.Helper()
	for _, p := range payloads {
		if err := r.Ingest(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns what a client sees that begins at s, in short: seqs as they are, other entries by their type.
func read(t *testing.T, r *Room, s Start) string {
	t.Helper()
	var seen []string
	for pos := s.Cursor; pos < r.ring.Head(); pos++ {
		e := r.ring.At(pos)
		if e == nil {
			t.Fatalf("position %d is overtaken", pos)
		}
		if e.Kind == Reset {
			s.After = 0
		}
		if pos < s.Live && e.Kind != Message || e.Kind == Message && e.Seq <= s.After {
			continue
		}
		var f struct {
			Type  string
			Seq   uint64
			Text  string
			From  uint64
			To    uint64
			Epoch string
		}
		header := 2
		if e.Frame[1] == 126 {
			header = 4
		}
		if err := json.Unmarshal(e.Frame[header:], &f); err != nil {
			t.Fatalf("frame %q: %v", e.Frame, err)
		}
		switch f.Type {
		case "message":
			seen = append(seen, fmt.Sprint(f.Seq))
		case "gap":
			seen = append(seen, fmt.Sprintf("gap%d-%d", f.From, f.To))
		case "reset":
			seen = append(seen, fmt.Sprintf("reset:%.1s%d", f.Epoch, f.Seq))
		default:
			seen = append(seen, f.Type+f.Text)
		}
	}
	return strings.Join(seen, " ")
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got  %s\nwant %s", what, got, want)
	}
}

func TestRoomOpensFromTheLog(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	expect(t, "history 3", read(t, r, r.Join(3)), "3 4 5")
	expect(t, "history 0", read(t, r, r.Join(0)), "")
	expect(t, "history 50", read(t, r, r.Join(50)), "1 2 3 4 5")
	s := r.Join(2)
	ingest(t, r, l.publish(), l.publish())
	expect(t, "history, then live", read(t, r, s), "4 5 6 7")
	if want := (chat.Position{Epoch: epochA, Seq: 7}); r.Position() != want {
		t.Errorf("position %v, want %v", r.Position(), want)
	}
	empty := open(t, newLog(0))
	if s := empty.Join(50); s.Position.Epoch != epochA || s.Position.Seq != 0 || read(t, empty, s) != "" {
		t.Errorf("an empty room starts at %+v", s)
	}
}

func TestRoomFillsHolesBeforeWhatIsBehindThem(t *testing.T) {
	l := newLog(0)
	r := open(t, l)
	ingest(t, r, l.publish())
	for range 2500 { // more than two pages, and much more than the ring holds
		l.publish()
	}
	reads := l.reads
	ingest(t, r, l.publish())
	if got := r.Position().Seq; got != 2502 {
		t.Fatalf("after the hole the room is at %d, want 2502", got)
	}
	if got := l.reads - reads; got != 3 {
		t.Errorf("the hole was filled by %d reads, want 3", got)
	}
	expect(t, "after the hole", read(t, r, r.Join(3)), "2500 2501 2502")
}

func TestRoomDropsWhatItKnows(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	ingest(t, r, l.messages[2], l.messages[3])
	four := l.publish()
	ingest(t, r, four, four)
	expect(t, "each once", read(t, r, s), "4")
}

func TestRoomAnnouncesWhatIsLost(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	for range 4 {
		l.publish()
	}
	delete(l.messages, 4)
	delete(l.messages, 5)
	ingest(t, r, l.publish())
	expect(t, "hole", read(t, r, s), "gap4-5 6 7 8")
	for range 3 { // what stands in the log under a number of another epoch is not the message of that number
		l.publish()
	}
	l.messages[10] = payload(chat.Position{Epoch: epochB, Seq: 10})
	ingest(t, r, l.messages[11])
	expect(t, "foreign entry", read(t, r, s), "gap4-5 6 7 8 9 gap10-10 11")
	expect(t, "hole, replayed", read(t, r, r.Resume(t.Context(), chat.Position{Epoch: epochA, Seq: 2}, 0)), "3 gap4-5 6 7 8 9 gap10-10 11")
}

func TestRoomIgnoresAMessageThatIsNotInTheLog(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	ingest(t, r, payload(chat.Position{Epoch: epochA, Seq: 900}))
	ingest(t, r, payload(chat.Position{Epoch: epochB, Seq: 4}))
	ingest(t, r, l.publish())
	expect(t, "forged", read(t, r, s), "4")
}

func TestRoomFollowsAReplacedLog(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(2)
	r.Broadcast(wire.Frame(wire.Typing{Type: "typing"}))
	*l = *newLog(0)
	l.head.Epoch = epochB
	l.publish()
	l.publish()
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ingest(t, r, l.publish())
	expect(t, "who was there", read(t, r, s), "8 9 typing reset:b0 1 2 3")
	expect(t, "who joins", read(t, r, r.Join(50)), "1 2 3")
	old := r.Resume(t.Context(), chat.Position{Epoch: epochA, Seq: 9}, 50)
	if old.Recovered || !old.Rewound || old.After != 0 {
		t.Errorf("who has seen the old log begins %+v, and should at the beginning", old)
	}
	if len(l.again) != 9 {
		t.Errorf("%d messages were said again, want the 9 of the old log", len(l.again))
	}
	expect(t, "who comes back", read(t, r, old), "1 2 3")
}

func TestRoomHearsOfANewEpochOnTheChannel(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	l.head = chat.Position{Epoch: epochB, Seq: 3}
	ingest(t, r, l.publish())
	expect(t, "new epoch", read(t, r, s), "reset:b3 4")
}

func TestRoomErrors(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	l.err = errors.New("redis is away")
	l.publish()
	if err := r.Ingest(t.Context(), l.publish()); !errors.Is(err, l.err) {
		t.Errorf("Ingest hides the error: %v", err)
	}
	if err := r.Sync(t.Context()); !errors.Is(err, l.err) {
		t.Errorf("Sync hides the error: %v", err)
	}
	l.err = nil
	if err := r.Sync(t.Context()); err != nil || r.Position().Seq != 5 {
		t.Errorf("after the outage: %v at %v", err, r.Position())
	}
}

func TestNotice(t *testing.T) {
	r := open(t, newLog(1))
	s := r.Join(0)
	ingest(t, r, []byte("hello"), []byte(" \x00 "), []byte("bad \xff\x1b[31m"), []byte(`{"type":"message"}`))
	expect(t, "notices", read(t, r, s), "noticehello noticebad \uFFFD[31m "+`notice{"type":"message"}`)
	expect(t, "are never replayed", read(t, r, r.Join(50)), "1")
	ingest(t, r, []byte(strings.Repeat("ä", 9000)))
	e := r.ring.At(r.ring.Head() - 1)
	if n := len(e.Frame); n > 2*maxNotice+100 {
		t.Errorf("a notice of %d bytes", n)
	}
}
