package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// publishLater publishes an entry of a type that this version does not know in
// a room or a feed, and returns when it is in the log.
func publishLater(t testing.TB, n *Node, room string) {
	t.Helper()
	m := chat.Message{Type: "later", ID: uuid.NewString(), App: "later", Extra: `"what":{"text":"a \u2028"}`}
	done := make(chan error, 1)
	err := n.bus.Publish(t.Context(), room, m, chat.Writer{},
		func(_ chat.Position, _ bool, err error) { done <- err })
	if err == nil {
		err = <-done
	}
	if err != nil {
		t.Fatal(err)
	}
}

// publishMixed publishes n entries, every other one of that type, which live
// receives, and returns their frames.
func publishMixed(t *testing.T, server *Node, live *peer, from, n uint64) [][]byte {
	t.Helper()
	for i := range n {
		if i%2 == 0 {
			live.send(fmt.Sprint("text ", from+i))
		} else {
			publishLater(t, server, chat.DefaultRoom)
		}
	}
	live.deadline(pollTime)
	return live.messages(from, from+n-1)
}

// Entries of a type that nobody knows are numbered and delivered like messages,
// live and on a resume, and keep their places when Redis has lost them.
func TestEntriesOfUnknownTypesAreRepaired(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "MESSAGE_RATE=0")
	other := start(t, "REDIS_URL="+r.URL, "MESSAGE_RATE=0", "APPID=2000")
	live := dial(t, n, "history=0")
	frames := publishMixed(t, n, live, 1, 10)
	old := chat.Position{Epoch: live.welcome.Epoch, Seq: 1}
	resumed := func(when string) {
		t.Helper()
		poll.Until(t, "both servers have the newest entry", func() bool {
			at := n.rooms.Get(chat.DefaultRoom).Position()
			return at.Seq == uint64(len(frames)) && (when == "before" || at.Epoch != old.Epoch) &&
				(other.rooms.Get(chat.DefaultRoom) == nil || other.rooms.Get(chat.DefaultRoom).Position() == at)
		})
		for _, n := range []*Node{n, other} {
			p := dial(t, n, "after="+old.String())
			if w := p.welcome; w.Recovered == nil || !*w.Recovered {
				t.Fatalf("%s: welcome %+v", when, w)
			}
			for i, got := range p.messages(2, uint64(len(frames))) {
				if !bytes.Equal(got, frames[i+1]) {
					t.Errorf("%s: got %s, want %s", when, got, frames[i+1])
				}
			}
		}
	}
	resumed("before")
	r.CLI("FLUSHALL")
	live.send("what finds it")
	if e := live.next("reset"); e.Seq != 10 {
		t.Fatalf("reset to %+v", e)
	}
	frames = append(frames, live.messages(11, 11)...)
	resumed("repaired")
	if got := strings.TrimSpace(r.CLI("XLEN", "{livechat}:log")); got != "11" {
		t.Errorf("the log has %s entries", got)
	}
	frames = append(frames, publishMixed(t, n, live, 12, 2)...)
	resumed("after")
}

// The log of a room goes on after what is archived, also if the newest entry is
// not a message.
func TestLogContinuesAfterAnyEntry(t *testing.T) {
	t.Parallel()
	settings := "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db")
	n := start(t, settings)
	live := dial(t, n, "history=0")
	frames := publishMixed(t, n, live, 1, 4)
	poll.Until(t, "all is archived", func() bool {
		_, seq, err := n.services.store.LastEntry(t.Context(), chat.DefaultRoom)
		return err == nil && seq == 4
	})
	if err := n.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	n = start(t, settings) // its Redis is empty
	p := dial(t, n)
	if p.welcome.Seq != 4 {
		t.Fatalf("welcome: %+v", p.welcome)
	}
	for i, got := range p.messages(1, 4) {
		if !bytes.Equal(got, frames[i]) {
			t.Errorf("got %s, want %s", got, frames[i])
		}
	}
	p.send("next")
	if m := p.next("message"); m.Seq != 5 {
		t.Errorf("the next message is %d", m.Seq)
	}
}

// A feed delivers entries of unknown types as a room does.
func TestFeedEntriesOfUnknownTypes(t *testing.T) {
	t.Parallel()
	n := start(t, "ROLE=all")
	const user = 7
	p := openFeed(t, n, user)
	publishEvent(t, n, user, "one")
	publishLater(t, n, chat.FeedRoom(user))
	publishEvent(t, n, user, "three")
	for _, p := range []*peer{p, openFeed(t, n, user, fmt.Sprintf("after=%s:0", p.welcome.Epoch))} {
		p.deadline(time.Minute)
		frames := p.messages(1, 3)
		var e struct {
			Type string
			What struct{ Text string }
		}
		if err := json.Unmarshal(frames[1], &e); err != nil || e.Type != "later" || e.What.Text != "a \u2028" {
			t.Errorf("the second is %s", frames[1])
		}
	}
}
