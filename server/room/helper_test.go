package room

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// publishedAt is the timestamp of all messages.
var publishedAt = time.Now()

const (
	epochA = "aaaaaaaaaaaaaaaa"
	epochB = "bbbbbbbbbbbbbbbb"
)

// fakeLog is a log in memory. It has no gaps except those a test makes.
type fakeLog struct {
	head        chat.Position
	epochs      chat.EpochHistory
	messages    map[uint64][]byte
	err         error
	reads       int
	returned    int      // payloads returned by After
	republished [][]byte // what was published again
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
	return fmt.Appendf(nil,
		`{"type":"message","seq":%d,"id":"00000000-0000-4000-8000-%012d","text":"m%d","at":%d,"epoch":"%s"}`,
		p.Seq, p.Seq, p.Seq, publishedAt.UnixMilli(), p.Epoch)
}

func (l *fakeLog) OpenLog(context.Context, string, chat.Position) (chat.Log, error) {
	return chat.Log{Head: l.head, Epochs: l.epochs}, l.err
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
	l.returned += len(list)
	return list, l.err
}

func (l *fakeLog) Adopt(_ context.Context, _, _ string, epochs []string) (chat.Log, error) {
	for _, e := range epochs {
		if _, ok := l.epochs.End(e); !ok {
			l.epochs = append(chat.EpochHistory{{Epoch: e}}, l.epochs...)
		}
	}
	return chat.Log{Head: l.head, Epochs: l.epochs}, l.err
}

func (l *fakeLog) Republish(_ string, payloads [][]byte) {
	l.republished = append(l.republished, payloads...)
}

// changeEpoch starts epoch B after end, dropping later messages.
func (l *fakeLog) changeEpoch(end uint64) {
	for seq := end + 1; seq <= l.head.Seq; seq++ {
		delete(l.messages, seq)
	}
	l.epochs = append(l.epochs, chat.Position{Epoch: l.head.Epoch, Seq: end})
	l.head = chat.Position{Epoch: epochB, Seq: end}
}

func unopened(l *fakeLog) *Room {
	return newRoom("livechat", Options{
		RingSize: 64,
		Log:      l,
		Wake:     func(*Room) {},
		Logger:   slog.New(slog.DiscardHandler),
		Metrics:  metrics.NewSet(),
	})
}

func open(t *testing.T, l *fakeLog) *Room {
	t.Helper()
	r := unopened(l)
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

// read returns what a client that starts at s gets, in short: seqs for
// messages, the type for other entries.
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

func resync(t *testing.T, r *Room) {
	t.Helper()
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func at(epoch string, seq uint64) chat.Position { return chat.Position{Epoch: epoch, Seq: seq} }

// frames returns frames in the format of read.
func frames(t *testing.T, list [][]byte) string {
	t.Helper()
	r := unopened(nil)
	for _, f := range list {
		r.ring.Append(1, Ephemeral, f)
	}
	return read(t, r, Start{})
}

func wantPosition(payload []byte) chat.Position {
	e, _ := wire.ParseEntry(payload)
	return e.Position
}
