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

var _ ReadStore = (*store.Store)(nil)

// rows is a ReadStore with the rows of one room.
type rows struct {
	list  []store.RoomMessage // by seq
	ends  []store.EpochEnd    // the newest first
	ask   func(ctx context.Context) error
	asked atomic.Int64
}

func (r *rows) LogPage(ctx context.Context, _, epoch string, after, before int64, limit int) (
	page []store.RoomMessage, err error) {
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

func (r *rows) LastEntry(ctx context.Context, _ string) (epoch string, seq int64, err error) {
	if r.ask != nil {
		err = r.ask(ctx)
	}
	if n := len(r.list); n > 0 {
		epoch, seq = r.list[n-1].Epoch, r.list[n-1].Seq
	}
	return epoch, seq, err
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

// A log is read across its epochs, each up to its end.
func TestReaderFollowsEarlierEpochs(t *testing.T) {
	archived := &rows{}
	archived.add("00000000000000aa", 1, 6) // 5 and 6 were lost and replaced
	archived.add("00000000000000bb", 5, 7)
	archived.add("00000000000000dd", 8, 9)
	archived.add("00000000000000dd", 11, 12)
	archived.add("00000000000000ee", 1, 12) // another log
	l := chat.Log{
		Head: chat.Position{Epoch: "00000000000000dd", Seq: 20},
		Epochs: chat.EpochHistory{{Epoch: "00000000000000ff", Seq: 0}, {Epoch: "00000000000000aa", Seq: 4},
			{Epoch: "00000000000000bb", Seq: 7}, {Epoch: "00000000000000cc", Seq: 7}},
	}
	r := NewReader(archived)
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
		archived.asked.Store(0)
		got, err := r.Between(t.Context(), room, l, test.after, test.before, test.limit)
		if err != nil || short(got) != test.want || archived.asked.Load() != test.queries {
			t.Errorf("%d to %d, %d at most: %q by %d queries, %v; want %q by %d",
				test.after, test.before, test.limit, short(got), archived.asked.Load(), err, test.want,
				test.queries)
		}
		if n, err := r.Count(t.Context(), room, l, test.after, test.before); test.limit == 100 &&
			(err != nil || int(n) != len(got)) {
			t.Errorf("%d to %d: counted %d, %v; want %d", test.after, test.before, n, err, len(got))
		}
	}
}

// The bytes that are read equal those that were written.
func TestReaderReturnsWhatWasDecoded(t *testing.T) {
	for _, payload := range []string{
		`{"type":"message","seq":12,"id":"5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e","app":"1000","session":"s","name":"ann","text":"é \" \\ \n 😀 <b>","at":1763770000123,"epoch":"0123456789abcdef"}`,
		`{"type":"message","seq":9007199254740991,"id":"5F0C2B1E-8A57-4D0F-9B1E-2F3A4B5C6D7E","app":"a-b_c.d","session":"","name":"'","text":",\"at\":12,","at":1,"epoch":"ffffffffffffffff"}`,
		`{"type":"message","seq":13,"id":"5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e","app":"1","session":"s","name":"ann","text":"hi","data":{"at":12, "epoch":[]},"at":1763770000123,"epoch":"0123456789abcdef"}`,
		`{"type":"later","seq":14,"id":"5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e","app":"1","session":"s","author":"@ann","name":"ann","text":"hi","what":null,"at":1763770000123,"epoch":"0123456789abcdef"}`,
		`{"type":"later","seq":15,"id":"5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e","at":1763770000123,"epoch":"0123456789abcdef"}`,
	} {
		var seq int64
		_, after, _ := strings.Cut(payload, `"seq":`)
		if _, err := fmt.Sscanf(after, `%d,`, &seq); err != nil {
			t.Fatal(err)
		}
		m, ok := decode(room, Entry{ID: entryID(seq), Payload: []byte(payload)})
		if got := string(payloadOf(m)); !ok || got != payload {
			t.Errorf("got  %s\nwant %s", got, payload)
		}
	}
}

// Concurrent calls for the same share an answer. A store that hangs is not
// waited for forever, and counting does not occupy it.
func TestReaderSharesAnswersAndTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		archived := &rows{ask: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		archived.add(first, 1, 10)
		r := NewReader(archived)
		l := chat.Log{Head: chat.Position{Epoch: first, Seq: 10}}
		var all sync.WaitGroup
		errs := make([]error, 6)
		for i := range 3 {
			all.Go(func() { _, errs[i] = r.Between(t.Context(), room, l, 2, 9, 5) })
			all.Go(func() { _, errs[3+i] = r.Count(t.Context(), room, l, uint64(i), 9) })
		}
		synctest.Wait()
		if n := archived.asked.Load(); n != 2 { // one page, one count
			t.Errorf("the store got %d queries, want 2", n)
		}
		all.Wait()
		if slices.ContainsFunc(errs, func(err error) bool {
			return !errors.Is(
				err, context.DeadlineExceeded)
		}) {
			t.Errorf("errors: %v", errs)
		}
		archived.ask = nil
		if got, err := r.Between(t.Context(), room, l, 2, 9, 5); err != nil || len(got) != 5 {
			t.Errorf("when the store is back: %d messages, %v", len(got), err)
		}
	})
}
