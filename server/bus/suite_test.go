package bus

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/server/chat"
)

const room, other = "livechat", "den"

// everything that the bus promises while Redis is well, on each kind of Redis
func TestSuite(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		for _, test := range []struct {
			name string
			run  func(t *testing.T, r *backend)
		}{
			{"payload", testPayload},
			{"dense and in one order", testDense},
			{"a sender's order", testSenderOrder},
			{"same id again", testDuplicate},
			{"same id, other text", testConflict},
			{"open log", testOpenLog},
			{"open log races", testOpenLogRace},
			{"lost head", testLostHead},
			{"tail and after", testTailAfter},
			{"trimming", testTrimming},
			{"renew", testRenew},
			{"renew races", testRenewRace},
			{"numbers beyond fourteen digits", testBigNumbers},
			{"scripts flushed", testScriptFlush},
			{"published by hand", testByHand},
			{"side channel", testSide},
			{"large payloads", testLarge},
			{"rooms apart", testRooms},
			{"subscribed again quickly", testResubscribe},
			{"handler errors", testHandlerErrors},
			{"stop", testStop},
		} {
			t.Run(test.name, func(t *testing.T) {
				if err := r.raw.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				test.run(t, r)
			})
		}
	})
}

func testPayload(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{IDTTL: time.Minute}, room)
	head, err := b.OpenLog(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	text := `<b>"\` + "\n\u2028é👩‍👩‍👧"
	got := mustSay(t, b, room, "id1", text)
	if want := (Receipt{Position: chat.Position{Epoch: head.Epoch, Seq: 1}}); got != want {
		t.Errorf("receipt %v, want %v", got, want)
	}
	eventually(t, "the message is heard", func() bool { return h.count("payload", room) == 1 })
	heard := h.events("payload", room)[0]
	form := regexp.MustCompile(`^{"type":"message","seq":1,"id":"id1","app":"1000","session":"s1","name":"ann","text":".*","at":\d{13},"epoch":"[0-9a-f]{16}"}$`)
	if !form.MatchString(heard) {
		t.Errorf("payload %s", heard)
	}
	p := parse(t, heard)
	if p.Text != text || p.Epoch != head.Epoch {
		t.Errorf("payload %s, want text %q and epoch %s", heard, text, head.Epoch)
	}
	if age := time.Since(time.UnixMilli(p.At)); age < -time.Second || age > time.Minute {
		t.Errorf("at is %v ago", age)
	}
	entries, err := r.raw.XRange(t.Context(), "{livechat}:log", "-", "+").Result()
	if err != nil || len(entries) != 1 || entries[0].ID != "1-0" || entries[0].Values["m"] != heard {
		t.Errorf("stream %v, %v, want what was heard", entries, err)
	}
	if ttl := r.raw.PTTL(t.Context(), "{livechat}:id:id1").Val(); ttl <= 0 || ttl > time.Minute {
		t.Errorf("id is remembered for %v", ttl)
	}
}

func testDense(t *testing.T, r *backend) {
	const buses, senders, each = 3, 2, 100
	var servers [buses]*Bus
	var all [buses]*recorder
	for i := range buses {
		servers[i], all[i] = start(t, r.url, Options{}, room)
	}
	answers := make(chan answer, buses*senders*each)
	var wg sync.WaitGroup
	for i, b := range servers {
		for s := range senders {
			wg.Go(func() {
				for n := range each {
					if err := b.Publish(t.Context(), publication(room, fmt.Sprint(i, "-", s, "-", n), "hello", answers)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	var given []uint64
	for range buses * senders * each {
		a := <-answers
		if a.err != nil || a.Duplicate {
			t.Fatalf("answer %+v", a)
		}
		given = append(given, a.Position.Seq)
	}
	slices.Sort(given)
	wantDense(t, "receipts", given, 1, buses*senders*each)
	for i, h := range all {
		eventually(t, "all is heard", func() bool { return h.count("payload", room) == buses*senders*each })
		wantDense(t, fmt.Sprint("server ", i), h.seqs(t, room), 1, buses*senders*each)
	}
}

func testSenderOrder(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{}, room)
	const n = 2000 // more than the queue holds and than a pipeline takes
	answers := make(chan answer, n)
	for i := range n {
		if err := b.Publish(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
			t.Fatal(err)
		}
	}
	var seqs []uint64
	for range n {
		a := <-answers
		if a.err != nil {
			t.Fatal(a.err)
		}
		seqs = append(seqs, a.Position.Seq)
	}
	wantDense(t, "receipts", seqs, 1, n)
}

func testDuplicate(t *testing.T, r *backend) {
	a, h := start(t, r.url, Options{}, room, other)
	b, _ := start(t, r.url, Options{})
	first := mustSay(t, a, room, "x", "hello")
	mustSay(t, a, room, "y", "between")
	for _, bus := range []*Bus{a, b} {
		if got := mustSay(t, bus, room, "x", "hello"); got.Position != first.Position || !got.Duplicate {
			t.Errorf("again: %+v, want a duplicate of %+v", got, first)
		}
	}
	if got := mustSay(t, b, other, "x", "hello"); got.Duplicate || got.Position.Seq != 1 {
		t.Errorf("in another room: %+v", got)
	}
	mustSay(t, b, room, "z", "last")
	eventually(t, "the last is heard", func() bool { return len(h.events("payload", room)) >= 3 })
	wantDense(t, "heard", h.seqs(t, room), 1, 3)
}

func testConflict(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{})
	mustSay(t, b, room, "x", "hello")
	_, err := say(t, b, room, "x", "another")
	if e := chat.AsError(err); e.Code != chat.CodeIDConflict || e.Retryable {
		t.Errorf("error %v, want a final %s", err, chat.CodeIDConflict)
	}
	if n := r.raw.XLen(t.Context(), "{livechat}:log").Val(); n != 1 {
		t.Errorf("%d entries in the stream", n)
	}
}

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
	b, _ := start(t, r.url, Options{HistoryLength: 10})
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

func testScriptFlush(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	const rounds, n = 5, 200
	for round := range rounds {
		if err := r.raw.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.OpenLog(t.Context(), room); err != nil {
			t.Error(err)
		}
		answers := make(chan answer, n)
		for i := range n {
			if err := b.Publish(t.Context(), publication(room, fmt.Sprint(round, "-", i), "hello", answers)); err != nil {
				t.Fatal(err)
			}
		}
		var seqs []uint64
		for range n {
			a := <-answers
			if a.err != nil {
				t.Fatal(a.err)
			}
			seqs = append(seqs, a.Position.Seq)
		}
		wantDense(t, "receipts", seqs, uint64(round*n+1), n)
	}
	eventually(t, "all is heard", func() bool { return h.count("payload", room) == rounds*n })
}

func testByHand(t *testing.T, r *backend) {
	_, h := start(t, r.url, Options{}, room)
	texts := []string{"hello", "", "{\"type\":\"message\"", "\x00\xff\r\n$5"}
	for _, text := range texts {
		r.raw.Publish(t.Context(), "livechat", text)
	}
	eventually(t, "all is heard", func() bool { return slices.Equal(h.events("payload", room), texts) })
}

func testSide(t *testing.T, r *backend) {
	a, ha := start(t, r.url, Options{})
	_, hb := start(t, r.url, Options{}, room)
	for _, h := range []*recorder{ha, hb} {
		if n := h.count("side-subscribed", ""); n != 1 {
			t.Errorf("side channel confirmed %d times", n)
		}
	}
	if err := a.PublishSide(t.Context(), []byte(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*recorder{ha, hb} {
		eventually(t, "the side channel is heard", func() bool { return slices.Equal(h.events("side", ""), []string{`{"n":1}`}) })
	}
	if n := hb.count("payload", room); n != 0 {
		t.Errorf("%d payloads in a room", n)
	}
}

func testLarge(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	text := strings.Repeat("long 日本語 ", 100_000)
	mustSay(t, b, room, "x", text)
	eventually(t, "it is heard", func() bool { return h.count("payload", room) == 1 })
	if got := parse(t, h.events("payload", room)[0]).Text; got != text {
		t.Errorf("%d bytes became %d", len(text), len(got))
	}
	if got, err := b.Tail(t.Context(), room, 1); err != nil || len(got) != 1 || parse(t, string(got[0])).Text != text {
		t.Errorf("tail has %d entries, %v", len(got), err)
	}
}

func testRooms(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room, other)
	b.Subscribe(room) // nothing new
	mustSay(t, b, room, "x", "hello")
	mustSay(t, b, other, "x", "hello")
	mustSay(t, b, "nobody-is-here", "x", "hello")
	b.Unsubscribe(other)
	b.Unsubscribe("never-subscribed")
	eventually(t, "it is let go", func() bool {
		return r.raw.PubSubNumSub(t.Context(), "livechat:room:den").Val()["livechat:room:den"] == 0
	})
	mustSay(t, b, other, "y", "hello")
	mustSay(t, b, room, "y", "hello")
	eventually(t, "it is heard", func() bool { return h.count("payload", room) == 2 })
	wantDense(t, "left room", h.seqs(t, other), 1, 1)
	if h.count("subscribed", room) != 1 || h.count("payload", "nobody-is-here") != 0 {
		t.Errorf("trace %v", h.whole())
	}
}

func testResubscribe(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	const n = 50
	for i := range n {
		b.Unsubscribe(room)
		b.Subscribe(room)
		said := mustSay(t, b, room, fmt.Sprint(i), "hello")
		// Each wish gets a confirmation of its own, sooner or later: before or after this message, and then it is in the stream.
		eventually(t, "subscribed again", func() bool { return h.count("subscribed", room) == i+2 })
		if p, err := b.Tail(t.Context(), room, 1); err != nil || parse(t, string(p[0])).position() != said.Position {
			t.Fatalf("tail %s, %v, want %v", p, err, said.Position)
		}
	}
	last := mustSay(t, b, room, "last", "hello")
	eventually(t, "the last is heard", func() bool {
		seqs := h.seqs(t, room)
		return len(seqs) > 0 && seqs[len(seqs)-1] == last.Position.Seq
	})
}

func testHandlerErrors(t *testing.T, r *backend) {
	var once [2]sync.Once
	fail := func(i int) (err error) {
		once[i].Do(func() { err = errors.New("not now") })
		return err
	}
	b := open(t, r.url, Options{})
	h := &recorder{
		onSubscribed: func(context.Context, string) error { return fail(0) },
		onPayload:    func([]byte) error { return fail(1) },
	}
	b.Subscribe(room)
	run(t, b, h)
	eventually(t, "subscribed again", func() bool { return h.count("subscribed", room) == 2 })
	mustSay(t, b, room, "x", "hello")
	eventually(t, "subscribed a third time", func() bool { return h.count("subscribed", room) == 3 })
	mustSay(t, b, room, "y", "hello")
	eventually(t, "all is heard", func() bool { return h.count("payload", room) == 2 })
	want := []string{
		"up ", "side-subscribed ", "subscribed livechat", "down ",
		"up ", "side-subscribed ", "subscribed livechat", "payload livechat", "down ",
		"up ", "side-subscribed ", "subscribed livechat", "payload livechat",
	}
	if got := h.whole(); !slices.Equal(got, want) {
		t.Errorf("trace %q, want %q", got, want)
	}
}

func testStop(t *testing.T, r *backend) {
	b, h := open(t, r.url, Options{}), &recorder{}
	answers := make(chan answer, queueLength)
	for i := range queueLength {
		if err := b.Publish(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
			t.Fatal(err)
		}
	}
	full, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Publish(full, publication(room, "x", "hello", nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("publish into a full queue: %v", err)
	}
	stop := run(t, b, h)
	stop() // some have been sent by now, and some not
	for range queueLength {
		select {
		case a := <-answers:
			if a.err != nil {
				wantUnavailable(t, a.err)
			}
		default:
			t.Fatal("Run has returned and a publication has no answer")
		}
	}
	wantUnavailable(t, b.Publish(t.Context(), publication(room, "x", "hello", nil)))
	if err := b.Run(t.Context(), h); err == nil {
		t.Error("ran a second time")
	}
}
