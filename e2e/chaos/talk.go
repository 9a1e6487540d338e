package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"livechat/client"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
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
	from := i * c.size.Sessions / c.size.Talkers
	var mine []client.Target
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s := said{text: fmt.Sprintf("%d.%d%s", i, n, strings.Repeat(" long", c.size.Long/5))}
		if len(mine) > 0 && rand.IntN(100) < c.size.Edits {
			s.edits = mine[rand.IntN(len(mine))]
		}
		at, err := c.say(from, &s)
		if err == nil && n%resendEvery == 0 {
			_, err = c.send(from, s) // as after a lost ack
		}
		if err != nil {
			c.fail(err)
			return
		}
		if s.edits.ID == "" {
			mine = append(mine[max(0, len(mine)-editable+1):], at)
		}
	}
}

// editable is how many of its newest messages a talker may edit. It names them
// by the number in their acks. If a repair has moved one, servers find it as long
// as their rings have it.
const editable = 50

// said is what a talker sends.
type said struct {
	id, text string
	edits    client.Target // the message that it edits; zero: it is one
}

// say gives s an id, publishes it from the i-th session, waits for its ack and
// returns where it is.
func (c *Crowd) say(i int, s *said) (client.Target, error) {
	s.id = uuid.NewString()
	c.History.SendingContent(history.Send{ID: s.id, Name: memberName(i), Text: s.text, Edits: s.edits.ID,
		Sent: time.Now()})
	return c.send(i, *s)
}

// send publishes what the history knows, waits for its ack and returns where it
// is.
func (c *Crowd) send(i int, s said) (client.Target, error) {
	patience, cancel := context.WithTimeout(context.Background(), c.size.Patience)
	defer cancel()
	var ack client.Ack
	var err error
	if s.edits.ID == "" {
		ack, err = c.members[i].SendAs(patience, s.id, s.text)
	} else {
		ack, err = c.members[i].EditAs(patience, s.id, s.edits, s.text)
	}
	var refusal *client.Error
	if errors.As(err, &refusal) {
		c.History.Refused(s.id)
	}
	if err != nil && s.edits.ID != "" {
		return client.Target{}, fmt.Errorf("send %s, an edit of %v: %w", s.id, s.edits, err)
	}
	if err != nil {
		return client.Target{}, fmt.Errorf("send %s: %w", s.id, err)
	}
	// The ack does not name its epoch; the readers know it. How often the
	// session has sent the message is unknown.
	c.History.Answered(s.id,
		history.Ack{At: history.Position{Seq: ack.Seq}, When: time.Now(), Duplicate: ack.Duplicate})
	return client.Target{Seq: ack.Seq, ID: s.id}, nil
}

// Publish publishes one more message from the i-th session, waits for its ack
// and returns its id.
func (c *Crowd) Publish(i int) (id string, err error) {
	s := said{text: "and another thing"}
	_, err = c.say(i, &s)
	return s.id, err
}

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
