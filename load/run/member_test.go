package run

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"livechat/load/plan"
)

// A client that left (churn) and is on its way back when the run ends is not
// missing. One that could not come back is.
func TestClientOnItsWayBackIsNotMissing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	leaver := func() (*run, *member) {
		r := build(plan.Settings{URLs: []string{"ws://" + l.Addr().String()}, Clients: 1, Rooms: 1,
			Handshakes: 1}, nil, nil, 0)
		m := r.members[0]
		m.counted, m.joined = true, true
		m.leave()
		m.disconnected(t.Context())
		return r, m
	}

	ctx, over := context.WithCancel(t.Context())
	r, m := leaver()
	var living sync.WaitGroup
	living.Go(func() { m.live(ctx) })
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	over() // while the handshake is unanswered
	living.Wait()
	_ = conn.Close()
	if missing := r.close(); missing != 0 {
		t.Errorf("%d clients are missing that were on their way back", missing)
	}

	ctx, over = context.WithCancel(t.Context())
	r, m = leaver()
	_ = l.Close()
	living.Go(func() { m.live(ctx) })
	within, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := poll(within, func() (bool, error) { return r.failures.Load() > 0, nil }); err != nil {
		t.Errorf("no dial has failed: %v", err)
	}
	over()
	living.Wait()
	if missing := r.close(); missing != 1 {
		t.Errorf("%d clients are missing of one that found no server", missing)
	}
}
