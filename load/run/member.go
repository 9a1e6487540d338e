package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"livechat/client"
)

// slowPause is how long a slow reader rests after each message.
const slowPause = 500 * time.Millisecond

// Waits before a connection is made again: random, at most the first after a break, then doubling.
const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// member is one client of the run: it connects, reads, and comes back when it is thrown out. Its goroutine is run.
type member struct {
	// Set at construction.

	run    *run
	index  int
	room   *room
	slow   bool
	random *rand.Rand // owned by run

	// Owned by run.

	account account
	dues    cursor[atomic.Int64]
	shard   *shard
	app     string
	counted bool          // among the connected of app
	away    time.Duration // how long the server asked to stay away
	heir    chan *link    // of a connection that is to take over; nil: there is none
	joined  bool
	present bool      // was connected when it was told to stop
	leaveAt time.Time // churn; zero: never

	// For all.

	hurry   atomic.Bool             // come back without a wait
	current atomic.Pointer[link]    // the one that is read
	log     atomic.Pointer[roomLog] // of account, for the goroutine that makes an heir
	again   chan struct{}           // tells the publisher that there is a new connection

	// Owned by the goroutine that publishes.

	sent cursor[atomic.Int64]
	done atomic.Bool // it has sent all it has to; for all

	mu      sync.Mutex
	pending map[uint64]struct{} // messages without an answer; nil unless it publishes
}

// live connects, reads and comes back until ctx ends.
func (m *member) live(ctx context.Context) {
	attempt := 0
	for ctx.Err() == nil {
		l, err := m.dial(ctx, m.joined)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			m.run.failed(err)
			attempt++
			m.rest(ctx, m.backoff(attempt))
			continue
		}
		began := time.Now()
		for l != nil {
			l = m.listen(ctx, l)
		}
		if time.Since(began) > maxBackoff {
			attempt = 0
		}
		if ctx.Err() == nil && !m.hurry.Swap(false) {
			m.rest(ctx, m.backoff(attempt)+m.away)
			attempt++
		}
		m.away = 0
	}
}

func (m *member) backoff(attempt int) time.Duration {
	return time.Duration(m.random.Int64N(int64(min(maxBackoff, minBackoff<<min(attempt, 10)))))
}

func (m *member) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

var none = 0

// listen reads a connection to its end, and returns the one that takes over, if there is one.
func (m *member) listen(ctx context.Context, l *link) *link {
	defer l.conn.Close()
	defer m.current.Store(nil)
	defer m.gone(ctx)
	// Next without a context: one that ends would cost every message a little. leave closes the connection instead.
	unwatch := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer unwatch()
	for {
		event, err := l.conn.Next(context.Background())
		if err != nil {
			return m.ended(ctx, err)
		}
		m.hear(ctx, l, event)
		if m.slow {
			m.pause(ctx, event)
		}
		if m.heir == nil && !m.leaveAt.IsZero() && time.Now().After(m.leaveAt) {
			m.leave()
			return nil
		}
	}
}

// ended says why a connection is over, and collects the one that takes its place.
func (m *member) ended(ctx context.Context, err error) *link {
	if heir := m.heir; heir != nil {
		m.heir = nil
		if next := <-heir; next != nil {
			m.run.moved.Add(1)
			return next
		}
	}
	if ctx.Err() == nil {
		code := "1006"
		var end *client.CloseError
		if errors.As(err, &end) {
			code = strconv.Itoa(end.Code)
		}
		if m.hurry.Load() {
			code = "storm"
		}
		m.run.closed(code)
	}
	return nil
}

// hear takes an event.
func (m *member) hear(ctx context.Context, l *link, event client.Event) {
	switch e := event.(type) {
	case *client.Message:
		m.message(e)
	case *client.Welcome:
		m.welcome(l, e)
	case *client.Ack:
		raise(&m.account.log.acked, e.Seq)
		if m.answered(e.ID) {
			m.run.acked.Add(1)
		}
	case *client.Error:
		if e.ID != "" && m.answered(e.ID) {
			m.run.refused(e.Code)
		} else if e.RetryAfter() > 0 {
			m.away = e.RetryAfter()
		}
	case *client.Gap:
		m.account.gap(e.From, e.To)
	case *client.Reset:
		m.account.replace(m.room.log(e.Epoch), e.Seq, true)
		m.log.Store(m.account.log)
	case *client.Reconnect:
		m.succeed(ctx, l, e.After())
	}
}

func (m *member) message(e *client.Message) {
	now := time.Now()
	seq, id := e.Seq, []byte(e.ID)
	if e.Raw != nil {
		_, id, _ = client.Skim(e.Raw)
	}
	number, hash := m.run.ids.number(id), uint64(0)
	if number == 0 {
		hash = hashOf(id)
	}
	if !m.account.take(seq, number, hash) {
		return
	}
	if number == 0 {
		m.shard.delivery(0, false)
		return
	}
	due := m.run.due(number, &m.dues)
	m.shard.delivery(now.Sub(due), !m.slow && !due.Before(m.run.measured))
}

func (m *member) welcome(l *link, e *client.Welcome) {
	log := m.room.log(e.Epoch)
	if l.resumed {
		m.account.resume(log, l.after, e.Recovered != nil && *e.Recovered)
		m.run.reconnects.Add(1)
	} else {
		m.account.join(log, e.Seq)
		if d := m.run.settings.Stay; m.run.settings.Scenario.Stays && m.pending == nil {
			m.leaveAt = time.Now().Add(time.Duration(m.random.ExpFloat64() * float64(d)))
		}
	}
	m.log.Store(m.account.log)
	m.app, m.shard, m.joined = e.App, m.run.meter.shard(e.App, m.index), true
	m.counted = true
	m.run.connect(m.app, 1)
	m.current.Store(l)
	select {
	case m.again <- struct{}{}:
	default:
	}
}

// gone takes the client out of the connected ones.
func (m *member) gone(ctx context.Context) {
	if m.counted {
		m.present = ctx.Err() != nil
		m.counted = false
		m.run.connect(m.app, -1)
	}
}

// pause makes a reader slow, as long as messages flow: after that it may catch up.
func (m *member) pause(ctx context.Context, event client.Event) {
	if _, ok := event.(*client.Message); !ok {
		return
	}
	timer := time.NewTimer(slowPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.run.quiet:
	case <-ctx.Done():
	}
}

// leave makes the client somebody else, who has never been here.
func (m *member) leave() {
	m.joined = false
	m.hurry.Store(true)
	m.run.left.Add(1)
	m.account.log = nil
}

// answered takes a message out of the pending ones and reports whether it was there.
func (m *member) answered(id string) bool {
	number := m.run.ids.number([]byte(id))
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.pending[number]
	delete(m.pending, number)
	return ok
}
