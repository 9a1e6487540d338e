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

// rawReader stays in a room by hand: whenever its connection ends it opens another one behind the last message it saw. It writes down what servers
// send as it comes and drops nothing, so that what they send twice is seen.
type rawReader struct {
	options client.Options
	log     *history.Reader

	mu sync.Mutex
	at *client.Position // behind the last message, nil before the first welcome
}

func (r *rawReader) there() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at != nil
}

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
		timer := time.NewTimer(rand.N(500 * time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// errAsked says that the server has asked for another connection.
var errAsked = errors.New("the server asked to reconnect")

// listen reads one connection to its end.
func (r *rawReader) listen(ctx context.Context) error {
	o := r.options
	o.After = r.at
	conn, err := client.Dial(ctx, o)
	if err != nil {
		return err
	}
	defer conn.Close()
	epoch := ""
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			if asked := context.Cause(ctx); errors.Is(asked, errAsked) {
				return asked
			}
			return err
		}
		switch e := event.(type) {
		case *client.Welcome:
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
		}
		r.log.Take(event)
	}
}

func (r *rawReader) stand(at client.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = &at
}
