package testredis_test

import (
	"testing"

	"livechat/internal/testredis"
)

func TestNewClusterAndSentinels(t *testing.T) {
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		c := testredis.NewCluster(t)
		slot := c.Slot("x")
		from := c.Masters[c.Shard("x")]
		to := c.Masters[(c.Shard("x")+1)%3]
		from.CLI("set", "x", "1")
		c.MoveSlot(slot, from, to)
		if got := to.CLI("get", "x"); got != "1\n" {
			t.Errorf("x is %q", got)
		}
		to.Hang()
		to.Continue()
	})
	t.Run("sentinels", func(t *testing.T) {
		t.Parallel()
		testredis.NewSentinels(t)
	})
}
