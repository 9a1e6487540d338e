package chaos

import (
	"context"
	"fmt"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Talk starts the talkers.
func (c *Crowd) Talk() {
	talking, enough := context.WithCancel(context.Background())
	c.enough = enough
	c.talked.Do(func() { close(c.late) })
	for i := range c.size.Talkers {
		c.sending.Go(func() { c.talk(talking, i) })
	}
}

// Quiesce stops the talkers and waits until all their messages are acked. Talk
// starts them again.
func (c *Crowd) Quiesce() {
	c.enough()
	c.sending.Wait()
}

// talk publishes one message after the other from a session until ctx ends. It
// still waits for the last ack then.
func (c *Crowd) talk(ctx context.Context, i int) {
	// one after the other, not all at once
	turn := time.NewTimer(c.size.Pause * time.Duration(i) / time.Duration(c.size.Talkers))
	select {
	case <-ctx.Done():
		turn.Stop()
		return
	case <-turn.C:
	}
	ticker := time.NewTicker(c.size.Pause)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		from := i * c.size.Sessions / c.size.Talkers
		text := fmt.Sprintf("%d.%d%s", i, n, strings.Repeat(" long", c.size.Long/5))
		id, err := c.say(from, text)
		if err == nil && n%resendEvery == 0 {
			err = c.send(from, id, text) // as after a lost ack
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// say publishes one message from the i-th session, waits for its ack and
// returns its id.
func (c *Crowd) say(i int, text string) (string, error) {
	id := uuid.NewString()
	c.History.SendingContent(history.Send{ID: id, Name: memberName(i), Text: text, Sent: time.Now()})
	return id, c.send(i, id, text)
}

// send publishes a message that the history knows and waits for its ack.
func (c *Crowd) send(i int, id, text string) error {
	patience, cancel := context.WithTimeout(context.Background(), c.size.Patience)
	defer cancel()
	ack, err := c.members[i].SendAs(patience, id, text)
	if err != nil {
		return fmt.Errorf("send %s: %w", id, err)
	}
	// The ack does not name its epoch; the readers know it. How often the
	// session has sent the message is unknown.
	c.History.Answered(id,
		history.Ack{At: history.Position{Seq: ack.Seq}, When: time.Now(), Duplicate: ack.Duplicate})
	return nil
}

// Publish publishes one more message from the i-th session, waits for its ack
// and returns its id.
func (c *Crowd) Publish(i int) (id string, err error) { return c.say(i, "and another thing") }

// Received reports whether the i-th session has received the message.
func (c *Crowd) Received(i int, id string) bool { return c.logs[i].Saw(id) }

// AwaitAcks waits for that many more acks.
func (c *Crowd) AwaitAcks(ctx context.Context, more int) error {
	from := c.History.AckedCount()
	return localcluster.Poll(ctx, func(context.Context) error {
		if n := c.History.AckedCount() - from; n < more {
			return fmt.Errorf("%d of %d messages were acked", n, more)
		}
		return nil
	})
}
