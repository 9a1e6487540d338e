package bus

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// opened returns the newest position of a log that must be open.
func opened(t testing.TB, b *Bus, room string) chat.Position {
	t.Helper()
	log, err := b.OpenLog(t.Context(), room, chat.Position{})
	if err != nil {
		t.Fatal(err)
	}
	return log.Head
}

// opens waits until a log is open.
func opens(t testing.TB, b *Bus, room string) (log chat.Log) {
	t.Helper()
	poll.Until(t, "the log is open", func() bool {
		var err error
		log, err = b.OpenLog(t.Context(), room, chat.Position{})
		if err != nil && !errors.Is(err, chat.ErrLogClosed) {
			t.Fatal(err)
		}
		return err == nil
	})
	return log
}

func testOpenLog(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{})
	head := opened(t, b, room)
	if !chat.ValidEpoch(head.Epoch) || head.Seq != 0 {
		t.Fatalf("OpenLog = %v", head)
	}
	if again := opened(t, b, room); again != head {
		t.Errorf("again: %v, want %v", again, head)
	}
	said := mustSay(t, b, room, "x", "hello")
	if again := opened(t, b, room); again != said.Position || again.Epoch != head.Epoch {
		t.Errorf("after a message: %v, want %v", again, said.Position)
	}
	if den := opened(t, b, other); den.Epoch == head.Epoch {
		t.Errorf("another room has epoch %v", den)
	}
}

func testOpenLogRace(t *testing.T, r *backend) {
	raced(t, r, func(b *Bus) (chat.Position, error) {
		log, err := b.OpenLog(t.Context(), room, chat.Position{})
		return log.Head, err
	})
}

// raced calls f on several servers at once and fails unless all get the same
// result.
func raced(t *testing.T, r *backend, f func(b *Bus) (chat.Position, error)) chat.Position {
	t.Helper()
	const buses, each = 4, 4
	results := make(chan chat.Position, buses*each)
	var wg sync.WaitGroup
	for range buses {
		b := open(t, r.url, Options{})
		for range each {
			wg.Go(func() {
				p, err := f(b)
				if err != nil {
					t.Error(err)
				}
				results <- p
			})
		}
	}
	wg.Wait()
	first := <-results
	for range buses*each - 1 {
		if p := <-results; p != first {
			t.Errorf("one server got %v, another %v", first, p)
		}
	}
	return first
}

func testTailAfter(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{})
	for i := range 10 {
		mustSay(t, b, room, fmt.Sprint(i), "hello")
	}
	ctx := t.Context()
	for _, test := range []struct {
		what string
		read func() ([][]byte, error)
		from uint64
		n    int
	}{
		{"tail", func() ([][]byte, error) { return b.Tail(ctx, room, 3) }, 8, 3},
		{"whole tail", func() ([][]byte, error) { return b.Tail(ctx, room, 99) }, 1, 10},
		{"no tail", func() ([][]byte, error) { return b.Tail(ctx, room, 0) }, 0, 0},
		{"empty tail", func() ([][]byte, error) { return b.Tail(ctx, other, 9) }, 0, 0},
		{"after", func() ([][]byte, error) { return b.After(ctx, room, 7, 99) }, 8, 3},
		{"after, limited", func() ([][]byte, error) { return b.After(ctx, room, 2, 4) }, 3, 4},
		{"after nothing", func() ([][]byte, error) { return b.After(ctx, room, 0, 99) }, 1, 10},
		{"after the last", func() ([][]byte, error) { return b.After(ctx, room, 10, 99) }, 0, 0},
		{"after the future", func() ([][]byte, error) { return b.After(ctx, room, chat.MaxSeq, 99) }, 0, 0},
		{"after, none", func() ([][]byte, error) { return b.After(ctx, room, 2, 0) }, 0, 0},
	} {
		got, err := test.read()
		if err != nil {
			t.Errorf("%s: %v", test.what, err)
		}
		var seqs []uint64
		for _, p := range got {
			seqs = append(seqs, parse(t, string(p)).Seq)
		}
		wantDense(t, test.what, seqs, test.from, test.n)
	}
}

func testTrimming(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{HistoryLength: 10, PublishTimeout: patient})
	const n = 350
	answers := make(chan answer, n)
	for i := range n {
		if err := b.PublishBody(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if a := <-answers; a.err != nil {
			t.Fatal(a.err)
		}
	}
	got, err := b.After(t.Context(), room, 0, 2*n)
	if err != nil || len(got) < 10 || len(got) > 10+100 { // Redis trims whole nodes of 100 entries
		t.Fatalf("%d entries are left (%v), want 10, or a node of the stream more", len(got), err)
	}
	if last := parse(t, string(got[len(got)-1])).Seq; last != n {
		t.Errorf("the newest is %d, want %d", last, n)
	}
}

func testBigNumbers(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	opened(t, b, room)
	const big = chat.MaxSeq - 1
	r.raw.HSet(t.Context(), "{livechat}:head", "seq", strconv.Itoa(big), "base", strconv.Itoa(big))
	if got := opened(t, b, room); got.Seq != big {
		t.Fatalf("OpenLog = %v", got)
	}
	if got := mustSay(t, b, room, "x", "hello").Position.Seq; got != big+1 {
		t.Errorf("seq %d, want %d", got, uint64(big+1))
	}
	poll.Until(t, "the message is received", func() bool {
		return slices.Equal(h.seqs(t, room), []uint64{big + 1})
	})
}
