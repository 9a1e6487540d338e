package store

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"livechat/server/chat"
)

const (
	pingEvery   = time.Second
	pingTimeout = 2 * time.Second

	outboxEvery = 5 * time.Second // how often the outbox is measured

	writeEvery = 2 * time.Second // how often a write is tried
	refusedFor = 4 * time.Second // after a refused write the database counts as refusing
)

// The states of a database besides those of chat.Refusal.
const (
	Up   = "up"
	Down = "down"
)

// Watcher knows whether a database answers and takes writes. Its methods may be
// called from any goroutine.
type Watcher struct {
	store  *Store
	logger *slog.Logger

	state  atomic.Pointer[string]    // nil: Up, as a server starts only with its database
	outbox atomic.Pointer[OutboxLag] // nil: not measured yet

	// Owned by Run.
	tried time.Time // when a write was tried last
}

// OutboxLag is what waits to be published in feeds.
type OutboxLag struct {
	At      time.Time // when it was measured
	Waiting int64     // events, up to 100,000
	Oldest  time.Time // zero: nothing waits
}

// NewWatcher returns a watcher of s. It starts when Run is called.
func NewWatcher(s *Store, logger *slog.Logger) *Watcher {
	return &Watcher{store: s, logger: logger}
}

// State returns Up, Down, or the chat.Refusal with which writes are refused.
func (w *Watcher) State() string {
	if s := w.state.Load(); s != nil {
		return *s
	}
	return Up
}

// Outbox returns the outbox as last measured; false before the first time.
func (w *Watcher) Outbox() (OutboxLag, bool) {
	if o := w.outbox.Load(); o != nil {
		return *o, true
	}
	return OutboxLag{}, false
}

// Run watches the database until ctx is done. It logs one line when an outage
// begins and one when it ends, however often its reason changes in between.
func (w *Watcher) Run(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	began := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now, err := w.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		before := w.State()
		w.state.Store(&now)
		switch {
		case before != Up && now == Up:
			w.logger.Info("database: available again", "after", time.Since(began).Round(time.Millisecond))
		case before != Up || now == Up:
		case now == Down:
			began = time.Now()
			w.logger.Warn("database: not reachable; rooms continue, API requests get 503", "error", err)
		default:
			began = time.Now()
			w.logger.Error("database: writes refused; rooms continue, nothing is archived",
				"database", now, "error", err)
		}
	}
}

// ask returns the state of the database and its reason.
func (w *Watcher) ask(ctx context.Context) (state string, err error) {
	err = w.bounded(ctx, w.store.Ping)
	if last := w.outbox.Load(); err == nil && (last == nil || time.Since(last.At) >= outboxEvery) {
		err = w.bounded(ctx, w.measureOutbox)
	}
	if err != nil {
		return Down, err
	}
	if state = w.State(); state == Down {
		state = Up
	}
	if time.Since(w.tried) >= writeEvery {
		w.tried = time.Now()
		err = w.bounded(ctx, func(ctx context.Context) error { return w.store.TryWrite(ctx, state != Up) })
	}
	if why, cause := w.store.Refused(refusedFor); why != chat.NoRefusal {
		return string(why), cause
	}
	if err != nil { // too slow: the state is not known, so it stays
		return state, err
	}
	return Up, nil
}

func (w *Watcher) measureOutbox(ctx context.Context) error {
	waiting, oldest, err := w.store.OutboxLag(ctx)
	if err == nil {
		w.outbox.Store(&OutboxLag{time.Now(), waiting, oldest})
	}
	return err
}

func (w *Watcher) bounded(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return f(ctx)
}
