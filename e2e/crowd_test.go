package e2e

import (
	"testing"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/history"
)

// The size of every crowd: fifty messages a second, heard by sixty.
var crowdSize = chaos.Size{Sessions: 48, Raw: 12, Talkers: 10, Pause: time.Second / 5, Patience: 30 * time.Second}

const crowdCount = 60

// crowd is a chaos.Crowd that fails its test.
type crowd struct {
	*chaos.Crowd
	t *testing.T
}

// gather lets a crowd join at the url and talk until finish.
func gather(t *testing.T, url string) *crowd {
	t.Helper()
	c, err := chaos.Gather(within(t, 20*time.Second), func(int) string { return url }, crowdSize)
	t.Cleanup(c.Leave)
	if err != nil {
		t.Fatalf("everybody joins: %v", err)
	}
	c.Talk()
	return &crowd{c, t}
}

// flow waits until so many more messages have been acked.
func (c *crowd) flow(more int) {
	c.t.Helper()
	if err := c.Flow(within(c.t, 20*time.Second), more); err != nil {
		c.t.Fatal(err)
	}
}

// pass lets time go by.
func (c *crowd) pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// finish stops the talk, waits until everybody has heard everything, and fails the test unless the history is clean, without a gap or a reset.
// It returns what was counted.
func (c *crowd) finish() history.Summary {
	c.t.Helper()
	sum := c.settle()
	if sum.Resets != 0 {
		c.t.Errorf("%d resets were announced, though the log had everything", sum.Resets)
	}
	return sum
}

// settle is finish for a log that was replaced.
func (c *crowd) settle() history.Summary {
	c.t.Helper()
	if err := c.Finish(within(c.t, 15*time.Second), history.NoGaps); err != nil {
		c.t.Error(err)
	}
	sum := c.History.Summary()
	c.t.Logf("%+v", sum)
	return sum
}
