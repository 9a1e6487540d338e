package metrics

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Monitor serves metrics and profiles on a port of their own. A nil one is off.
type Monitor struct {
	listener net.Listener
	http     *http.Server
}

// Listen binds the port; Serve answers on it. If the port is taken, as a rule by
// another server on this machine, it returns nil, and the server runs without
// metrics: chat does not depend on them.
func (s *Set) Listen(addr string, logger *slog.Logger) *Monitor {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		logger.Warn("metrics: address not available, running without metrics", "addr", addr, "error", err)
		return nil
	}
	return &Monitor{listener, &http.Server{
		// A ReadTimeout would end profiles, which take as long as requested.
		// Package pprof sets the write deadline of a profile.
		Handler: withoutBody(s.Handler()), ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}}
}

// withoutBody limits the time that a body may take to arrive; no handler here
// reads one.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			// never fails: net/http's connection supports it
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Second))
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers until Close.
func (m *Monitor) Serve() error {
	if m == nil {
		return nil
	}
	if err := m.http.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// Close also cuts off requests: a profile may take half a minute. It may be
// called again.
func (m *Monitor) Close() {
	if m != nil {
		_ = m.http.Close() // its error is that of the listener, which is closed either way
		_ = m.listener.Close()
	}
}

// Addr returns the address of /metrics; "" if there is none.
func (m *Monitor) Addr() string {
	if m == nil {
		return ""
	}
	return m.listener.Addr().String()
}
