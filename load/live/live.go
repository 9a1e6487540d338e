// Package live shows a run while it goes on: figures for Prometheus at /metrics
// and a page at /.
package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
)

const (
	headerTime = 5 * time.Second  // for the head of a request
	answerTime = 10 * time.Second // for an answer, or for an event of a stream
	idleTime   = time.Minute      // between two requests
	maxHeader  = 16 << 10         // bytes
	closeTime  = 2 * time.Second  // for the answers of when the server closes
	// lastScrape is how long Close waits for a Prometheus to read the final
	// figures. Its interval is rarely longer.
	lastScrape = 15 * time.Second
)

// Server shows one run. A nil Server shows nothing. Tell and Finish must not be
// called concurrently.
type Server struct {
	listener net.Listener
	server   *http.Server
	host     string        // that the address names; "": none
	served   chan struct{} // closed when the server has ended
	closing  chan struct{} // ends streams
	once     sync.Once     // of closing
	state    *state
	scrapes  scrapes
}

// Listen shows a run with these settings on an address, host:port, until Close.
// The command line is that of the run. An error names the flag.
func Listen(ctx context.Context, address string, s *plan.Settings, command []string) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-listen %s: %w", address, err)
	}
	l := &Server{listener: listener, host: hostOf(address),
		served: make(chan struct{}), closing: make(chan struct{}), state: newState(s, command)}
	l.scrapes.changed = make(chan struct{})
	l.server = &http.Server{Handler: l.routes(), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader}
	go func() {
		defer close(l.served)
		_ = l.server.Serve(listener) // ends with Close
	}()
	return l, nil
}

// Addr returns the address that the server listens on.
func (l *Server) Addr() string { return l.listener.Addr().String() }

// Tell shows what happened in the last second. It does not wait for anybody.
func (l *Server) Tell(now run.Live) {
	if l != nil {
		l.state.tell(now)
	}
}

// Finish shows how the run has ended. The figures of the result replace those of
// Tell.
func (l *Server) Finish(r *record.Run) {
	if l != nil {
		l.state.finish(r)
		l.scrapes.finish()
	}
}

// Fail shows that a run has ended without a result, unless it has finished.
func (l *Server) Fail(err error) {
	if l != nil {
		l.state.fail(err)
	}
}

// Close ends the server. If something has scraped the metrics of a run that has
// finished, it waits for it to do so once more, for 15 s at most and until ctx
// ends.
func (l *Server) Close(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.scrapes.await(ctx)
	l.once.Do(func() { close(l.closing) })
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = l.server.Close()
	}
	<-l.served
	return err
}

// scrapes knows whether the final figures have been read.
type scrapes struct {
	mu       sync.Mutex
	count    int // before the end
	finished bool
	changed  chan struct{} // closed when the final figures were read
	read     bool
}

// enough is from how many scrapes on somebody scrapes regularly.
const enough = 2

func (s *scrapes) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
}

// begin is called before the figures are read. The returned function is called
// after the answer.
func (s *scrapes) begin() (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	final := s.finished
	s.count++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if final && !s.read {
			s.read = true
			close(s.changed)
		}
	}
}

func (s *scrapes) await(ctx context.Context) {
	s.mu.Lock()
	wait := s.finished && s.count >= enough
	s.mu.Unlock()
	if !wait {
		return
	}
	timer := time.NewTimer(lastScrape)
	defer timer.Stop()
	select {
	case <-s.changed:
	case <-timer.C:
	case <-ctx.Done():
	}
}
