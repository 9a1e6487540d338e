package bus

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

func TestPublishOnceWhenReplyIsLost(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		p := newProxy(t, r)
		b, h := start(t, p.url, Options{}, room)
		mustSay(t, b, room, "first", "hello")

		p.cutReplyTo("lost-one")
		_, err := say(t, b, room, "lost-one", "hello")
		wantUnavailable(t, err)
		got := mustSay(t, b, room, "lost-one", "hello")
		if !got.Duplicate || got.Position.Seq != 2 {
			t.Errorf("again: %+v, want the duplicate of 2", got)
		}
		mustSay(t, b, room, "last", "hello")
		poll.Until(t, "all messages are received", func() bool { return h.count("payload", room) >= 3 })
		wantDense(t, "received", h.seqs(t, room), 1, 3)
	})
}

func TestPublishOnceWhenReplyIsLostInPipeline(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		p := newProxy(t, r)
		b, _ := start(t, p.url, Options{PublishTimeout: patient})
		const n = 300
		todo := make(map[string]bool)
		for i := range n {
			todo[fmt.Sprint("m", i)] = true
		}
		p.cutReplyTo("m250")
		for round := 0; len(todo) > 0; round++ {
			if round == 10 {
				t.Fatalf("%d are left after ten rounds", len(todo))
			}
			type named struct {
				id string
				answer
			}
			answers := make(chan named, n)
			for id := range todo {
				pub := publication(room, id, "hello", nil)
				pub.Done = func(r Receipt, err error) { answers <- named{id, answer{r, err}} }
				if err := b.PublishBody(t.Context(), pub); err != nil {
					t.Fatal(err)
				}
			}
			for range len(todo) {
				if a := <-answers; a.err == nil {
					delete(todo, a.id)
				} else {
					wantUnavailable(t, a.err)
				}
			}
		}
		entries, err := b.After(t.Context(), room, 0, 2*n)
		if err != nil {
			t.Fatal(err)
		}
		ids := make(map[string]bool)
		for _, e := range entries {
			ids[parse(t, string(e)).ID] = true
		}
		if len(entries) != n || len(ids) != n {
			t.Errorf("%d entries of %d messages in the log, want %d of each", len(entries), len(ids), n)
		}
	})
}

func TestSilentLinkIsReplaced(t *testing.T) {
	onEachAlone(t, func(t *testing.T, r *backend) {
		const timeout = 600 * time.Millisecond
		p := newProxy(t, r)
		b, h := start(t, p.url, Options{SubscriptionTimeout: timeout, PublishTimeout: 4 * time.Second}, room, other)
		mustSay(t, b, room, "x", "hello")
		poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == 1 })
		var readers sync.WaitGroup
		for range 8 { // they leave connections that go silent as well
			readers.Go(func() { _, _ = b.Tail(t.Context(), room, 1) })
		}
		readers.Wait()

		p.blackhole()
		dark := time.Now()
		poll.Until(t, "the silence is noticed", func() bool { return h.count("down", "") == 1 })
		if took := time.Since(dark); took > 2*timeout {
			t.Errorf("the silence was noticed after %v, want %v", took, timeout)
		}
		poll.Until(t, "every room is subscribed again", func() bool {
			return h.count("subscribed", room) == 2 && h.count("subscribed", other) == 2
		})
		if took := time.Since(dark); took > 3*timeout {
			t.Errorf("the link was replaced after %v, want little more than %v", took, timeout)
		}
		mustSay(t, b, room, "y", "hello")
		poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == 2 })
		if h.count("up", "") != 2 || h.count("side-subscribed", "") != 2 {
			t.Errorf("trace %q", h.whole())
		}
	})
}

// A read from a link that has gone silent ends with its deadline.
func TestReadTimesOutWhenRedisIsSilent(t *testing.T) {
	t.Parallel()
	r := miniRedis(t)
	p := newProxy(t, r)
	b := open(t, p.url, Options{PublishTimeout: time.Minute})
	for name, read := range map[string]func(ctx context.Context) error{
		"OpenLog": func(ctx context.Context) error {
			_,
				err := b.OpenLog(ctx, room, chat.Position{})
			return err
		},
		"Tail":          func(ctx context.Context) error { _, err := b.Tail(ctx, room, 1); return err },
		"After":         func(ctx context.Context) error { _, err := b.After(ctx, room, 0, 1); return err },
		"PublishGossip": func(ctx context.Context) error { return b.PublishGossip(ctx, []byte("x")) },
	} {
		if err := read(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p.blackhole()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		if err := read(ctx); err == nil {
			t.Errorf("%s: no error", name)
		} else if name != "PublishGossip" {
			wantUnavailable(t, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		cancel()
	}
}

// A publication that a silent link has swallowed gets an answer in time, and so
// do later ones.
func TestPublishTimesOutWhenRedisIsSilent(t *testing.T) {
	onEachAlone(t, func(t *testing.T, r *backend) {
		const timeout = time.Second
		p := newProxy(t, r)
		b, _ := start(t, p.url, Options{PublishTimeout: timeout})
		mustSay(t, b, room, "x", "hello")
		p.blackhole()
		began := time.Now()
		answers := make(chan answer, 10)
		for i := range cap(answers) {
			if err := b.PublishBody(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
				t.Fatal(err)
			}
		}
		if a := <-answers; a.err == nil {
			t.Error("a publication got through a dead link")
		} else {
			wantUnavailable(t, a.err)
		}
		for range cap(answers) - 1 {
			<-answers // lost with the first, or sent over a new link
		}
		if took := time.Since(began); took > 2*timeout {
			t.Errorf("all answers took %v, want %v", took, timeout)
		}
	})
}

func TestNoMessageLostWhenLinksAreCut(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		p := newProxy(t, r)
		b, h := start(t, p.url, Options{}, room)
		opened(t, b, room)
		for i := range 3 {
			p.cutAll()
			poll.Until(t, "subscribed again", func() bool { return h.count("subscribed", room) == i+2 })
			mustSay(t, b, room, fmt.Sprint(i), "hello")
			poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == i+1 })
		}
		var feeds []string
		for _, e := range h.whole() {
			if e == "up " || e == "down " {
				feeds = append(feeds, e)
			}
		}
		if want := []string{"up ", "down ", "up ", "down ", "up ", "down ", "up "}; !slices.Equal(feeds, want) {
			t.Errorf("feed %q, want %q", feeds, want)
		}
	})
}

func TestRepliesThatArriveByteByByte(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		p := newProxy(t, r)
		p.trickle.Store(true)
		b, h := start(t, p.url, Options{}, room)
		const n = 20
		for i := range n {
			mustSay(t, b, room, fmt.Sprint(i), "日本語\r\n$3\r\n")
		}
		poll.Until(t, "all messages are received", func() bool { return h.count("payload", room) == n })
		wantDense(t, "received", h.seqs(t, room), 1, n)
		if h.count("down", "") != 0 {
			t.Errorf("trace %q", h.whole())
		}
	})
}

// Subscribing and unsubscribing while the link breaks: in the end exactly what
// is wanted is subscribed.
func TestSubscribeWhileLinksBreak(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		p := newProxy(t, r)
		b, h := start(t, p.url, Options{})
		const n = 20
		name := func(i int) string { return fmt.Sprint("r", i) }
		for round := range 5 {
			for i := range n {
				if i == n/2 {
					p.cutAll()
				}
				if b.Subscribe(name(i)); (i+round)%2 == 0 {
					b.Unsubscribe(name(i))
				}
			}
		}
		for i := range n { // the last round was an even one
			heard := func() bool {
				return r.raw.PubSubNumSub(t.Context(), b.channel(name(i))).Val()[b.channel(name(i))] == int64(i%2)
			}
			poll.Until(t, fmt.Sprint("room ", i, " is subscribed if it is wanted"), heard)
			mustSay(t, b, name(i), "x", "hello")
			if i%2 == 1 {
				poll.Until(t, "the message is received", func() bool { return h.count("payload", name(i)) == 1 })
			}
		}
		for i := 0; i < n; i += 2 {
			if n := h.count("payload", name(i)); n != 0 {
				t.Errorf("%d payloads of a room that is not wanted", n)
			}
		}
	})
}

type lineCounter struct {
	mu    sync.Mutex
	lines []string
}

func (c *lineCounter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, string(p))
	return len(p), nil
}

func (c *lineCounter) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
}
