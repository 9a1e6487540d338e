package worker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"livechat/load/plan"
	"livechat/load/run"
)

// peer is a worker as the coordinator sees it.
type peer struct {
	// Set at construction.

	name  string // its address
	index int
	share plan.Share
	link  *link

	// Owned by the goroutine that tells it what to do.

	pings   uint64
	machine string
	clocks  []reading // before the clients join, before the first message, at the end

	// Owned by listen until it sends the outcome.

	logs []run.Log

	// Safe for concurrent use.

	steps   chan *answer // answers to steps
	pongs   chan arrived
	windows chan *run.Measured
	status  atomic.Pointer[status]
}

// arrived is an answer to a ping and when it came.
type arrived struct {
	pong *pong
	at   time.Time
}

// connect connects to a worker and takes it.
func connect(ctx context.Context, address string, secret *tls.Config, version string, mute time.Duration) (
	*peer, error,
) {
	dialer := net.Dialer{Timeout: helloTime}
	raw, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	conn, in, err := greet(ctx, raw, secret, version)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	p := &peer{name: address, link: newLink(conn, in, mute), steps: make(chan *answer, 1),
		pongs: make(chan arrived, 1), windows: make(chan *run.Measured, 1)}
	p.status.Store(&status{})
	return p, nil
}

// listen handles answers until the connection ends, and returns why.
func (p *peer) listen(ctx context.Context, seconds func(*second)) error {
	for {
		var a answer
		err := p.link.receive(&a)
		now := time.Now()
		if err != nil {
			return explain(err, p.link.mute)
		}
		switch {
		case a.Fault != "":
			return errors.New(a.Fault)
		case a.Status != nil:
			p.status.Store(a.Status)
		case a.Second != nil:
			seconds(a.Second)
		case a.Log != nil:
			p.logs = append(p.logs, *a.Log)
		case a.Pong != nil:
			err = pass(ctx, p.pongs, arrived{a.Pong, now})
		case a.Window != nil:
			err = pass(ctx, p.windows, a.Window)
		default:
			err = pass(ctx, p.steps, &a)
		}
		if err != nil {
			return err
		}
	}
}

func pass[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// explain says what the end of a connection means.
func explain(err error, mute time.Duration) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("it has given no sign of life for %s", mute)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it hung up: has it died?")
	}
	return err
}

// perform orders a step and waits for its answer.
func (p *peer) perform(ctx context.Context, o order) (*answer, error) {
	if err := p.link.send(o); err != nil {
		return nil, err
	}
	return await(ctx, p.steps)
}

func await[T any](ctx context.Context, from <-chan T) (v T, err error) {
	select {
	case v = <-from:
		return v, nil
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}
