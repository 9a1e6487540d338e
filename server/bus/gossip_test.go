package bus

import (
	"fmt"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// Gossip does not depend on one node.
func TestGossipMovesWhenItsNodeDies(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	x, xh := start(t, c.URL(), Options{SubscriptionTimeout: 3 * time.Second})
	y, yh := start(t, c.URL(), Options{SubscriptionTimeout: 3 * time.Second})
	told := 0
	tell := func() {
		t.Helper()
		told++
		text := fmt.Sprint("told ", told)
		poll.Until(t, "both receive "+text, func() bool {
			_ = x.PublishGossip(t.Context(), []byte(text))
			_ = y.PublishGossip(t.Context(), []byte(text))
			return contains(xh.events("side", ""), text) && contains(yh.events("side", ""), text)
		})
	}
	tell()
	// Kill the master of the channel's slot, and another one: at the end the
	// servers were subscribed at one of them.
	first := c.Shard("livechat:side")
	for _, shard := range []int{first, (first + 1) % 3} {
		c.Masters[shard].Kill()
		began := time.Now()
		tell()
		took := time.Since(began)
		t.Log("received again after", took)
		if took > testredis.NodeTimeout { // before the cluster itself notices
			t.Errorf("servers received nothing from each other for %v", took)
		}
		c.Promoted(c.Replicas[shard])
	}
}

// firstAfter returns how long after a time the first of some times is.
func firstAfter(times []time.Time, t time.Time) time.Duration {
	for _, x := range times {
		if x.After(t) {
			return x.Sub(t).Round(time.Millisecond)
		}
	}
	return -1
}

// silence returns the longest gap between two of some times.
func silence(times []time.Time) (longest time.Duration) {
	for i := 1; i < len(times); i++ {
		longest = max(longest, times[i].Sub(times[i-1]))
	}
	return longest.Round(time.Millisecond)
}
