package node

import (
	"fmt"
	"testing"
	"time"

	"livechat/internal/testredis"
	"livechat/server/chat"
)

// roomOn returns a room and a user whose logs are in the given shard.
func roomOn(c *testredis.Cluster, shard int) (room string, user int64) {
	for i := 0; room == ""; i++ {
		if name := fmt.Sprint("room", i); c.Shard("livechat:room:"+name) == shard {
			room = name
		}
	}
	for user = 1; c.Shard("livechat:room:"+chat.FeedRoom(user)) != shard; user++ {
	}
	return room, user
}

// The master of a room and a feed is killed under traffic: its replica takes
// over, and both deliver again. Then the new master is killed as well.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	room, user := roomOn(c, 1)
	other, _ := roomOn(c, 2)
	w := newTraffic(t, c.URL(), []string{room, other}, user)
	w.awaitAcks(20)
	master, replica := c.Masters[1], c.Replicas[1]
	for range 2 {
		master.Kill()
		killed := time.Now()
		c.Promoted(replica)
		promoted := time.Now()
		took := w.resumed(promoted)
		t.Logf("a new master %v after the kill; delivery resumed %v later",
			promoted.Sub(killed).Round(time.Millisecond), took.Round(time.Millisecond))
		if took > 5*time.Second {
			t.Errorf("silent for %v after there was a new master", took)
		}
		w.awaitAcks(20)
		w.check()
		master.Start()
		c.Replicates(master)
		master, replica = replica, master
	}
}

// A master is demoted and promoted again at once, twice: it is the same process
// and still has its scripts.
func TestClusterTwoFailoversInARow(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for two failovers")
	}
	c := testredis.NewCluster(t)
	room, user := roomOn(c, 1)
	w := newTraffic(t, c.URL(), []string{room}, user)
	w.awaitAcks(20)
	began := time.Now()
	master, replica := c.Masters[1], c.Replicas[1]
	for range 2 { // the other masters do not vote a third time for four seconds
		c.Failover(replica)
		t.Log("promoted after", time.Since(began).Round(time.Millisecond))
		master, replica = replica, master
	}
	over := time.Now()
	t.Logf("two failovers in %v; delivery resumed %v after the last",
		over.Sub(began).Round(time.Millisecond), w.resumed(over).Round(time.Millisecond))
	w.awaitAcks(20)
	w.check()
}

// A slot moves to another master under traffic.
func TestClusterReshard(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	room, user := roomOn(c, 1)
	other, _ := roomOn(c, 2)
	w := newTraffic(t, c.URL(), []string{room, other}, user)
	w.awaitAcks(20)
	stop := w.longestSilence()
	for _, r := range []string{room, chat.FeedRoom(user)} {
		c.MoveSlot(c.Slot("livechat:room:"+r), c.Masters[1], c.Masters[2])
		w.resumed(time.Now())
	}
	silent := stop()
	t.Log("silent for", silent.Round(time.Millisecond), "at most")
	if silent > 5*time.Second {
		t.Errorf("silent for %v", silent)
	}
	w.check()
}

// Sentinels promote the replica.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := testredis.NewSentinels(t)
	w := newTraffic(t, s.URL(), []string{"den"}, 1)
	w.awaitAcks(20)
	s.Master.Kill()
	killed := time.Now()
	s.Promoted(s.Replica)
	promoted := time.Now()
	took := w.resumed(promoted)
	t.Logf("a new master %v after the kill; delivery resumed %v later",
		promoted.Sub(killed).Round(time.Millisecond), took.Round(time.Millisecond))
	if took > 5*time.Second {
		t.Errorf("silent for %v after there was a new master", took)
	}
	w.check()
}
