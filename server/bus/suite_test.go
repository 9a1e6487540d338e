package bus

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/internal/poll"
	"livechat/server/chat"
)

const room, other = "livechat", "den"

// patient is the timeout of tests that send more at once than a busy machine
// handles in a few seconds.
const patient = time.Minute

// Everything that the bus promises while Redis is well, on each kind of Redis.
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
			{"tail and after", testTailAfter},
			{"trimming", testTrimming},
			{"numbers beyond fourteen digits", testBigNumbers},
			{"scripts flushed", testScriptFlush},
			{"scripts flushed mid-pipeline", testFlushMidPipeline},
			{"published by hand", testByHand},
			{"gossip channel", testSide},
			{"channel of one server", testSideTo},
			{"large payloads", testLarge},
			{"rooms apart", testRooms},
			{"subscribed again quickly", testResubscribe},
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
	log, err := b.OpenLog(t.Context(), room, chat.Position{})
	if err != nil {
		t.Fatal(err)
	}
	head := log.Head
	text := `<b>"\` + "\n\u2028é👩‍👩‍👧"
	got := mustSay(t, b, room, "id1", text)
	if want := (Receipt{Position: chat.Position{Epoch: head.Epoch, Seq: 1}, Epoch: head.Epoch}); got != want {
		t.Errorf("receipt %v, want %v", got, want)
	}
	poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == 1 })
	heard := h.events("payload", room)[0]
	form := regexp.MustCompile(
		`^{"type":"message","seq":1,"id":"id1","app":"1000","session":"s1","name":"ann","text":".*","at":\d{13},"epoch":"[0-9a-f]{16}"}$`,
	)
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
		t.Errorf("stream %v, %v, want what was received", entries, err)
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
		servers[i], all[i] = start(t, r.url, Options{PublishTimeout: patient}, room)
	}
	answers := make(chan answer, buses*senders*each)
	var wg sync.WaitGroup
	for i, b := range servers {
		for s := range senders {
			wg.Go(func() {
				for n := range each {
					p := publication(room, fmt.Sprint(i, "-", s, "-", n), "hello", answers)
					if err := b.PublishBody(t.Context(), p); err != nil {
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
		poll.Until(t, "all messages are received", func() bool {
			return h.count("payload", room) == buses*senders*each
		})
		wantDense(t, fmt.Sprint("server ", i), h.seqs(t, room), 1, buses*senders*each)
	}
}

func testSenderOrder(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{PublishTimeout: patient}, room)
	const n = 2000 // more than fits into the queue, or into a pipeline
	answers := make(chan answer, n)
	for i := range n {
		if err := b.PublishBody(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
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
	poll.Until(
		t,
		"the last message is received",
		func() bool { return len(h.events("payload", room)) >= 3 },
	)
	wantDense(t, "received", h.seqs(t, room), 1, 3)
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

func testScriptFlush(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	const rounds, n = 5, 200
	for round := range rounds {
		if err := r.raw.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.OpenLog(t.Context(), room, chat.Position{}); err != nil {
			t.Error(err)
		}
		answers := make(chan answer, n)
		for i := range n {
			p := publication(room, fmt.Sprint(round, "-", i), "hello", answers)
			if err := b.PublishBody(t.Context(), p); err != nil {
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
	poll.Until(t, "all messages are received", func() bool { return h.count("payload", room) == rounds*n })
}

// The scripts are flushed in the middle of a pipeline: the publications before
// that have run and those after have not, and each gets its own answer.
func testFlushMidPipeline(t *testing.T, r *backend) {
	b, _ := start(t, r.url, Options{}, room)
	mustSay(t, b, room, "first", "hello")
	wantDense(t, "receipts", sayBroken(t, r, 100, func() {},
		func() { r.raw.ScriptFlush(context.Background()) }), 2, 100)
}

// sayBroken publishes n messages on its own server. It calls one function when
// that has opened the log, and another in the middle of the first pipeline. It
// returns the positions of the messages.
func sayBroken(t *testing.T, r *backend, n int, before, between func()) (seqs []uint64) {
	t.Helper()
	b := open(t, r.url, Options{PublishTimeout: patient})
	opened(t, b, room)
	before()
	b.client.AddHook(&breakPipeline{between: between})
	answers := make(chan answer, n)
	for i := range n {
		if err := b.PublishBody(t.Context(), publication(room, fmt.Sprint("p", i), "hello", answers)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, b, &recorder{})
	for range n {
		a := <-answers
		if a.err != nil || a.Duplicate {
			t.Fatalf("%+v", a)
		}
		seqs = append(seqs, a.Position.Seq)
	}
	return seqs
}

// breakPipeline sends the first full pipeline in two parts, and calls a
// function between them.
type breakPipeline struct {
	between func()
	done    atomic.Bool
}

func (*breakPipeline) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (*breakPipeline) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (b *breakPipeline) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		// the handshake of a connection is a short pipeline, too
		if len(cmds) >= minPipeline && b.done.CompareAndSwap(false, true) {
			_ = next(ctx, cmds[:len(cmds)/3])
			cmds = cmds[len(cmds)/3:]
			b.between()
		}
		return next(ctx, cmds)
	}
}
