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
	"livechat/load/peer"
)

// slowPause is how long a slow reader waits after each message.
const slowPause = 500 * time.Millisecond

// Bounds of the random wait before a reconnect: the first after a break,
// doubling up to the second.
const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// member is one client of the run. It connects, reads, and reconnects when it
// is disconnected. Its goroutine runs live.
type member struct {
	// Set at construction.

	run     *run
	index   int
	room    *room
	slow    bool
	network *slowNetwork // nil: that of this machine
	key     string       // its guest key, if it may have to change what it did; else empty
	random  *rand.Rand   // owned by live

	// Owned by live.

	account    account
	shard      *shard
	app        string
	counted    bool          // counted as connected to app
	retryAfter time.Duration // wait requested by the server
	successor  chan *link    // a connection that is to take over; nil if none
	joined     bool
	present    bool      // is connected or has just left; for live's end
	leaveAt    time.Time // churn; zero: never

	// Owned by the goroutine that runs join and then follow.

	hangUp context.CancelFunc // makes live return; nil before the client joins
	gone   chan struct{}      // closed when live has returned; nil as hangUp

	// Safe for concurrent use.

	immediate atomic.Bool          // reconnect without a wait
	away      atomic.Bool          // has left, or has not joined yet, as the stages say
	current   atomic.Pointer[link] // the one being read
	// The log of account, for the goroutine that opens a successor.
	log         atomic.Pointer[roomLog]
	scrolled    atomic.Uint64 // the history before that number is read next; 0: the newest
	reconnected chan struct{} // tells the publisher about a new connection

	// Of another target than livechat; see peer.go.

	feeds    []feed
	position *peer.Position // of the last connection; owned by live
	stream   *stream        // nil for clients that do not publish

	// Owned by the goroutine that publishes.

	done atomic.Bool // all messages are sent; safe for concurrent use

	mu sync.Mutex
	// messages without an answer, and what each of them changes, if it does; nil
	// for clients that do not publish
	pending map[uint64]change
	last    client.Target // its last message that was acked and not deleted
	newest  client.Target // the last message of the run that it received, to react to
	reacted string        // the message that it last set a reaction under
}

// live connects, reads and reconnects until ctx is done.
func (m *member) live(ctx context.Context) {
	attempt := 0
	for ctx.Err() == nil {
		l, err := m.dial(ctx, m.joined)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			m.present = false
			m.run.failed(err)
			attempt++
			m.sleep(ctx, m.backoff(attempt))
			continue
		}
		began := time.Now()
		for l != nil {
			l = m.listen(ctx, l)
		}
		if time.Since(began) > maxBackoff {
			attempt = 0
		}
		if ctx.Err() == nil && !m.immediate.Swap(false) {
			m.sleep(ctx, m.backoff(attempt)+m.retryAfter)
			attempt++
		}
		m.retryAfter = 0
	}
}

func (m *member) backoff(attempt int) time.Duration {
	return time.Duration(m.random.Int64N(int64(min(maxBackoff, minBackoff<<min(attempt, 10)))))
}

func (m *member) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

var none = 0

// listen reads a connection to its end. It returns the successor, if there is
// one.
func (m *member) listen(ctx context.Context, l *link) *link {
	defer l.close()
	defer m.current.Store(nil)
	defer m.disconnected(ctx)
	// Next gets no context, because one that can be canceled costs time per
	// message. The connection is closed instead.
	unwatch := context.AfterFunc(ctx, l.close)
	defer unwatch()
	if l.peer != nil {
		m.listenPeer(ctx, l)
		return nil
	}
	for {
		event, err := l.conn.Next(context.Background())
		if err != nil {
			return m.ended(ctx, err)
		}
		m.handle(ctx, l, event)
		if m.slow {
			m.pause(ctx, event)
		}
		if m.successor == nil && !m.leaveAt.IsZero() && time.Now().After(m.leaveAt) {
			m.leave()
			return nil
		}
	}
}

// ended counts the reason of the end, or returns the successor.
func (m *member) ended(ctx context.Context, err error) *link {
	if dialed := m.successor; dialed != nil {
		m.successor = nil
		if next := <-dialed; next != nil {
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
		if m.immediate.Load() {
			code = "storm"
		}
		m.run.closed(code)
		if m.network != nil {
			m.network.ended(code)
		}
		if m.slow {
			m.run.cutOff.Add(1)
		}
	}
	return nil
}

func (m *member) welcome(l *link, e *client.Welcome) {
	log := m.room.log(e.Epoch)
	if l.resumed {
		m.account.resume(log, l.after, e.Recovered != nil && *e.Recovered)
	} else {
		m.account.join(log, e.Seq)
	}
	m.log.Store(m.account.log)
	m.arrived(l, e.App)
}

// arrived counts the client as connected to a server.
func (m *member) arrived(l *link, app string) {
	if l.resumed {
		m.run.reconnects.Add(1)
	} else {
		m.run.joined.Add(1)
		if d := m.run.settings.Stay; m.run.settings.Scenario.Churns && m.pending == nil {
			m.leaveAt = time.Now().Add(time.Duration(m.random.ExpFloat64() * float64(d)))
		}
	}
	m.app, m.shard, m.joined = app, m.run.meter.shard(app, m.index), true
	m.counted = true
	m.run.connect(m.app, 1)
	m.current.Store(l)
	select {
	case m.reconnected <- struct{}{}:
	default:
	}
}

// disconnected removes the client from the connected ones. One that left
// (churn) is missing at the end of the run only if it could not come back.
func (m *member) disconnected(ctx context.Context) {
	over, left := ctx.Err() != nil, m.counted && !m.joined
	m.present = left || over && (m.counted || m.present)
	if m.counted {
		m.counted = false
		m.run.connect(m.app, -1)
	}
}

// pause makes a reader slow while messages flow. After that it may catch up.
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

// leave turns the client into a new one.
func (m *member) leave() {
	m.joined = false
	m.immediate.Store(true)
	m.run.left.Add(1)
	m.account.leave()
	m.forget()
}
