package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"livechat/server/chat"
	"livechat/server/store"
)

var _ Shelf = (*store.Store)(nil)

// rows is a Shelf of rows of one room.
type rows struct {
	list  []store.RoomMessage // by seq
	ends  []store.EpochEnd    // the newest first
	ask   func(ctx context.Context) error
	asked atomic.Int64
}

func (r *rows) LogPage(ctx context.Context, _, epoch string, after, before int64, limit int) (page []store.RoomMessage, err error) {
	r.asked.Add(1)
	if r.ask != nil {
		err = r.ask(ctx)
	}
	for _, m := range r.list {
		if m.Epoch == epoch && m.Seq > after && m.Seq < before && len(page) < limit {
			page = append(page, m)
		}
	}
	return page, err
}

func (r *rows) CountLog(ctx context.Context, room, epoch string, after, before int64) (int64, error) {
	page, err := r.LogPage(ctx, room, epoch, after, before, len(r.list))
	return int64(len(page)), err
}

// RoomMessages is asked for the newest alone.
func (r *rows) RoomMessages(ctx context.Context, _, _ string, _, _ int64, _ int) (page []store.RoomMessage, err error) {
	if r.ask != nil {
		err = r.ask(ctx)
	}
	if n := len(r.list); n > 0 {
		page = r.list[n-1:]
	}
	return page, err
}

func (r *rows) Epochs(context.Context, string, int) ([]store.EpochEnd, error) { return r.ends, nil }

func (r *rows) add(epoch string, from, to int64) {
	for seq := from; seq <= to; seq++ {
		r.list = append(r.list, store.RoomMessage{Room: room, Epoch: epoch, Seq: seq, Name: "ann"})
	}
}

// short returns payloads as <first letter of the epoch><seq>.
func short(payloads [][]byte) string {
	var words []string
	for _, p := range payloads {
		var seq int
		if _, err := fmt.Sscanf(string(p), `{"type":"message","seq":%d,`, &seq); err != nil {
			return err.Error()
		}
		words = append(words, fmt.Sprint(string(p[len(p)-3]), seq))
	}
	return strings.Join(words, " ")
}

// A log is read across its epochs, each as far as it counts.
func TestReaderFollowsTheLineage(t *testing.T) {
	shelf := &rows{}
	shelf.add("00000000000000aa", 1, 6) // 5 and 6 were lost, and are others now
	shelf.add("00000000000000bb", 5, 7)
	shelf.add("00000000000000dd", 8, 9)
	shelf.add("00000000000000dd", 11, 12)
	shelf.add("00000000000000ee", 1, 12) // another log
	l := chat.Log{
		Head: chat.Position{Epoch: "00000000000000dd", Seq: 20},
		Past: chat.Lineage{{Epoch: "00000000000000ff", Seq: 0}, {Epoch: "00000000000000aa", Seq: 4}, {Epoch: "00000000000000bb", Seq: 7}, {Epoch: "00000000000000cc", Seq: 7}},
	}
	r := NewReader(shelf)
	for _, test := range []struct {
		after, before uint64
		limit         int
		want          string
		queries       int64
	}{
		{0, 21, 100, "a1 a2 a3 a4 b5 b6 b7 d8 d9 d11 d12", 3},
		{0, 21, 4, "a1 a2 a3 a4", 1},
		{0, 21, 6, "a1 a2 a3 a4 b5 b6", 2},
		{3, 6, 100, "a4 b5", 2},
		{4, 6, 100, "b5", 1},
		{7, 9, 100, "d8", 1},
		{9, 11, 100, "", 1},
		{12, 13, 100, "", 0},
		{20, 3, 100, "", 0},
	} {
		shelf.asked.Store(0)
		got, err := r.Between(t.Context(), room, l, test.after, test.before, test.limit)
		if err != nil || short(got) != test.want || shelf.asked.Load() != test.queries {
			t.Errorf("%d to %d, %d at most: %q by %d queries, %v; want %q by %d",
				test.after, test.before, test.limit, short(got), shelf.asked.Load(), err, test.want, test.queries)
		}
		if n, err := r.Count(t.Context(), room, l, test.after, test.before); test.limit == 100 && (err != nil || int(n) != len(got)) {
			t.Errorf("%d to %d: counted %d, %v; want %d", test.after, test.before, n, err, len(got))
		}
	}
}

// What is read is what was written, byte for byte.
func TestReaderGivesBackWhatWasDecoded(t *testing.T) {
	for _, payload := range []string{
		`{"type":"message","seq":12,"id":"5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e","app":"1000","session":"s","name":"ann","text":"é \" \\ \n 😀 <b>","at":1763770000123,"epoch":"0123456789abcdef"}`,
		`{"type":"message","seq":9007199254740991,"id":"5F0C2B1E-8A57-4D0F-9B1E-2F3A4B5C6D7E","app":"a-b_c.d","session":"","name":"'","text":",\"at\":12,","at":1,"epoch":"ffffffffffffffff"}`,
	} {
		var seq int64
		if _, err := fmt.Sscanf(payload, `{"type":"message","seq":%d,`, &seq); err != nil {
			t.Fatal(err)
		}
		m, ok := decode(room, Entry{ID: entryID(seq), Payload: []byte(payload)})
		if got := string(payloadOf(m)); !ok || got != payload {
			t.Errorf("got  %s\nwant %s", got, payload)
		}
	}
}

// Who asks for the same at the same time shares an answer; a store that hangs is not waited for for ever, and counting does not occupy it.
func TestReaderSharesAndGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shelf := &rows{ask: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		shelf.add(first, 1, 10)
		r := NewReader(shelf)
		l := chat.Log{Head: chat.Position{Epoch: first, Seq: 10}}
		var all sync.WaitGroup
		errs := make([]error, 6)
		for i := range 3 {
			all.Go(func() { _, errs[i] = r.Between(t.Context(), room, l, 2, 9, 5) })
			all.Go(func() { _, errs[3+i] = r.Count(t.Context(), room, l, uint64(i), 9) })
		}
		synctest.Wait()
		if n := shelf.asked.Load(); n != 2 { // one page, one count
			t.Errorf("the store was asked %d times at once, want 2", n)
		}
		all.Wait()
		if slices.ContainsFunc(errs, func(err error) bool { return !errors.Is(err, context.DeadlineExceeded) }) {
			t.Errorf("errors: %v", errs)
		}
		shelf.ask = nil
		if got, err := r.Between(t.Context(), room, l, 2, 9, 5); err != nil || len(got) != 5 {
			t.Errorf("when the store is back: %d messages, %v", len(got), err)
		}
	})
}
