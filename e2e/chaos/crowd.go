package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"livechat/client"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// Crowd is the clients of a room, and the history of all that they sent and
// received.
type Crowd struct {
	History *history.History

	size    Size
	members []*client.Session
	logs    []*history.Reader // of the members
	raw     []*rawReader
	late    chan struct{} // closed by Talk: clients may join late from then on
	talked  sync.Once
	calm    chan struct{} // closed by Finish
	calming sync.Once

	// Stored returns what log and archive have after that seq, for Finish to
	// check, and an error if they have one of the deleted texts. nil: it does not
	// check them.
	Stored func(ctx context.Context, room string, behind uint64, deleted []string) (
		[]history.Entry, error)
	// Reacted returns an error if the API says something else about who reacted,
	// by message and emoji. nil: Finish does not ask it.
	Reacted func(ctx context.Context, room string, who map[string]map[string][]string) error
	// Files is the address of an API server, from which Finish fetches
	// the files that were sent.
	Files    string
	keys     []string // guest keys of the sessions
	filed    filed
	url      func(i int) string
	leave    context.CancelFunc
	enough   context.CancelFunc
	sending  sync.WaitGroup
	running  sync.WaitGroup
	mu       sync.Mutex
	failures []error
	lost     []string          // why connections ended or could not be opened, in order
	recent   []client.Target   // the newest messages
	servers  []string          // to which each session is or was connected
	authors  map[string]string // of messages, by the name of the session
}

// Size is the size of a crowd.
type Size struct {
	Sessions int // sessions, which stay in the room over reconnects
	// raw readers, which reconnect without a session's memory, so they see what
	// servers send twice
	Raw       int
	Talkers   int           // of the sessions
	Edits     int           // percentage of what a talker sends that edits one of its messages
	Deletes   int           // percentage of it that deletes one of them
	Reactions int           // percentage of it that are reactions to one of the room's newest messages
	Files     int           // percentage of the messages that have a file
	Moderated bool          // somebody moderates the default room meanwhile
	Pause     time.Duration // between two messages of a talker
	Patience  time.Duration // how long an ack may take

	Room string        // empty: the default room
	Long int           // length of each text, besides its number
	Lag  time.Duration // raw readers are slow by up to about this
	Away int           // raw readers that disconnect now and then, for longer than most faults last
	Late int           // raw readers that join later, with the newest messages

	// Tap receives all events of the i-th session, from that session's
	// goroutine. nil: none.
	Tap func(i int, e client.Event)
}

// Gather makes a crowd join and returns when all are connected. url returns the
// address for the i-th client. They send messages after Talk. The caller calls
// Leave in any case.
func Gather(ctx context.Context, url func(i int) string, size Size) (*Crowd, error) {
	c := &Crowd{
		History: history.New(),
		size:    size,
		late:    make(chan struct{}),
		calm:    make(chan struct{}),
		url:     url,
		servers: make([]string, size.Sessions),
		authors: make(map[string]string),
	}
	lasting, leave := context.WithCancel(context.Background())
	c.leave, c.enough = leave, func() {}
	for i := range size.Sessions {
		c.join(lasting, i)
	}
	for i := range size.Raw {
		name := fmt.Sprint("raw-", i)
		r := &rawReader{
			dial: roomSource(c.options(size.Sessions+i, name)),
			log:  c.History.RawReader(name),
			lag:  size.Lag,
		}
		if i < size.Away {
			r.stay, r.away = awayFrom, awayFor
		}
		c.listen(lasting, name, r)
	}
	c.running.Go(func() { c.joinLate(lasting) })
	return c, localcluster.Poll(ctx, func(context.Context) error { return c.areConnected() })
}

// areConnected returns an error while a client is not connected.
func (c *Crowd) areConnected() error {
	for i, s := range c.members {
		if _, ok := s.Position(); !ok {
			return fmt.Errorf("client %d is not connected", i)
		}
	}
	for i, r := range c.raw {
		if !r.isConnected() {
			return fmt.Errorf("raw reader %d is not connected", i)
		}
	}
	return nil
}

func memberName(i int) string { return fmt.Sprint("client-", i) }

// join runs the i-th session until the crowd leaves.
func (c *Crowd) join(ctx context.Context, i int) {
	name := memberName(i)
	log := c.History.Reader(name)
	o := c.options(i, name)
	o.GuestKey = client.NewGuestKey()
	c.keys = append(c.keys, o.GuestKey)
	s := client.NewSession(o, func(e client.Event) {
		switch e := e.(type) {
		case *client.Welcome:
			c.History.Connected(e.Session, name)
			c.connected(i, e.App)
		case *client.Disconnected:
			c.lose(name, e.Err)
		case *client.Message:
			c.lookAtFiles(name, e)
			if i == 0 {
				c.setAuthor(e.Name, e.Author)
			}
		}
		log.Take(e)
		if c.size.Tap != nil {
			c.size.Tap(i, e)
		}
	})
	c.running.Go(func() {
		if err := s.Run(ctx); ctx.Err() == nil {
			c.fail(fmt.Errorf("%s: the session ended: %w", name, err))
		}
	})
	c.members, c.logs = append(c.members, s), append(c.logs, log)
}

// listen runs a raw reader until the crowd leaves.
func (c *Crowd) listen(ctx context.Context, name string, r *rawReader) {
	r.calm, r.mine = c.calm, func(session string) { c.History.Connected(session, name) }
	r.seen = func(m *client.Message) { c.lookAtFiles(name, m) }
	r.lost = func(err error) { c.lose(name, err) }
	c.running.Go(func() {
		if err := r.run(ctx); ctx.Err() == nil {
			c.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
	c.raw = append(c.raw, r)
}

// lateEvery is the time between two clients that join late.
const lateEvery = 3 * time.Second

// joinLate makes the late clients join, with the newest messages.
func (c *Crowd) joinLate(ctx context.Context) {
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
		r.seen = func(m *client.Message) { c.lookAtFiles(name, m) }
		r.lost = func(err error) { c.lose(name, err) }
		c.running.Go(func() {
			if err := r.run(ctx); ctx.Err() == nil {
				c.fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
}

// options are the options of all clients: no history, and short waits before a
// reconnect.
func (c *Crowd) options(i int, name string) client.Options {
	return client.Options{
		URL:              c.url(i),
		Room:             c.size.Room,
		Name:             name,
		History:          new(0),
		MaxBackoff:       3 * time.Second,
		HandshakeTimeout: 5 * time.Second,
	}
}

func (c *Crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, err)
}

// resendEvery is the ratio of messages to those that are sent again after their
// ack. The second ack must say that the message is a duplicate.
const resendEvery = 10

// Finish stops the talkers, waits until ctx ends at most for all clients to
// receive everything, and returns what is wrong with the history. If Stored is
// set, a newcomer reads everything from the beginning, and log and archive must
// have all of it.
func (c *Crowd) Finish(ctx context.Context, gaps history.Gaps) error {
	c.Quiesce()
	c.calming.Do(func() { close(c.calm) })
	if c.Stored == nil {
		// Check lists a reader that lags, and what it lacks.
		_ = localcluster.Poll(ctx, func(context.Context) error { return c.History.Lagging() })
		return errors.Join(c.failed(), c.History.Check(gaps))
	}
	first, _ := c.History.First()
	reading, enough := context.WithCancel(ctx)
	defer enough()
	newcomer := &rawReader{
		dial: roomSource(c.options(0, "newcomer")),
		log:  c.History.Newcomer("newcomer", first),
		calm: c.calm,
		at:   &client.Position{Epoch: first.Epoch, Seq: first.Seq},
	}
	newcomer.mine = func(session string) { c.History.Connected(session, "newcomer") }
	newcomer.seen = func(m *client.Message) { c.lookAtFiles("newcomer", m) }
	newcomer.lost = func(err error) { c.lose("newcomer", err) }
	var read sync.WaitGroup
	read.Go(func() { _ = newcomer.run(reading) }) // Check lists what it lacks
	_ = localcluster.Poll(ctx, func(context.Context) error { return c.History.Lagging() })
	kept, err := c.Stored(ctx, c.size.Room, first.Seq, c.History.DeletedTexts())
	if kept != nil || err == nil {
		c.History.SetStored(kept)
	}
	if c.Reacted != nil {
		err = errors.Join(err, c.Reacted(ctx, cmp.Or(c.size.Room, "livechat"), c.History.WhoReacted()))
	}
	err = errors.Join(err, c.checkFiles(ctx))
	enough()
	read.Wait()
	return errors.Join(c.failed(), err, c.History.Check(gaps))
}

func (c *Crowd) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.failures...)
}

// Leave closes every connection and waits for that. It may be called again.
func (c *Crowd) Leave() {
	c.enough()
	c.leave()
	c.sending.Wait()
	c.running.Wait()
}
