package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	from := c.talker(i)
	var mine []client.Target
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var err error
		if message, ok := c.toReact(from); ok && rand.IntN(100) < c.size.Reactions {
			err = c.react(from, message)
		} else {
			// Like no other text: a deleted one may be nowhere.
			text := fmt.Sprintf("%d.%d %s%s", i, n, uuid.NewString()[:8], strings.Repeat(" long", c.size.Long/5))
			mine, err = c.talkOnce(from, text, mine, n%resendEvery == 0)
		}
		if _, isRuled := ruled(err); err != nil && !isRuled {
			c.fail(err)
			return
		}
	}
}

// talker returns the session of the i-th talker.
func (c *Crowd) talker(i int) int { return i * c.size.Sessions / c.size.Talkers }

// talkOnce publishes a text, as a message or another text of one of a talker's
// own, or deletes one of those, and sends that again if wanted. It returns those
// that can be changed from then on.
func (c *Crowd) talkOnce(from int, text string, mine []client.Target, again bool) ([]client.Target, error) {
	s := said{text: text}
	if len(mine) > 0 {
		mine = c.choose(&s, mine)
	}
	if err := c.withFile(from, &s); err != nil {
		return mine, err
	}
	at, err := c.say(from, &s)
	if err == nil && again {
		_, err = c.send(from, s) // as after a lost ack
	}
	if err == nil && s.about.ID == "" {
		mine = append(mine[max(0, len(mine)-editable+1):], at)
		c.remember(at)
	}
	return mine, err
}

// choose makes s an edit or a delete of one of a talker's messages, now and
// then, and returns those that are left to change.
func (c *Crowd) choose(s *said, mine []client.Target) []client.Target {
	i, turn := rand.IntN(len(mine)), rand.IntN(100)
	switch {
	case turn < c.size.Edits:
		s.about = mine[i]
	case turn < c.size.Edits+c.size.Deletes:
		s.about, s.text = mine[i], ""
		return slices.Delete(mine, i, i+1)
	}
	return mine
}

// editable is how many of its newest messages a talker may edit or delete. It
// names them by the number in their acks. If a repair has moved one, servers
// find it as long as their rings have it.
const editable = 50

// said is what a talker sends.
type said struct {
	id, text string
	about    client.Target // the message that it edits, or without a text deletes; zero: it is one
	file     client.File   // of a message; without an ID there is none
	sum      string        // SHA-256 of that
}

// sent returns s for the history.
func (s *said) sent() history.Send {
	send := history.Send{ID: s.id, Text: s.text, Sent: time.Now()}
	if s.text == "" {
		send.Deletes = s.about.ID
	} else {
		send.Edits = s.about.ID
	}
	return send
}

// say gives s an id, publishes it from the i-th session, waits for its ack and
// returns where it is.
func (c *Crowd) say(i int, s *said) (client.Target, error) {
	s.id = uuid.NewString()
	sent := s.sent()
	sent.Name = memberName(i)
	c.History.SendingContent(sent)
	if s.file.ID != "" {
		c.filed.attach(s.id, s.file, s.sum)
	}
	return c.send(i, *s)
}

// send publishes what the history knows, waits for its ack and returns where it
// is.
func (c *Crowd) send(i int, s said) (client.Target, error) {
	patience, cancel := context.WithTimeout(context.Background(), c.size.Patience)
	defer cancel()
	var ack client.Ack
	var err error
	switch {
	case s.file.ID != "":
		ack, err = c.members[i].SendAs(patience, s.id, s.text, client.WithFiles(s.file))
	case s.about.ID == "":
		ack, err = c.members[i].SendAs(patience, s.id, s.text)
	case s.text == "":
		ack, err = c.members[i].DeleteAs(patience, s.id, s.about)
	default:
		ack, err = c.members[i].EditAs(patience, s.id, s.about, s.text)
	}
	var refusal *client.Error
	if rule, isRuled := ruled(err); isRuled {
		c.History.Ruled(s.id, rule, time.Now())
	} else if errors.As(err, &refusal) {
		c.History.Refused(s.id)
	}
	if err != nil {
		return client.Target{}, fmt.Errorf("send %s, about %v: %w", s.id, s.about, err)
	}
	c.filed.acked(s.id)
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

// lose records why a client's connection ended, or could not be opened.
func (c *Crowd) lose(name string, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = append(c.lost, fmt.Sprintf("%s: %v", name, why))
}

// Lost returns why connections ended or could not be opened so far, in order.
func (c *Crowd) Lost() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lost)
}
