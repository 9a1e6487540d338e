package bus

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"livechat/server/chat"
)

func testOpenLog(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{})
	head, err := b.OpenLog(t.Context(), room)
	if err != nil || !chat.ValidEpoch(head.Epoch) || head.Seq != 0 {
		t.Fatalf("OpenLog = %v, %v", head, err)
	}
	if again, err := b.OpenLog(t.Context(), room); err != nil || again != head {
		t.Errorf("again: %v, %v, want %v", again, err, head)
	}
	said := mustSay(t, b, room, "x", "hello")
	if again, err := b.OpenLog(t.Context(), room); err != nil || again != said.Position || again.Epoch != head.Epoch {
		t.Errorf("after a message: %v, %v, want %v", again, err, said.Position)
	}
	if den, err := b.OpenLog(t.Context(), other); err != nil || den.Epoch == head.Epoch {
		t.Errorf("another room has epoch %v, %v", den, err)
	}
}

func testOpenLogRace(t *testing.T, r *backend) {
	raced(t, r, func(b *Bus) (chat.Position, error) { return b.OpenLog(t.Context(), room) })
}

// raced calls f on several servers at once and fails unless all get the same.
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

func testLostHead(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	for _, how := range []string{"open", "publish"} {
		var before chat.Position
		for i := range 3 {
			before = mustSay(t, b, room, fmt.Sprint(how, i), "hello").Position
		}
		r.raw.Del(t.Context(), "{livechat}:head")
		if how == "open" {
			head, err := b.OpenLog(t.Context(), room)
			if err != nil || head.Seq != 0 || head.Epoch == before.Epoch {
				t.Errorf("OpenLog = %v, %v after %v", head, err, before)
			}
			if n := r.raw.XLen(t.Context(), "{livechat}:log").Val(); n != 0 {
				t.Errorf("%d entries are left of the log that was lost", n)
			}
			continue
		}
		got := mustSay(t, b, room, "x", "hello")
		if got.Position.Seq != 1 || got.Position.Epoch == before.Epoch {
			t.Errorf("publish = %v after %v", got, before)
		}
		eventually(t, "the new log is heard", func() bool {
			p := h.events("payload", room)
			return parse(t, p[len(p)-1]).position() == got.Position
		})
	}
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
		if err := b.Publish(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if a := <-answers; a.err != nil {
			t.Fatal(a.err)
		}
	}
	got, err := b.After(t.Context(), room, 0, 2*n)
	if err != nil || len(got) < 10 || len(got) > 10+100 { // Redis trims by whole nodes of 100 entries
		t.Fatalf("%d entries are left (%v), want 10, or a node of the stream more", len(got), err)
	}
	if last := parse(t, string(got[len(got)-1])).Seq; last != n {
		t.Errorf("the newest is %d, want %d", last, n)
	}
}

func testRenew(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{})
	for i := range 8 {
		mustSay(t, b, room, fmt.Sprint(i), "hello")
	}
	head, err := b.OpenLog(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	renew := func(old chat.Position) chat.Position {
		t.Helper()
		p, err := b.Renew(t.Context(), room, old)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, old := range []chat.Position{head, {Epoch: head.Epoch, Seq: 3}, {Epoch: newEpoch(), Seq: 99}} {
		if got := renew(old); got != head {
			t.Errorf("Renew(%v) = %v, want %v untouched", old, got, head)
		}
	}
	r.raw.HSet(t.Context(), "{livechat}:head", "seq", 5) // back by three; the stream, as it happens, is not
	if got := renew(chat.Position{Epoch: head.Epoch, Seq: 7}); got.Seq != 8 || got.Epoch == head.Epoch {
		t.Errorf("Renew behind 7 with 8 in the stream = %v", got)
	}
	head, _ = b.OpenLog(t.Context(), room)
	fresh := renew(chat.Position{Epoch: head.Epoch, Seq: 100})
	if fresh.Seq != 100 || fresh.Epoch == head.Epoch || !chat.ValidEpoch(fresh.Epoch) {
		t.Errorf("Renew behind 100 = %v", fresh)
	}
	if got := mustSay(t, b, room, "next", "hello").Position; got != (chat.Position{Epoch: fresh.Epoch, Seq: 101}) {
		t.Errorf("the next message is %v, after %v", got, fresh)
	}
	r.raw.Del(t.Context(), "{livechat}:head")
	if got := renew(fresh); got.Seq != 0 || got.Epoch == fresh.Epoch {
		t.Errorf("Renew without a head = %v", got)
	}
	if n := r.raw.XLen(t.Context(), "{livechat}:log").Val(); n != 0 {
		t.Errorf("%d entries are left of the log that was lost", n)
	}
	r.raw.FlushAll(t.Context())
	if got := renew(fresh); got.Seq != 0 || got.Epoch == fresh.Epoch {
		t.Errorf("Renew of nothing = %v", got)
	}
}

func testRenewRace(t *testing.T, r *backend) {
	b := open(t, r.url, Options{})
	head, err := b.OpenLog(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	got := raced(t, r, func(b *Bus) (chat.Position, error) {
		return b.Renew(t.Context(), room, chat.Position{Epoch: head.Epoch, Seq: 9})
	})
	if got.Seq != 9 || got.Epoch == head.Epoch {
		t.Errorf("Renew = %v", got)
	}
}

func testBigNumbers(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	head, err := b.OpenLog(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	const big = chat.MaxSeq - 1
	p, err := b.Renew(t.Context(), room, chat.Position{Epoch: head.Epoch, Seq: big})
	if err != nil || p.Seq != big {
		t.Fatalf("Renew = %v, %v", p, err)
	}
	if got := mustSay(t, b, room, "x", "hello").Position.Seq; got != big+1 {
		t.Errorf("seq %d, want %d", got, uint64(big+1))
	}
	eventually(t, "it is heard", func() bool { return slices.Equal(h.seqs(t, room), []uint64{big + 1}) })
}
