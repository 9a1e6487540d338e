package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// recorder is a Handler that writes down what it is told.
type recorder struct {
	onSubscribed func(room string)    // set at construction
	onPayload    func(payload []byte) // set at construction

	mu    sync.Mutex
	trace []event
	known map[string]chat.Log // guarded by mu
	kept  map[string][]Kept   // guarded by mu
	alive []string            // guarded by mu: what Servers returns
}

type event struct {
	kind    string // subscribed, payload, side, side-subscribed, up, down
	room    string
	payload string
}

var _ Handler = (*recorder)(nil)

func (r *recorder) add(kind, room string, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace = append(r.trace, event{kind, room, string(payload)})
}

func (r *recorder) Subscribed(room string) {
	r.add("subscribed", room, nil)
	if r.onSubscribed != nil {
		r.onSubscribed(room)
	}
}

func (r *recorder) Payload(room string, payload []byte) {
	r.add("payload", room, payload)
	if r.onPayload != nil {
		r.onPayload(payload)
	}
}

func (r *recorder) Servers() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.alive)
}

// meet makes the recorder know that these servers are alive.
func (r *recorder) meet(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alive = names
}

func (r *recorder) Known(room string) chat.Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[room]
}

func (r *recorder) Remember(room string, after, before uint64) (list []Kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.kept[room] {
		if k.Position.Seq > after && k.Position.Seq < before {
			list = append(list, k)
		}
	}
	return list
}

// learn makes the recorder remember the log of a room, as a server does that has heard it.
func (r *recorder) learn(t testing.TB, b *Bus, room string) {
	t.Helper()
	log, err := b.OpenLog(t.Context(), room, chat.Position{})
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := b.After(t.Context(), room, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known, r.kept = make(map[string]chat.Log), make(map[string][]Kept)
	}
	r.known[room], r.kept[room] = log, nil
	for _, p := range payloads {
		m := parse(t, string(p))
		r.kept[room] = append(r.kept[room], Kept{Position: m.position(), Payload: p, ID: m.ID, Digest: digestOf(m.Text)})
	}
}

func (r *recorder) Unheard(string) []Kept { return nil }

func (r *recorder) Side(payload []byte) { r.add("side", "", payload) }
func (r *recorder) SideSubscribed()     { r.add("side-subscribed", "", nil) }
func (r *recorder) Feed(up bool) {
	r.add(map[bool]string{true: "up", false: "down"}[up], "", nil)
}

// events returns what has come of one kind, of one room (or "" for the kinds that have none).
func (r *recorder) events(kind, room string) (payloads []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.trace {
		if e.kind == kind && e.room == room {
			payloads = append(payloads, e.payload)
		}
	}
	return payloads
}

func (r *recorder) count(kind, room string) int { return len(r.events(kind, room)) }

// whole returns everything in the order in which it came, as "kind room".
func (r *recorder) whole() (trace []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.trace {
		trace = append(trace, e.kind+" "+e.room)
	}
	return trace
}

// seqs returns the sequence numbers that a room has heard, in order.
func (r *recorder) seqs(t testing.TB, room string) (seqs []uint64) {
	t.Helper()
	for _, p := range r.events("payload", room) {
		seqs = append(seqs, parse(t, p).Seq)
	}
	return seqs
}

type logWriter struct{ t testing.TB }

func (w logWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p[:len(p)-1])
	return len(p), nil
}

// open makes a bus that is not yet running. Of the options only what a test cares for need be set.
func open(t testing.TB, url string, o Options) *Bus {
	t.Helper()
	o.URL, o.Channel = url, "livechat"
	if o.FeedTimeout == 0 {
		o.FeedTimeout = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(logWriter{t}, nil))
	}
	b, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// run starts a bus; the returned function ends it and waits.
func run(t testing.TB, b *Bus, h Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(ctx, h); err != nil {
			t.Error(err)
		}
	})
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// start makes a bus that runs and is subscribed to the given rooms.
func start(t testing.TB, url string, o Options, rooms ...string) (*Bus, *recorder) {
	t.Helper()
	b, h := open(t, url, o), &recorder{}
	h.meet(b.name)
	follow(t, b, h, rooms...)
	return b, h
}

// follow sets a bus going and returns when it is subscribed to the given rooms.
func follow(t testing.TB, b *Bus, h *recorder, rooms ...string) {
	t.Helper()
	for _, room := range rooms {
		b.Subscribe(room)
	}
	run(t, b, h)
	poll.Until(t, "the bus is up", func() bool {
		return h.count("up", "") > 0 && !slices.ContainsFunc(rooms, func(room string) bool { return h.count("subscribed", room) == 0 })
	})
}

type answer struct {
	Receipt
	err error
}

func publication(room, id, text string, answers chan<- answer) Publication {
	quoted, _ := json.Marshal(text)
	return Publication{
		Room: room, ID: id, Digest: digestOf(text),
		Body: fmt.Appendf(nil, `"id":"%s","app":"1000","session":"s1","name":"ann","text":%s`, id, quoted),
		Done: func(r Receipt, err error) { answers <- answer{r, err} },
	}
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// say publishes one message and waits for the answer.
func say(t testing.TB, b *Bus, room, id, text string) (Receipt, error) {
	t.Helper()
	answers := make(chan answer, 1)
	if err := b.Publish(t.Context(), publication(room, id, text, answers)); err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-answers:
		return a.Receipt, a.err
	case <-time.After(20 * time.Second):
		t.Fatal("no answer within 20 s")
		return Receipt{}, nil
	}
}

// mustSay is say for messages that nothing stands in the way of.
func mustSay(t testing.TB, b *Bus, room, id, text string) Receipt {
	t.Helper()
	r, err := say(t, b, room, id, text)
	if err != nil {
		t.Fatalf("publish %s: %v", id, err)
	}
	return r
}

type payload struct {
	Type, ID, App, Session, Name, Text, Epoch string
	Seq                                       uint64
	At                                        int64
}

func (p payload) position() chat.Position { return chat.Position{Epoch: p.Epoch, Seq: p.Seq} }

func parse(t testing.TB, s string) (p payload) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &p); err != nil {
		t.Fatalf("payload %q: %v", s, err)
	}
	return p
}

// wantDense fails unless seqs are from, from+1, … n numbers in all.
func wantDense(t testing.TB, what string, seqs []uint64, from uint64, n int) {
	t.Helper()
	if len(seqs) != n {
		t.Fatalf("%s: %d messages, want %d: %v", what, len(seqs), n, seqs)
	}
	for i, seq := range seqs {
		if seq != from+uint64(i) {
			t.Fatalf("%s: message %d has seq %d, want %d: %v", what, i, seq, from+uint64(i), seqs)
		}
	}
}

func wantUnavailable(t testing.TB, err error) {
	t.Helper()
	if e := chat.AsError(err); err == nil || e.Code != chat.CodeUnavailable || !e.Retryable || e.RetryAfterMS <= 0 {
		t.Errorf("error %v, want a retryable %s", err, chat.CodeUnavailable)
	}
}
