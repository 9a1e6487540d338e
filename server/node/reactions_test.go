package node

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/testredis"
	"livechat/server/chat"
)

// reacts sends a react and returns its id.
func (p *peer) reacts(target, emoji string, on bool) (id string) {
	p.t.Helper()
	id = uuid.NewString()
	p.send(fmt.Sprintf(`{"type":"react","id":"%s","target":%s,"emoji":"%s","on":%v}`, id, target, emoji, on))
	return id
}

// reacted sends a react that must be acked.
func (p *peer) reacted(target, emoji string, on bool) {
	p.t.Helper()
	id := p.reacts(target, emoji, on)
	if ack := p.next("ack"); ack.ID != id || ack.Seq != 0 {
		p.t.Errorf("ack %+v of the react %s", ack, id)
	}
}

// summary reads summaries until one has these counts, and returns it.
func (p *peer) summary(want string) event {
	p.t.Helper()
	for {
		if e := p.next("reactions"); fmt.Sprint(e.Counts) == want {
			return e
		}
	}
}

func TestReactions(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		reader := dial(t, p.second, "name=reader", "history=0")
		ann := dialAs(t, p.first, annKey, "name=ann", "history=0")
		ann.send("hello")
		m := ann.next("message")
		again := dialAs(t, p.second, annKey, "name=ann", "history=0")
		guest := dial(t, p.second, "name=guest", "history=0")
		ann.reacted(target(m), "👍", true)
		first := reader.summary("map[👍:1]")
		if first.Target.ID != m.ID || first.Target.Seq != m.Seq || first.Seq != m.Seq+1 || first.At == 0 ||
			first.Author+first.Name+first.Session != "" {
			t.Errorf("the summary is %+v", first)
		}
		again.reacted(target(m), "👍", true) // the same person
		guest.reacted(target(m), "👍", true)
		guest.reacted(fmt.Sprintf(`{"seq":%d}`, m.Seq), "❤️", true)
		reader.summary("map[❤️:1 👍:2]")
		again.reacted(target(m), "👍", false)
		guest.reacted(target(m), "❤️", false)
		guest.reacted(target(m), "❤️", false)
		reader.summary("map[👍:1]")
		guest.reacted(target(m), "👍", false)
		last := reader.summary("map[]")
		if last.Seq > first.Seq+5 {
			t.Errorf("summaries from %d to %d", first.Seq, last.Seq)
		}
		all := dial(t, p.first, fmt.Sprintf("after=%s:%d", ann.welcome.Epoch, m.Seq)).until(last.Seq)
		if strings.Count(all, `"type":"reactions"`) != int(last.Seq-m.Seq) ||
			!strings.Contains(all, `"counts":{},"at":`) {
			t.Errorf("resumed: %s", all)
		}
		for what, send := range map[string]func(){
			"bad_request":     func() { guest.reacts(target(m), "👍👍", true) },
			"unknown_message": func() { guest.reacts(fmt.Sprintf(`{"seq":%d}`, last.Seq), "👍", true) },
		} {
			send()
			guest.refused("a react", what)
		}
		ann.deletes(target(m))
		ann.next("delete")
		reader.next("delete")
		guest.reacts(target(m), "👍", true)
		guest.refused("a react to a deleted message", "unknown_message")
	})
}

func TestReactionKinds(t *testing.T) {
	t.Parallel()
	n := start(t, "MESSAGE_RATE=0")
	p := dial(t, n, "history=0")
	p.send("hello")
	m := p.next("message")
	for i := range chat.MaxReactionKinds {
		p.reacted(target(m), string(rune('😀'+i)), true)
	}
	p.reacts(target(m), "👍", true)
	p.refused("one kind more", "too_many_reactions")
	p.reacted(target(m), "😀", false)
	p.reacted(target(m), "👍", true)
}

// Reacting counts to the rate of messages.
func TestReactionsHaveARate(t *testing.T) {
	t.Parallel()
	n := start(t, "MESSAGE_RATE=0.1", "MESSAGE_BURST=2")
	p := dial(t, n, "history=0")
	p.send("hello")
	m := p.next("message")
	p.reacted(target(m), "👍", true)
	p.reacts(target(m), "👍", false)
	if e := p.nextError(); e.Code != "rate_limited" || !e.Retryable {
		t.Errorf("the third: %+v", e)
	}
}

// takes makes a server take a reaction of a person, as if its client had asked.
func takes(t *testing.T, n *Node, m event, person, emoji string) {
	t.Helper()
	r := n.rooms.Get(chat.DefaultRoom)
	if err := r.React(t.Context(), &chat.Message{
		Seq: m.Seq, ID: m.ID, Author: m.Author, Session: m.Session,
	}, chat.Reaction{Person: person, Name: person, Emoji: emoji, On: true}); err != nil {
		t.Error(err)
	}
}

// 5,000 people react to a message within a second, on three servers: each client
// gets a few frames, the last of which is exact, and the log grows by as many
// entries.
func TestManyReactionsAreFewFrames(t *testing.T) {
	t.Parallel()
	const people = 5000
	r := testredis.New(t)
	r.Start()
	var nodes []*Node
	for i := range 3 {
		nodes = append(nodes, start(t, "REDIS_URL="+r.URL, fmt.Sprint("APPID=", i)))
	}
	ann := dial(t, nodes[0], "name=ann", "history=0")
	var readers []*peer
	for _, n := range nodes {
		readers = append(readers, dial(t, n, "history=0"))
	}
	ann.send("hello")
	m := ann.next("message")
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for i := range 12 {
		all.Go(func() {
			for n := next.Add(1); n <= people; n = next.Add(1) {
				takes(t, nodes[i%3], m, fmt.Sprint("s", n), "❤️")
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	for i, p := range readers {
		frames := 0
		for e := p.next("reactions"); ; e = p.next("reactions") {
			frames++
			if e.Counts["❤️"] == people {
				if e.Seq != m.Seq+uint64(frames) {
					t.Errorf("the log is at %d after %d frames, was at %d", e.Seq, frames, m.Seq)
				}
				break
			}
		}
		t.Logf("reader %d: %d people in %v, %d frames", i, people, took.Round(time.Millisecond), frames)
		if most := 4 + int(took/time.Second); frames > most {
			t.Errorf("reader %d got %d frames, want at most %d", i, frames, most)
		}
	}
}

// A server that stops publishes the summary of what it has taken.
func TestStopPublishesSummaries(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL)
	p := dial(t, n, "history=0")
	p.send("hello")
	m := p.next("message")
	takes(t, n, m, "s1", "👍")
	p.summary("map[👍:1]")
	if err := p.Close(); err != nil { // else the server waits for it
		t.Error(err)
	}
	takes(t, n, m, "s2", "👍")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	log := r.CLI("XREVRANGE", "{livechat}:log", "+", "-", "COUNT", "1")
	if !strings.Contains(log, `"counts":{"👍":2}`) {
		t.Errorf("the log ends with %s", log)
	}
}
