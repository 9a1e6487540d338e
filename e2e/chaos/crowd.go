package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/e2e/history"
)

// Crowd is a room full of people who talk, and everything that they said and heard.
type Crowd struct {
	History *history.History

	size     Size
	members  []*client.Session
	logs     []*history.Reader // of the members
	raw      []*rawReader
	leave    context.CancelFunc
	enough   context.CancelFunc
	sending  sync.WaitGroup
	running  sync.WaitGroup
	mu       sync.Mutex
	failures []error
}

// Size says how many there are in a crowd.
type Size struct {
	Sessions int           // who stay in the room over reconnects
	Raw      int           // who do so by hand, without the memory that a session has: they see what servers send twice
	Talkers  int           // of the sessions
	Pause    time.Duration // between two messages of one
	Patience time.Duration // how long a message may take to be acked before that is a failure

	// Tap hears all that the i-th session is told, from that session's goroutine. nil: nobody does.
	Tap func(i int, e client.Event)
}

// Gather lets a crowd join and returns when everybody is there; url returns where the i-th is to connect. They talk once Talk was called; Leave is
// to be called in any case.
func Gather(ctx context.Context, url func(i int) string, size Size) (*Crowd, error) {
	c := &Crowd{History: history.New(), size: size}
	lasting, leave := context.WithCancel(context.Background())
	c.leave, c.enough = leave, func() {}
	for i := range size.Sessions {
		name := memberName(i)
		log := c.History.Reader(name)
		s := client.NewSession(options(url(i), name), func(e client.Event) {
			if w, ok := e.(*client.Welcome); ok {
				c.History.Connected(w.Session, name)
			}
			log.Take(e)
			if size.Tap != nil {
				size.Tap(i, e)
			}
		})
		c.running.Go(func() {
			if err := s.Run(lasting); lasting.Err() == nil {
				c.fail(fmt.Errorf("%s: the session ended: %w", name, err))
			}
		})
		c.members, c.logs = append(c.members, s), append(c.logs, log)
	}
	for i := range size.Raw {
		name := fmt.Sprint("raw-", i)
		r := &rawReader{options: options(url(size.Sessions+i), name), log: c.History.RawReader(name)}
		c.running.Go(func() {
			if err := r.run(lasting); lasting.Err() == nil {
				c.fail(fmt.Errorf("%s: %w", name, err))
			}
		})
		c.raw = append(c.raw, r)
	}
	return c, cluster.Poll(ctx, func(context.Context) error {
		for i, s := range c.members {
			if _, ok := s.Position(); !ok {
				return fmt.Errorf("client %d is not there", i)
			}
		}
		for i, r := range c.raw {
			if !r.there() {
				return fmt.Errorf("raw reader %d is not there", i)
			}
		}
		return nil
	})
}

func memberName(i int) string { return fmt.Sprint("client-", i) }

// options are those of everybody: they come without a past, and do not wait long before they come back.
func options(url, name string) client.Options {
	return client.Options{URL: url, Name: name, History: new(0), MaxBackoff: 3 * time.Second, HandshakeTimeout: 5 * time.Second}
}

func (c *Crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, err)
}

// Talk lets the talkers begin.
func (c *Crowd) Talk() {
	talking, enough := context.WithCancel(context.Background())
	c.enough = enough
	for i := range c.size.Talkers {
		c.sending.Go(func() { c.talk(talking, i) })
	}
}

// Hush lets them stop and waits until all that was said has been acked. Talk lets them begin again.
func (c *Crowd) Hush() {
	c.enough()
	c.sending.Wait()
}

// talk sends one message after the other from a member until ctx ends. What has been begun then is still waited for.
func (c *Crowd) talk(ctx context.Context, i int) {
	turn := time.NewTimer(c.size.Pause * time.Duration(i) / time.Duration(c.size.Talkers)) // one after the other, not all at once
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
		id, err := c.say(from, fmt.Sprintf("%d.%d", i, n))
		if err == nil && n%sayAgain == 0 {
			err = c.send(from, id, fmt.Sprintf("%d.%d", i, n)) // as after an ack that was lost
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// sayAgain is of how many messages one is sent again after its ack, which must say that it is a duplicate.
const sayAgain = 10

// say sends one message from the i-th session, waits for its ack and returns its id.
func (c *Crowd) say(i int, text string) (string, error) {
	id := uuid.NewString()
	c.History.Saying(history.Send{ID: id, Name: memberName(i), Text: text, Sent: time.Now()})
	return id, c.send(i, id, text)
}

// send sends a message that the history knows, and waits for its ack.
func (c *Crowd) send(i int, id, text string) error {
	patience, cancel := context.WithTimeout(context.Background(), c.size.Patience)
	defer cancel()
	ack, err := c.members[i].SendAs(patience, id, text)
	if err != nil {
		return fmt.Errorf("send %s: %w", id, err)
	}
	// The ack does not say its epoch: the readers know. How often a session has sent it, nobody does.
	c.History.Answered(id, history.Ack{At: history.Position{Seq: ack.Seq}, When: time.Now(), Duplicate: ack.Duplicate})
	return nil
}

// Say sends one more message from the i-th session, waits for its ack and returns its id.
func (c *Crowd) Say(i int) (id string, err error) { return c.say(i, "and another thing") }

// Heard reports whether the i-th session has been told of the message.
func (c *Crowd) Heard(i int, id string) bool { return c.logs[i].Saw(id) }

// Flow waits until so many more messages have been acked.
func (c *Crowd) Flow(ctx context.Context, more int) error {
	from := c.History.AckedCount()
	return cluster.Poll(ctx, func(context.Context) error {
		if n := c.History.AckedCount() - from; n < more {
			return fmt.Errorf("%d of %d messages were acked", n, more)
		}
		return nil
	})
}

// Finish ends the talk, waits until everybody has heard everything, at most until ctx ends, and returns what is wrong with the history.
func (c *Crowd) Finish(ctx context.Context, gaps history.Gaps) error {
	c.Hush()
	// A reader that stays behind is in Check's list, with what it lacks.
	_ = cluster.Poll(ctx, func(context.Context) error { return c.History.Behind() })
	c.mu.Lock()
	failures := errors.Join(c.failures...)
	c.mu.Unlock()
	return errors.Join(failures, c.History.Check(gaps))
}

// Leave ends every connection and waits for that. It may be called again.
func (c *Crowd) Leave() {
	c.enough()
	c.leave()
	c.sending.Wait()
	c.running.Wait()
}
