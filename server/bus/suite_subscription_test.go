package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"livechat/internal/poll"
)

func testByHand(t *testing.T, r *backend) {
	_, h := start(t, r.url, Options{}, room)
	texts := []string{"hello", "", "{\"type\":\"message\"", "\x00\xff\r\n$5"}
	for _, text := range texts {
		r.raw.Publish(t.Context(), "livechat", text)
	}
	poll.Until(t, "all messages are received", func() bool {
		return slices.Equal(h.events("payload", room), texts)
	})
}

func testSide(t *testing.T, r *backend) {
	a, ha := start(t, r.url, Options{})
	_, hb := start(t, r.url, Options{}, room)
	for _, h := range []*recorder{ha, hb} {
		if n := h.count("side-subscribed", ""); n != 1 {
			t.Errorf("gossip channel confirmed %d times", n)
		}
	}
	if err := a.PublishGossip(t.Context(), []byte(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*recorder{ha, hb} {
		poll.Until(t, "the gossip is received", func() bool {
			return slices.Equal(h.events("side", ""), []string{`{"n":1}`})
		})
	}
	if n := hb.count("payload", room); n != 0 {
		t.Errorf("%d payloads in a room", n)
	}
}

// A message to one server is received by it alone, also after its link was
// lost.
func testSideTo(t *testing.T, r *backend) {
	a, ha := start(t, r.url, Options{Name: "a"})
	b, hb := start(t, r.url, Options{Name: "b"}, room)
	if err := a.PublishGossipTo(t.Context(), []string{"b", "nobody", "a", "b"},
		[][]byte{[]byte("1"), []byte("2"), []byte("3"), []byte("4")}); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishGossipTo(t.Context(), []string{"a"}, [][]byte{[]byte("5")}); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "each receives its own", func() bool {
		return slices.Equal(ha.events("side", ""), []string{"3", "5"}) &&
			slices.Equal(hb.events("side", ""), []string{"1", "4"})
	})
	if n := hb.count("payload", room); n != 0 {
		t.Errorf("%d payloads in a room", n)
	}
}

func testLarge(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	text := strings.Repeat("long 日本語 ", 100_000)
	mustSay(t, b, room, "x", text)
	poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == 1 })
	if got := parse(t, h.events("payload", room)[0]).Text; got != text {
		t.Errorf("%d bytes became %d", len(text), len(got))
	}
	if got, err := b.Tail(t.Context(), room, 1); err != nil || len(got) != 1 ||
		parse(t, string(got[0])).Text != text {
		t.Errorf("tail has %d entries, %v", len(got), err)
	}
}

func testRooms(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room, other)
	b.Subscribe(room) // changes nothing
	mustSay(t, b, room, "x", "hello")
	mustSay(t, b, other, "x", "hello")
	mustSay(t, b, "nobody-is-here", "x", "hello")
	poll.Until(t, "both messages are received", func() bool {
		return h.count("payload", room) == 1 && h.count("payload", other) == 1
	})
	b.Unsubscribe(other)
	b.Unsubscribe("never-subscribed")
	poll.Until(t, "it is let go", func() bool {
		return r.raw.PubSubNumSub(t.Context(), "livechat:room:den").Val()["livechat:room:den"] == 0
	})
	mustSay(t, b, other, "y", "hello")
	mustSay(t, b, room, "y", "hello")
	poll.Until(t, "the message is received", func() bool { return h.count("payload", room) == 2 })
	wantDense(t, "left room", h.seqs(t, other), 1, 1)
	if h.count("subscribed", room) != 1 || h.count("payload", "nobody-is-here") != 0 {
		t.Errorf("trace %v", h.whole())
	}
}

func testResubscribe(t *testing.T, r *backend) {
	b, h := start(t, r.url, Options{}, room)
	opened(t, b, room)
	const n = 50
	for i := range n {
		b.Unsubscribe(room)
		b.Subscribe(room)
		said := mustSay(t, b, room, fmt.Sprint(i), "hello")
		// Each request is confirmed sooner or later: before this message, or
		// after it, and then the message is in the stream.
		poll.Until(t, "subscribed again", func() bool { return h.count("subscribed", room) == i+2 })
		if p, err := b.Tail(t.Context(), room, 1); err != nil ||
			parse(t, string(p[0])).position() != said.Position {
			t.Fatalf("tail %s, %v, want %v", p, err, said.Position)
		}
	}
	last := mustSay(t, b, room, "last", "hello")
	poll.Until(t, "the last message is received", func() bool {
		seqs := h.seqs(t, room)
		return len(seqs) > 0 && seqs[len(seqs)-1] == last.Position.Seq
	})
}

func testStop(t *testing.T, r *backend) {
	b, h := open(t, r.url, Options{}), &recorder{}
	answers := make(chan answer, queueLength)
	for i := range queueLength {
		if err := b.PublishBody(t.Context(), publication(room, fmt.Sprint(i), "hello", answers)); err != nil {
			t.Fatal(err)
		}
	}
	full, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.PublishBody(full, publication(room, "x", "hello", nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("publish into a full queue: %v", err)
	}
	stop := run(t, b, h)
	stop() // by now some have been sent, and some not
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
	wantUnavailable(t, b.PublishBody(t.Context(), publication(room, "x", "hello", nil)))
	if err := b.Run(t.Context(), h, h); err == nil {
		t.Error("ran a second time")
	}
}
