package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"livechat/client"
	"livechat/e2e/history"
)

// source is one connection that delivers events.
type source interface {
	Next(ctx context.Context) (client.Event, error)
	Close() error
}

// rawReader stays in a room or a feed without a session: when its connection
// ends, it opens another one after the last message it saw. It records
// everything that servers send and drops nothing, so that duplicates are seen.
type rawReader struct {
	// Set at construction.

	dial func(ctx context.Context, after *client.Position) (source, error)
	log  *history.Reader
	mine func(session string)  // receives the session of each welcome; nil: none
	seen func(*client.Message) // receives each message; nil: none
	lost func(error)           // receives why a connection ended, or was not opened; nil: none
	lag  time.Duration         // it is slow by up to this; 0: not slow
	// average time for which it stays before it disconnects for a while; 0: it
	// stays
	stay time.Duration
	away time.Duration   // average time for which it is disconnected
	calm <-chan struct{} // closed when all readers must be fast and stay

	// ask reads the store. As a page does, it asks after a welcome that does
	// not recover everything, until the store has answered. Set at
	// construction; nil: there is no store.
	ask  func(ctx context.Context) ([]history.Entry, error)
	lack bool // owned by run: the store has to be asked

	mu sync.Mutex
	at *client.Position // after the last message; nil before the first welcome
}

// roomSource returns a function with which a raw reader joins a room.
func roomSource(o client.Options) func(context.Context, *client.Position) (source, error) {
	return func(ctx context.Context, after *client.Position) (source, error) {
		o := o
		if after != nil {
			o.After = after
		}
		return client.Dial(ctx, o)
	}
}

func (r *rawReader) isConnected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at != nil
}

// Reasons for which a reader itself ends a connection.
var (
	errAsked = errors.New("the server asked to reconnect")
	errLeave = errors.New("the reader disconnects for a while")
)

// run reads until ctx ends or a server refuses to let it return.
func (r *rawReader) run(ctx context.Context) error {
	for {
		err := r.listen(ctx)
		var refusal *client.RefusedError
		var closed *client.CloseError
		if ctx.Err() != nil || errors.As(err, &refusal) && refusal.Final() ||
			errors.As(err, &closed) && closed.Final() {
			return err
		}
		if errors.Is(err, errAsked) {
			continue
		}
		r.log.Take(&client.Disconnected{Err: err})
		if r.lost != nil {
			r.lost(err)
		}
		wait := rand.N(500 * time.Millisecond)
		if errors.As(err, &closed) {
			wait += closed.RetryAfter
		}
		if errors.Is(err, errLeave) {
			wait = jitter(r.away)
		}
		r.pause(ctx, wait)
	}
}

// jitter draws a duration between half of d and one and a half.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// pause waits for d, until ctx ends, or only a moment once calm is closed.
func (r *rawReader) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return
	case <-ctx.Done():
		return
	case <-r.calm:
	}
	timer.Reset(min(d, 500*time.Millisecond))
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// isCalm reports whether all readers must be fast and stay.
func (r *rawReader) isCalm() bool {
	select {
	case <-r.calm:
		return true
	default:
		return false
	}
}

// listen reads one connection to its end.
func (r *rawReader) listen(ctx context.Context) error {
	if r.stay > 0 && !r.isCalm() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, jitter(r.stay), errLeave)
		defer cancel()
	}
	conn, err := r.dial(ctx, r.at)
	if err != nil {
		return ending(ctx, err)
	}
	defer conn.Close()
	epoch, paused := "", time.Now()
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			return ending(ctx, err)
		}
		epoch = r.follow(event, epoch)
		switch e := event.(type) {
		case *client.Reconnect:
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, e.After(), errAsked)
			defer cancel()
		case *other:
			r.log.Add(history.Event{Kind: history.Other, At: history.Position{Epoch: epoch, Seq: e.seq},
				When: time.Now()})
			continue
		}
		r.log.Take(event)
		if m, ok := event.(*client.Message); ok && r.seen != nil {
			r.seen(m)
		}
		if w, ok := event.(*client.Welcome); ok {
			r.askStore(ctx, w)
		}
		if r.lag > 0 && !r.isCalm() && time.Since(paused) > r.lag/8 {
			r.pause(ctx, jitter(r.lag))
			paused = time.Now()
		}
	}
}

// follow moves the position to what an event says. It returns the epoch of the
// log, which was epoch before.
func (r *rawReader) follow(event client.Event, epoch string) string {
	switch e := event.(type) {
	case *client.Welcome:
		if r.mine != nil {
			r.mine(e.Session)
		}
		// In a new log, what was missed follows. Until then, the old position
		// is the one to resume from.
		if epoch = e.Epoch; r.at == nil {
			r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
		}
	case *client.Reset:
		epoch = e.Epoch
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *client.Gap:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.To})
	case *client.Message:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *client.Edited:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *client.Deleted:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *client.Tombstone:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *client.Reactions:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *client.Entry:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.Seq})
	case *other:
		r.setPosition(client.Position{Epoch: epoch, Seq: e.seq})
	}
	return epoch
}

// askStore asks the store if this welcome says that something was missed, or if
// an earlier one did and the store has not answered since.
func (r *rawReader) askStore(ctx context.Context, w *client.Welcome) {
	r.lack = r.lack || w.Recovered != nil && !*w.Recovered
	if r.ask == nil || !r.lack {
		return
	}
	if kept, err := r.ask(ctx); err == nil {
		r.log.Ask(kept)
		r.lack = false
	}
}

// ending returns the reader's own reason for ending ctx, if that caused the
// error, else the error.
func ending(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errAsked) || errors.Is(cause, errLeave) {
		return cause
	}
	return err
}

func (r *rawReader) setPosition(at client.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = &at
}
