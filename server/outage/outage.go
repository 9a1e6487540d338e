// Package outage logs when something that a loop needs does not answer.
package outage

import (
	"context"
	"log/slog"
	"time"
)

// Log logs outages: one line when one begins and one when it ends, none per
// attempt. Only one goroutine uses it.
type Log struct {
	Logger *slog.Logger
	Level  slog.Level // of the line when one begins
	Began  string     // that line
	Ended  string     // the line when one ends

	since    time.Time // zero: no outage
	attempts int
}

// Failed notes an attempt that failed.
func (l *Log) Failed(err error) {
	if l.attempts++; l.since.IsZero() {
		l.since = time.Now()
		l.Logger.Log(context.Background(), l.Level, l.Began, "error", err)
	}
}

// Succeeded notes an attempt that succeeded, and reports whether that has ended
// an outage.
func (l *Log) Succeeded() (ended bool) {
	if ended = !l.since.IsZero(); ended {
		l.Logger.Info(l.Ended, "after", time.Since(l.since).Round(time.Millisecond), "attempts", l.attempts)
	}
	l.since, l.attempts = time.Time{}, 0
	return ended
}
