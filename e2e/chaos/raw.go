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

// source is one connection that brings events.
type source interface {
	Next(ctx context.Context) (client.Event, error)
	Close() error
}

// rawReader stays in a room, or in a feed, by hand: whenever its connection ends it opens another one behind the last message it saw. It writes down what
// servers send as it comes and drops nothing, so that what they send twice is seen.
type rawReader struct {
	// Set at construction.

	dial func(ctx context.Context, after *client.Position) (source, error)
	log  *history.Reader
	mine func(session string) // hears the session of each welcome; nil: nobody does
	lag  time.Duration        // it reads late, by up to so much; 0: at once
	stay time.Duration        // so long it stays, in the middle, before it goes away for a while; 0: for ever
	away time.Duration        // for so long, in the middle
	calm <-chan struct{}      // closed when all read at once and stay

	// ask reads what is in the store. As a page does, it is asked after a
	// welcome that does not recover everything, until it has answered. Set at
	// construction; nil: there is no store to ask.
	ask  func(ctx context.Context) ([]history.Entry, error)
	lack bool // owned by run: it is to be asked

	mu sync.Mutex
	at *client.Position // behind the last message, nil before the first welcome
}

// roomSource returns how a raw reader joins a room.
func roomSource(o client.Options) func(context.Context, *client.Position) (source, error) {
	return func(ctx context.Context, after *client.Position) (source, error) {
		o := o
		if after != nil {
			o.After = after
		}
		return client.Dial(ctx, o)
	}
}

func (r *rawReader) there() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at != nil
}

// Ways in which a reader itself ends a connection.
var (
	errAsked = errors.New("the server asked to reconnect")
	errLeave = errors.New("it leaves for a while")
)

// run listens until ctx ends or a server says not to come back.
func (r *rawReader) run(ctx context.Context) error {
	for {
		err := r.listen(ctx)
		var refusal *client.RefusedError
		var closed *client.CloseError
		if ctx.Err() != nil || errors.As(err, &refusal) && refusal.Final() || errors.As(err, &closed) && closed.Final() {
			return err
		}
		if errors.Is(err, errAsked) {
			continue
		}
		r.log.Take(&client.Disconnected{Err: err})
		wait := rand.N(500 * time.Millisecond)
		if errors.As(err, &closed) {
			wait += closed.RetryAfter
		}
		if errors.Is(err, errLeave) {
			wait = around(r.away)
		}
		r.pause(ctx, wait)
	}
}

// around draws a time between half of d and one and a half.
func around(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// pause waits for d, not beyond the end of ctx, nor for longer than a moment once there is calm.
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

// calmed returns whether everybody is to stay and read at once.
func (r *rawReader) calmed() bool {
	select {
	case <-r.calm:
		return true
	default:
		return false
	}
}

// listen reads one connection to its end.
func (r *rawReader) listen(ctx context.Context) error {
	if r.stay > 0 && !r.calmed() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, around(r.stay), errLeave)
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
		switch e := event.(type) {
		case *client.Welcome:
			if r.mine != nil {
				r.mine(e.Session)
			}
			// In another log than before, what was missed follows: until it does, the old position is the one to come back with.
			if epoch = e.Epoch; r.at == nil {
				r.stand(client.Position{Epoch: epoch, Seq: e.Seq})
			}
		case *client.Reconnect:
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, e.After(), errAsked)
			defer cancel()
		case *client.Reset:
			epoch = e.Epoch
			r.stand(client.Position{Epoch: epoch, Seq: e.Seq})
		case *client.Gap:
			r.stand(client.Position{Epoch: epoch, Seq: e.To})
		case *client.Message:
			r.stand(client.Position{Epoch: epoch, Seq: e.Seq})
		case *other:
			r.stand(client.Position{Epoch: epoch, Seq: e.seq})
			r.log.Add(history.Event{Kind: history.Other, At: history.Position{Epoch: epoch, Seq: e.seq}, When: time.Now()})
			continue
		}
		r.log.Take(event)
		if w, ok := event.(*client.Welcome); ok {
			r.missed(ctx, w)
		}
		if r.lag > 0 && !r.calmed() && time.Since(paused) > r.lag/8 {
			r.pause(ctx, around(r.lag))
			paused = time.Now()
		}
	}
}

// missed asks the store if the welcome says that something was missed, or one
// before did and the store has not answered since.
func (r *rawReader) missed(ctx context.Context, w *client.Welcome) {
	r.lack = r.lack || w.Recovered != nil && !*w.Recovered
	if r.ask == nil || !r.lack {
		return
	}
	if kept, err := r.ask(ctx); err == nil {
		r.log.Ask(kept)
		r.lack = false
	}
}

// ending returns the reason for which the reader itself has ended ctx, if that is why there was an error, else the error.
func ending(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errAsked) || errors.Is(cause, errLeave) {
		return cause
	}
	return err
}

func (r *rawReader) stand(at client.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = &at
}
