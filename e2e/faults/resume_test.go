package faults

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

// returner is a client that resumes from far behind and stops reading at some
// messages until told to continue.
type returner struct {
	stops map[uint64]chan struct{} // seq of a message: closed when it may continue
	at    chan uint64              // a stop was reached

	mu        sync.Mutex
	app       string   // the server that it is connected to
	recovered []bool   // of each welcome
	seqs      []uint64 // of its messages
	trouble   []string
}

func (r *returner) take(event client.Event) {
	r.mu.Lock()
	var stop chan struct{}
	switch e := event.(type) {
	case *client.Welcome:
		r.app, r.recovered = e.App, append(r.recovered, e.Recovered != nil && *e.Recovered)
	case *client.Message:
		r.seqs = append(r.seqs, e.Seq)
		stop = r.stops[e.Seq]
	case *client.Gap, *client.Error, *client.Reset:
		r.trouble = append(r.trouble, fmt.Sprintf("%T%+v", e, e))
	}
	r.mu.Unlock()
	if stop != nil {
		r.at <- r.last()
		<-stop
	}
}

func (r *returner) last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seqs) == 0 {
		return 0
	}
	return r.seqs[len(r.seqs)-1]
}

// TestLongResumeOverKilledServers: a client resumes from ten times further back
// than Redis reaches. Twice the server that replays to it dies meanwhile. It
// continues with the next one from where it was and receives every message once
// and in order, and then live ones.
func TestLongResumeOverKilledServers(t *testing.T) {
	t.Parallel()
	const history, all = 1000, 10_000
	pg := testpg.New(t)
	c := harness.Start(t, localcluster.Options{Servers: 3, API: 1, DB: pg.Database(), Env: map[string]string{
		"RING_SIZE": "256", "HISTORY_LENGTH": fmt.Sprint(history), "SEND_BUFFER": "16384",
	}})
	writer := harness.Join(t, client.Options{URL: c.RoomURL(), Name: "writer", History: new(0)})
	people := testapi.New(t, func() string { return "http://" + c.APIs[0].Addr })
	say := func(n int) {
		t.Helper()
		var sends errgroup.Group
		sends.SetLimit(64)
		for i := range n {
			sends.Go(func() error {
				_, err := writer.Send(harness.Within(t, time.Minute),
					fmt.Sprint(i, strings.Repeat(" so many words", 100)))
				return err
			})
		}
		if err := sends.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	for said := history / 2; said <= all; said += history / 2 {
		say(history / 2)
		harness.Eventually(t, time.Minute, "the messages are archived", func() error {
			_, answer, err := people.Do(t.Context(), "GET", "/rooms/livechat/messages/?limit=1", nil)
			if list, _ := answer["messages"].([]any); err != nil || len(list) != 1 ||
				list[0].(map[string]any)["seq"] != float64(said) {
				return fmt.Errorf("the newest is %.100v, %v; want %d", answer, err, said)
			}
			return nil
		})
	}
	first, _ := writer.Position()

	r := &returner{
		stops: map[uint64]chan struct{}{500: make(chan struct{}), 4000: make(chan struct{})},
		at:    make(chan uint64),
	}
	session := client.NewSession(
		client.Options{
			URL:        c.RoomURL(),
			Name:       "late",
			After:      &client.Position{Epoch: first.Epoch, Seq: 1},
			MinBackoff: 20 * time.Millisecond,
		},
		r.take,
	)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = session.Run(ctx) }) // the reason does not matter; what it received does
	t.Cleanup(func() { cancel(); running.Wait() })
	for range r.stops {
		r.killed(t, c)
	}
	harness.Eventually(t, time.Minute, "the replay is complete", func() error {
		if last := r.last(); last < all {
			return fmt.Errorf("it is at %d", last)
		}
		return nil
	})
	say(10)
	harness.Eventually(t, time.Minute, "live messages come", func() error {
		if last := r.last(); last != all+10 {
			return fmt.Errorf("it is at %d", last)
		}
		return nil
	})
	r.check(t, all+10)
}

// killed waits until the client stops and kills the server that it reads from.
func (r *returner) killed(t *testing.T, c *localcluster.Cluster) {
	t.Helper()
	var seq uint64
	select {
	case seq = <-r.at:
	case <-time.After(time.Minute):
		t.Fatalf("the client is at %d for a minute: %v", r.last(), r.trouble)
	}
	r.mu.Lock()
	app := r.app
	r.mu.Unlock()
	for _, server := range c.Servers {
		if server.Name == app {
			if err := server.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	close(r.stops[seq])
}

// check compares the received messages with 2 to last, each once.
func (r *returner) check(t *testing.T, last uint64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, seq := range r.seqs {
		if seq != uint64(i+2) {
			t.Fatalf("message %d came, want %d", seq, i+2)
		}
	}
	if uint64(len(r.seqs)) != last-1 || len(r.trouble) > 0 {
		t.Errorf("%d messages came, want %d; %v", len(r.seqs), last-1, r.trouble)
	}
	if len(r.recovered) < 3 {
		t.Errorf("welcomed %d times: the kills missed", len(r.recovered))
	}
	for _, recovered := range r.recovered {
		if !recovered {
			t.Errorf("welcomed with recovered %v", r.recovered)
		}
	}
}
