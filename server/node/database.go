package node

import (
	"context"
	"sync/atomic"
	"time"
)

// How often the database is asked whether it is there, and how long it may take to say so.
const (
	pingEvery   = time.Second
	pingTimeout = 2 * time.Second
)

// lagEvery is how often the outbox is measured.
const lagEvery = 5 * time.Second

// link is whether something answered when it was asked last. It begins as up: a server does not start without its database.
type link struct{ down atomic.Bool }

func (l *link) String() string {
	if l.down.Load() {
		return "down"
	}
	return "up"
}

// watchDatabase asks the database whether it is there, for /readyz and the metrics, until ctx is done.
func (n *Node) watchDatabase(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := n.pingDatabase(ctx)
		if ctx.Err() != nil {
			return
		}
		if last := n.services.outbox.Load(); err == nil && (last == nil || time.Since(last.at) >= lagEvery) {
			err = n.measureOutbox(ctx)
		}
		switch was := n.services.database.down.Swap(err != nil); {
		case err != nil && !was:
			n.log.Warn("the database is away; rooms go on, what needs it is answered with unavailable", "error", err)
		case err == nil && was:
			n.log.Info("the database is there again")
		}
	}
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
