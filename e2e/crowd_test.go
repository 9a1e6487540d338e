package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/e2e/history"
)

// crowd is a room full of people who talk, and everything that they said and heard.
type crowd struct {
	t       *testing.T
	history *history.History
	members []*client.Session
	enough  context.CancelFunc
	sending sync.WaitGroup
}

// The size of every crowd: fifty messages a second, heard by sixty.
const (
	crowdSize    = 60
	crowdTalkers = 10
	crowdPause   = time.Second / 5 // between two messages of one
)

// gather lets a crowd join at the url and talk until finish.
func gather(t *testing.T, url string) *crowd {
	t.Helper()
	c := &crowd{t: t, history: history.New()}
	ctx, leave := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { leave(); running.Wait() })
	for i := range crowdSize {
		name := fmt.Sprint("client-", i)
		log := c.history.Reader(name)
		s := client.NewSession(client.Options{URL: url, Name: name, History: new(0)}, log.Take)
		running.Go(func() {
			if err := s.Run(ctx); ctx.Err() == nil {
				t.Errorf("%s: the session ended: %v", name, err)
			}
		})
		c.members = append(c.members, s)
	}
	eventually(t, 20*time.Second, "everybody joins", func() error {
		for i, s := range c.members {
			if _, ok := s.Position(); !ok {
				return fmt.Errorf("client %d is not there", i)
			}
		}
		return nil
	})
	talking, enough := context.WithCancel(context.Background())
	c.enough = enough
	t.Cleanup(func() { enough(); leave(); c.sending.Wait() })
	for i := range crowdTalkers {
		c.sending.Go(func() { c.talk(talking, i) })
	}
	return c
}

// talk sends one message after the other from a member until ctx ends. What has been begun then is still waited for.
func (c *crowd) talk(ctx context.Context, i int) {
	s := c.members[i*crowdSize/crowdTalkers]
	ticker := time.NewTicker(crowdPause)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		id := newID()
		c.history.Sending(id, time.Now())
		patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		ack, err := s.SendAs(patience, id, fmt.Sprintf("%d.%d", i, n))
		cancel()
		if err != nil {
			c.t.Errorf("send: %v", err)
			return
		}
		// The ack does not say its epoch: the readers know.
		c.history.Acked(id, history.Position{Seq: ack.Seq}, time.Now())
	}
}

// flow waits until so many more messages have been acked.
func (c *crowd) flow(more int) {
	c.t.Helper()
	from := c.history.AckedCount()
	eventually(c.t, 20*time.Second, "messages flow", func() error {
		if n := c.history.AckedCount() - from; n < more {
			return fmt.Errorf("%d of %d", n, more)
		}
		return nil
	})
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
	c.enough()
	c.sending.Wait()
	// A reader that stays behind is in Check's list, with what it lacks.
	_ = cluster.Poll(within(c.t, 15*time.Second), func(context.Context) error { return c.history.Behind() })
	if err := c.history.Check(history.NoGaps); err != nil {
		c.t.Error(err)
	}
	sum := c.history.Summary()
	c.t.Logf("%+v", sum)
	if sum.Gaps != 0 || sum.Resets != 0 {
		c.t.Errorf("%d gaps and %d resets were announced, though the log had everything", sum.Gaps, sum.Resets)
	}
	return sum
}
