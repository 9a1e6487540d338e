package faults

import (
	"context"
	"testing"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/harness"
	"livechat/internal/testredis"
)

// whileTalking does something to the Redis of a whole cluster, as it is
// shipped, under load, and fails the test unless all histories are clean.
func whileTalking(t *testing.T, url string, what func()) {
	t.Helper()
	binary, postgres := shipped(t)
	o := chaos.Options{
		Binary:   binary,
		Postgres: postgres,
		RedisURL: url,
		Env:      harness.QuickSettings,
		Log:      harness.LogTo(t),
		Progress: t.Logf,
		Crowd:    chaosSize,
	}
	o.Crowd.Sessions, o.Crowd.Raw = 24, 6
	result := chaos.During(t.Context(), o, func(context.Context) error { what(); return nil })
	t.Logf("%+v", result.Summary)
	if result.Err != nil {
		t.Error(result.Err)
	}
}

// waitMore lets the crowd continue for a while.
func waitMore(t *testing.T) {
	select {
	case <-time.After(3 * time.Second):
	case <-t.Context().Done():
	}
}

// The master of a Redis under Sentinels dies, and its replica takes its place.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := testredis.NewSentinels(t)
	whileTalking(t, s.URL(), func() {
		s.Master.Kill()
		s.Promoted(s.Replica)
		waitMore(t)
	})
}

// A slot with a room in it moves from one master of a Redis Cluster to another,
// and then the master of a room dies and its replica takes its place.
func TestClusterFailoverAndReshard(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	whileTalking(t, c.URL(), func() {
		slot, home := c.Slot("{livechat:room:small}:log"), c.Shard("{livechat:room:small}:log")
		c.MoveSlot(slot, c.Masters[home], c.Masters[(home+1)%len(c.Masters)])
		waitMore(t)
		victim := c.Shard("{livechat}:log")
		c.Masters[victim].Kill()
		c.Promoted(c.Replicas[victim])
		waitMore(t)
	})
}
