// Package worker spreads a run over several processes, usually on several
// machines. A Worker performs its share of the clients; a Coordinator tells the
// workers what to do when, and merges what they have measured.
//
// Loss is accounted for over all of them. The accounts of a worker are those of
// a run of its own: the seqs of a room have no holes, so what a client misses
// between others is missing wherever it was sent. What remains is the end: when
// all messages are answered, the workers say how far the logs reach, and the
// furthest position is what each client of each worker has to have.
package worker

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"livechat/load/plan"
	"livechat/load/run"
)

// Worker performs parts of runs, one at a time. Its fields must not change
// after Serve.
type Worker struct {
	Version string // only coordinators with the same one are served
	// Secret, if set, is what coordinators have to have as well; connections
	// are encrypted then. See CheckListen.
	Secret  string
	Sources []string // addresses to connect from; empty: chosen
	Watcher run.Watcher
	// Check returns an error if this machine's limits do not allow a share.
	Check  func(*plan.Settings) error
	Logger *slog.Logger

	mu   sync.Mutex
	with string // the coordinator of the run; "" if there is none
}

// maxVisitors is how many connections may be open. Those that are not of the
// run are short.
const maxVisitors = 16

// Serve serves coordinators until ctx ends. A run that is on ends then, too. It
// closes the listener.
func (w *Worker) Serve(ctx context.Context, l net.Listener) error {
	var secret *tls.Config
	if w.Secret != "" {
		var err error
		if secret, err = identity(w.Secret); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	unwatch := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer unwatch()
	var visitors sync.WaitGroup
	defer visitors.Wait()
	slots := make(chan struct{}, maxVisitors)
	for {
		slots <- struct{}{}
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept coordinators: %w", err)
		}
		visitors.Go(func() {
			defer func() { <-slots }()
			defer conn.Close()
			unwatch := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(time.Second)) })
			defer unwatch()
			w.receive(ctx, conn, secret)
		})
	}
}

// receive receives a coordinator and performs its run.
func (w *Worker) receive(ctx context.Context, conn net.Conn, secret *tls.Config) {
	logger := w.Logger.With("coordinator", conn.RemoteAddr().String())
	conn, in, err := w.welcome(conn, secret)
	if err != nil {
		logger.Warn("worker: coordinator refused", "error", err)
		return
	}
	defer w.free()
	logger.Info("worker: run begins")
	s := &session{worker: w, link: newLink(conn, in, defaultMute), began: time.Now(),
		steps: make(chan *order, 1)}
	if err := s.serve(ctx); err != nil {
		logger.Warn("worker: run failed", "error", err)
		return
	}
	logger.Info("worker: run ended")
}

// welcome opens the conversation as a worker and takes the run, or says why
// not.
func (w *Worker) welcome(conn net.Conn, secret *tls.Config) (net.Conn, *bufio.Reader, error) {
	if err := conn.SetDeadline(time.Now().Add(helloTime)); err != nil {
		return nil, nil, err
	}
	from := conn.RemoteAddr().String()
	if secret != nil {
		secured := tls.Server(conn, secret)
		if err := secured.Handshake(); err != nil {
			return nil, nil, err
		}
		conn = secured
	}
	in := bufio.NewReaderSize(conn, maxLine)
	line, err := readLine(in)
	if err != nil {
		return nil, nil, err
	}
	version, ok := strings.CutPrefix(line, greeting)
	if !ok {
		return nil, nil, errors.New("it does not speak the load tool's protocol")
	}
	refusal := ""
	if version != w.Version {
		refusal = fmt.Sprintf("it runs version %s of the load tool, and this is %.64s: "+
			"use the same revision for all", w.Version, version)
	} else if with := w.take(from); with != "" {
		refusal = "it is in a run of " + with
	}
	if refusal != "" {
		_, _ = fmt.Fprintln(conn, refusal) // it is refused either way
		return nil, nil, errors.New(refusal)
	}
	if _, err := fmt.Fprintln(conn, accepted); err != nil {
		w.free()
		return nil, nil, err
	}
	return conn, in, conn.SetDeadline(time.Time{})
}

// take takes the run of a coordinator. It returns the other one if there is
// one. It waits for a moment, because the last run may be about to end.
func (w *Worker) take(from string) (other string) {
	for end := time.Now().Add(busyTime); ; time.Sleep(busyTime / 100) {
		w.mu.Lock()
		if other = w.with; other == "" {
			w.with = from
		}
		w.mu.Unlock()
		if other == "" || time.Now().After(end) {
			return other
		}
	}
}

func (w *Worker) free() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.with = ""
}
