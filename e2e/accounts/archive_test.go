package accounts

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"livechat/client"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/poll"
	"livechat/internal/testpg"
)

const (
	archived     = 40_000 // messages
	archiveKills = 10
	publishers   = 2   // each also receives everything
	inFlight     = 512 // unacked messages of one publisher
)

// The archive has what the stream has, each message once, even though the
// archiving processes are killed again and again.
func TestArchiveEqualsStream(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"redis-server", "haproxy"} {
		need.Program(t, program)
	}
	binary, err := localcluster.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := localcluster.Start(t.Context(), localcluster.Options{
		Servers: 2, API: 2, DB: testpg.New(t).Database(), Binary: binary,
		Env: map[string]string{
			"MESSAGE_RATE": "0", "ROOM_RATE": "0", "HISTORY_LENGTH": "200000", "LOG_LEVEL": "warn",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	ann := register(t, c.APIs, "ann")

	var acked atomic.Int64
	var talking sync.WaitGroup
	for i := range publishers {
		talking.Go(func() {
			if err := publishAll(t.Context(), c.ServerURL(i%2), archived/publishers, &acked); err != nil {
				t.Errorf("publisher %d: %v", i, err)
			}
		})
	}
	for i := range archiveKills {
		poll.Until(t, "publishing continues",
			func() bool { return acked.Load() >= int64(i+1)*archived/(archiveKills+1) })
		api := c.APIs[i%2]
		if err := api.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := api.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	talking.Wait()
	if acked.Load() != archived {
		t.Fatalf("%d messages were acked, want %d", acked.Load(), archived)
	}
	// Messages that a killed process had claimed but not stored go to another
	// process after half a minute.
	seen, last := make(map[string]bool, archived), 0
	for deadline := time.Now().Add(3 * time.Minute); last < archived && time.Now().Before(deadline); {
		page := "before=101"
		if last > 0 {
			page = fmt.Sprint("after=", last)
		}
		list := ann.must("GET", "/rooms/livechat/messages/?limit=100&"+page, nil)["messages"].([]any)
		for _, one := range list {
			m := one.(map[string]any)
			if int(m["seq"].(float64)) != last+1 {
				list = nil // not archived yet
				break
			}
			last++
			if id := m["id"].(string); seen[id] {
				t.Fatalf("message %s is archived twice", id)
			} else {
				seen[id] = true
			}
		}
		if len(list) == 0 {
			<-time.After(20 * time.Millisecond)
		}
	}
	if last != archived {
		t.Errorf("%d messages are in the archive without a gap, want %d", last, archived)
	}
}

// publishAll publishes n messages and waits for their acks. A publisher that
// cannot keep up with the room is cut off and reconnects.
func publishAll(ctx context.Context, url string, n int, acked *atomic.Int64) error {
	none := 0
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	session := client.NewSession(
		client.Options{
			URL:     url,
			History: &none,
			Load:    client.LoadOptions{Skim: true, ReadBuffer: 64 << 10},
		},
		func(client.Event) {},
	)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = session.Run(ctx) // Send reports why it ended
	}()
	var sends errgroup.Group
	sends.SetLimit(inFlight)
	for i := range n {
		sends.Go(func() error {
			_, err := session.Send(ctx, fmt.Sprint("message ", i))
			if err == nil {
				acked.Add(1)
			}
			return err
		})
	}
	err := sends.Wait()
	stop()
	<-over
	return err
}
