package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

	size    Size
	members []*client.Session
	logs    []*history.Reader // of the members
	raw     []*rawReader
	late    chan struct{} // closed by Talk: those who come late may begin to come
	talked  sync.Once
	calm    chan struct{} // closed by Finish
	calming sync.Once

	// Kept returns what log and archive have behind that place, for Finish to judge. nil: it does not.
	Kept     func(ctx context.Context, room string, behind uint64) ([]history.Entry, error)
	url      func(i int) string
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

	Room string        // empty: the default room
	Long int           // characters of each text, beside its number
	Lag  time.Duration // the raw ones read late, by up to about so much
	Away int           // so many of the raw ones are away now and then, for longer than most faults last
	Late int           // so many further raw ones come while the others talk, and are given the newest messages

	// Tap hears all that the i-th session is told, from that session's goroutine. nil: nobody does.
	Tap func(i int, e client.Event)
}

// Gather lets a crowd join and returns when everybody is there; url returns where the i-th is to connect. They talk once Talk was called; Leave is
// to be called in any case.
func Gather(ctx context.Context, url func(i int) string, size Size) (*Crowd, error) {
	c := &Crowd{History: history.New(), size: size, late: make(chan struct{}), calm: make(chan struct{}), url: url}
	lasting, leave := context.WithCancel(context.Background())
	c.leave, c.enough = leave, func() {}
	for i := range size.Sessions {
		name := memberName(i)
		log := c.History.Reader(name)
		s := client.NewSession(c.options(i, name), func(e client.Event) {
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
		r := &rawReader{dial: roomSource(c.options(size.Sessions+i, name)), log: c.History.RawReader(name), lag: size.Lag}
		if i < size.Away {
			r.stay, r.away = awayFrom, awayFor
		}
		c.listen(lasting, name, r)
	}
	c.running.Go(func() { c.comeLate(lasting) })
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

// listen lets a raw reader run until everybody leaves.
func (c *Crowd) listen(ctx context.Context, name string, r *rawReader) {
	r.calm, r.mine = c.calm, func(session string) { c.History.Connected(session, name) }
	c.running.Go(func() {
		if err := r.run(ctx); ctx.Err() == nil {
			c.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
	c.raw = append(c.raw, r)
}

// lateEvery is how long after the one before it somebody comes late.
const lateEvery = 3 * time.Second

// comeLate lets those come who come late, with the newest messages.
func (c *Crowd) comeLate(ctx context.Context) {
	select {
	case <-c.late:
	case <-ctx.Done():
		return
	}
	for i := range c.size.Late {
		timer := time.NewTimer(lateEvery)
		select {
		case <-timer.C:
		case <-c.calm:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		}
		name := fmt.Sprint("late-", i)
		o := c.options(c.size.Sessions+c.size.Raw+i, name)
		o.History = new(50)
		r := &rawReader{dial: roomSource(o), log: c.History.LateReader(name), calm: c.calm}
		r.mine = func(session string) { c.History.Connected(session, name) }
		c.running.Go(func() {
			if err := r.run(ctx); ctx.Err() == nil {
				c.fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
}

// options are those of everybody: they come without a past, and do not wait long before they come back.
func (c *Crowd) options(i int, name string) client.Options {
	return client.Options{URL: c.url(i), Room: c.size.Room, Name: name, History: new(0), MaxBackoff: 3 * time.Second, HandshakeTimeout: 5 * time.Second}
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
	c.talked.Do(func() { close(c.late) })
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
		text := fmt.Sprintf("%d.%d%s", i, n, strings.Repeat(" long", c.size.Long/5))
		id, err := c.say(from, text)
		if err == nil && n%sayAgain == 0 {
			err = c.send(from, id, text) // as after an ack that was lost
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

// Finish ends the talk, waits until everybody has heard everything, at most until ctx ends, and returns what is wrong with the history. With Kept, somebody
// comes who reads everything from the beginning on, and log and archive must have all of it.
func (c *Crowd) Finish(ctx context.Context, gaps history.Gaps) error {
	c.Hush()
	c.calming.Do(func() { close(c.calm) })
	if c.Kept == nil {
		// A reader that stays behind is in Check's list, with what it lacks.
		_ = cluster.Poll(ctx, func(context.Context) error { return c.History.Behind() })
		return errors.Join(c.failed(), c.History.Check(gaps))
	}
	first, _ := c.History.First()
	reading, enough := context.WithCancel(ctx)
	defer enough()
	newcomer := &rawReader{dial: roomSource(c.options(0, "newcomer")), log: c.History.Newcomer("newcomer", first), calm: c.calm,
		at: &client.Position{Epoch: first.Epoch, Seq: first.Seq}}
	newcomer.mine = func(session string) { c.History.Connected(session, "newcomer") }
	var read sync.WaitGroup
	read.Go(func() { _ = newcomer.run(reading) }) // what it lacks is in Check's list
	_ = cluster.Poll(ctx, func(context.Context) error { return c.History.Behind() })
	kept, err := c.Kept(ctx, c.size.Room, first.Seq)
	if err == nil {
		c.History.Keep(kept)
	}
	enough()
	read.Wait()
	return errors.Join(c.failed(), err, c.History.Check(gaps))
}

func (c *Crowd) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.failures...)
}

// Leave ends every connection and waits for that. It may be called again.
func (c *Crowd) Leave() {
	c.enough()
	c.leave()
	c.sending.Wait()
	c.running.Wait()
}
