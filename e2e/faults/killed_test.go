package faults

import (
	"fmt"
	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"testing"
	"time"
)

// Two servers are killed one after the other under load. Each acked message,
// and no other, reaches all clients once and in one order.
func TestKilledServersLoseNothing(t *testing.T) {
	t.Parallel()
	const clients, senders = 40, 8
	c := harness.Start(t, localcluster.Options{})
	members := harness.JoinAll(t, clients, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprintf("client-%d", i), History: new(0)}
	})

	var sent harness.Acked
	stop := harness.Talk(t, harness.Pick(members, senders), &sent)
	grow := func(n int) {
		t.Helper()
		from := len(sent.Sorted())
		harness.Eventually(t, time.Minute, "messages flow", func() error {
			if now := len(sent.Sorted()); now < from+n {
				return fmt.Errorf("%d acks after %d", now, from)
			}
			return nil
		})
	}
	for _, victim := range []int{0, 2} {
		grow(100)
		if err := c.Servers[victim].Kill(); err != nil {
			t.Error(err)
		}
		grow(100)
		if err := c.Servers[victim].Start(harness.Within(t, time.Minute)); err != nil {
			t.Error(err)
		}
	}
	grow(100)
	stop()
	if t.Failed() {
		return
	}
	harness.CheckHistory(t, members, &sent, 0)

	moved := 0
	for _, m := range members {
		if welcomed, lost := m.Connections(); welcomed > 1 && lost > 0 {
			moved++
		}
	}
	if moved < clients/4 {
		t.Errorf(
			"%d of %d clients lost a connection, want those of the killed servers: did the kills miss?",
			moved, clients)
	}
	t.Logf("%d messages, %d of %d clients moved", len(sent.Sorted()), moved, clients)
}
