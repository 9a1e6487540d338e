package bus

import (
	"context"
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

// recorder is a Subscriber and a RepairSource that records its calls.
type recorder struct {
	onSubscribed func(room string)    // set at construction
	onPayload    func(payload []byte) // set at construction

	mu    sync.Mutex
	trace []event
	known map[string]chat.Log   // guarded by mu
	kept  map[string][]Restored // guarded by mu
	alive []string              // guarded by mu: result of Servers
}

type event struct {
	kind    string // subscribed, payload, side, side-subscribed, up, down
	room    string
	payload string
}

// everything is what Run takes.
type everything interface {
	Subscriber
	RepairSource
}

var _ everything = (*recorder)(nil)

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

// meet sets the servers that are up.
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

func (r *recorder) Remember(room string, after, before uint64) (list []Restored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.kept[room] {
		if k.Position.Seq > after && k.Position.Seq < before {
			list = append(list, k)
		}
	}
	return list
}

// learn makes the recorder remember the log of a room, as a server does that
// has received it.
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
		r.known, r.kept = make(map[string]chat.Log), make(map[string][]Restored)
	}
	r.known[room], r.kept[room] = log, nil
	for _, p := range payloads {
		m := parse(t, string(p))
		r.kept[room] = append(r.kept[room],
			Restored{Position: m.position(), Payload: p, ID: m.ID, Digest: chat.Digest(m.Text)})
	}
}

func (r *recorder) Unreceived(string) []Restored { return nil }

func (r *recorder) Gossip(payload []byte)  { r.add("side", "", payload) }
func (r *recorder) LogInDoubt(room string) { r.add("in-doubt", room, nil) }
func (r *recorder) GossipSubscribed()      { r.add("side-subscribed", "", nil) }
func (r *recorder) Connected(up bool) {
	r.add(map[bool]string{true: "up", false: "down"}[up], "", nil)
}

// events returns the payloads of the events of one kind and room ("" for the
// kinds that have none).
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

// whole returns all events in order, as "kind room".
func (r *recorder) whole() (trace []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.trace {
		trace = append(trace, e.kind+" "+e.room)
	}
	return trace
}

// seqs returns the sequence numbers that a room has received, in order.
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

// open returns a bus that does not run yet. Only the options that matter to a
// test need be set.
func open(t testing.TB, url string, o Options) *Bus {
	t.Helper()
	o.URL, o.Channel = url, "livechat"
	if o.SubscriptionTimeout == 0 {
		o.SubscriptionTimeout = 2 * time.Second
	}
	if o.PublishTimeout == 0 { // the default hardly leaves time for a repair while other tests run
		o.PublishTimeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(logWriter{t}, nil))
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

// run starts a bus. The returned function stops it and waits.
func run(t testing.TB, b *Bus, h everything) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(ctx, h, h); err != nil {
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

// start returns a bus that runs and is subscribed to the given rooms.
func start(t testing.TB, url string, o Options, rooms ...string) (*Bus, *recorder) {
	t.Helper()
	b, h := open(t, url, o), &recorder{}
	h.meet(b.name)
	subscribe(t, b, h, rooms...)
	return b, h
}

// subscribe starts a bus and returns when it is subscribed to the given rooms.
func subscribe(t testing.TB, b *Bus, h *recorder, rooms ...string) {
	t.Helper()
	for _, room := range rooms {
		b.Subscribe(room)
	}
	run(t, b, h)
	poll.Until(t, "the bus is up", func() bool {
		return h.count("up", "") > 0 && !slices.ContainsFunc(rooms, func(room string) bool {
			return h.count("subscribed", room) == 0
		})
	})
}

type answer struct {
	Receipt
	err error
}

func publication(room, id, text string, answers chan<- answer) Publication {
	quoted, _ := json.Marshal(text)
	return Publication{
		Room: room, ID: id, Digest: chat.Digest(text),
		Body: fmt.Appendf(nil, `"id":"%s","app":"1000","session":"s1","name":"ann","text":%s`, id, quoted),
		Done: func(r Receipt, err error) { answers <- answer{r, err} },
	}
}

// say publishes one message and waits for the answer.
func say(t testing.TB, b *Bus, room, id, text string) (Receipt, error) {
	t.Helper()
	answers := make(chan answer, 1)
	return answered(t, b, publication(room, id, text, answers), answers)
}

// answered publishes p and waits for the answer.
func answered(t testing.TB, b *Bus, p Publication, answers <-chan answer) (Receipt, error) {
	t.Helper()
	if err := b.PublishBody(t.Context(), p); err != nil {
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

// mustSay is say for messages that must succeed.
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
