package node

import (
	"context"
	"sync/atomic"
	"time"

	"livechat/server/chat"
)

// How often the database is asked whether it is there, and how long it may take to say so.
const (
	pingEvery   = time.Second
	pingTimeout = 2 * time.Second
)

// lagEvery is how often the outbox is measured.
const lagEvery = 5 * time.Second

const (
	// writeEvery is how often it is tried whether the database takes writes.
	writeEvery = 2 * time.Second
	// refusedFor is for how long it takes none after it has refused one.
	refusedFor = 4 * time.Second
)

// The words of /readyz for the database, beside those of chat.Refusal.
const (
	databaseUp   = "up"
	databaseDown = "down"
)

// link is how the database was when it was asked last. It begins as up: a
// server does not start without its database.
type link struct {
	state atomic.Pointer[string] // nil: up
	tried time.Time              // watchDatabase's own: when a write was tried
}

func (l *link) String() string {
	if s := l.state.Load(); s != nil {
		return *s
	}
	return databaseUp
}

// watchDatabase asks the database whether it is there and takes writes, for /readyz
// and the metrics, until ctx is done. It logs a line when an outage begins, and one
// when it is over, whatever the database says in between.
func (n *Node) watchDatabase(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	began := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now, err := n.askDatabase(ctx)
		if ctx.Err() != nil {
			return
		}
		was := n.services.database.String()
		n.services.database.state.Store(&now)
		switch {
		case was != databaseUp && now == databaseUp:
			n.log.Info("the database is there again", "after", time.Since(began).Round(time.Millisecond))
		case was != databaseUp || now == databaseUp:
		case now == databaseDown:
			began = time.Now()
			n.log.Warn("the database is away; rooms go on, what needs it is answered with unavailable", "error", err)
		default:
			began = time.Now()
			n.log.Error("the database takes no writes; rooms go on, and nothing is archived", "database", now, "error", err)
		}
	}
}

// askDatabase returns how the database is, in the words of /readyz, and why.
func (n *Node) askDatabase(ctx context.Context) (state string, err error) {
	err = n.pingDatabase(ctx)
	if last := n.services.outbox.Load(); err == nil && (last == nil || time.Since(last.at) >= lagEvery) {
		err = n.measureOutbox(ctx)
	}
	if err != nil {
		return databaseDown, err
	}
	l := &n.services.database
	state = l.String()
	if state == databaseDown {
		state = databaseUp
	}
	if time.Since(l.tried) >= writeEvery {
		l.tried = time.Now()
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		err = n.services.store.TryWrite(ctx, state != databaseUp)
		cancel()
	}
	if why, cause := n.services.store.Refused(refusedFor); why != chat.NoRefusal {
		return string(why), cause
	}
	if err != nil { // it was too slow: nothing new is known
		return state, err
	}
	return databaseUp, nil
}

func (n *Node) pingDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return n.services.store.Ping(ctx)
}

// outbox is what waits to be published in feeds.
type outbox struct {
	at      time.Time // when it was measured
	waiting int64
	oldest  time.Time // zero: nothing waits
}

func (n *Node) measureOutbox(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	waiting, oldest, err := n.services.store.OutboxLag(ctx)
	if err != nil {
		return err
	}
	n.services.outbox.Store(&outbox{time.Now(), waiting, oldest})
	return nil
}
