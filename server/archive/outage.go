package archive

import (
	"log/slog"
	"time"
)

// outage logs a time in which a dependency does not answer: one line when it
// begins and one when it ends, none per attempt. These are no warnings: the
// owner of the connection has logged one.
type outage struct {
	logger *slog.Logger
	what   string

	since    time.Time // zero: no outage
	attempts int
}

func (o *outage) began(err error) {
	if o.attempts++; o.since.IsZero() {
		o.since = time.Now()
		o.logger.Info("archive: waiting for "+o.what, "error", err)
	}
}

func (o *outage) ended() {
	if !o.since.IsZero() {
		o.logger.Info("archive: "+o.what+" available again", "after",
			time.Since(o.since).Round(time.Millisecond), "attempts", o.attempts)
	}
	o.since, o.attempts = time.Time{}, 0
}
