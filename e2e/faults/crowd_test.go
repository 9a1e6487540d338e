package faults

import (
	"testing"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/harness"
	"livechat/e2e/history"
	"livechat/internal/need"
	"livechat/internal/testpg"
)

// The size of every crowd: fifty messages a second to sixty clients.
var crowdSize = chaos.Size{
	Sessions: 48,
	Raw:      12,
	Talkers:  10,
	Pause:    time.Second / 5,
	Patience: 2 * time.Minute,
}

const crowdCount = 60

// crowd is a chaos.Crowd that fails its test.
type crowd struct {
	*chaos.Crowd
	t *testing.T
}

// gather makes a crowd join at the url and send messages until finish.
func gather(t *testing.T, url string) *crowd {
	t.Helper()
	c, err := chaos.Gather(harness.Within(t, time.Minute), func(int) string { return url }, crowdSize)
	t.Cleanup(c.Leave)
	if err != nil {
		t.Fatalf("all clients join: %v", err)
	}
	c.Talk()
	return &crowd{c, t}
}

// awaitAcks waits for that many more acks.
func (c *crowd) awaitAcks(more int) {
	c.t.Helper()
	if err := c.AwaitAcks(harness.Within(c.t, time.Minute), more); err != nil {
		c.t.Fatal(err)
	}
}

// wait waits for d.
func (c *crowd) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// finish stops the messages, waits until all clients have received everything,
// and fails the test unless the history is clean, without a gap or a reset. It
// returns the counts.
func (c *crowd) finish() history.Summary {
	c.t.Helper()
	sum := c.finishWithResets()
	if sum.Resets != 0 {
		c.t.Errorf("%d resets were announced, though the log had everything", sum.Resets)
	}
	return sum
}

// finishWithResets is finish for a log that was replaced.
func (c *crowd) finishWithResets() history.Summary {
	c.t.Helper()
	if err := c.Finish(harness.Within(c.t, 15*time.Second), history.NoGaps); err != nil {
		c.t.Error(err)
	}
	sum := c.History.Summary()
	c.t.Logf("%+v", sum)
	return sum
}

// chaosSize is the crowd of the default room.
var chaosSize = chaos.Size{Sessions: 40, Raw: 10, Talkers: 8, Edits: 10, Deletes: 5, Reactions: 10,
	Pause: time.Second / 4, Patience: 2 * time.Minute}

// shipped returns a server and a PostgreSQL for a cluster as it is shipped.
func shipped(t *testing.T) (binary string, postgres *testpg.Postgres) {
	t.Helper()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	pg := testpg.New(t)
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	return binary, pg.Postgres()
}
