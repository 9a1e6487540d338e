package archive

import (
	"log/slog"
	"time"
)

// outage logs a time in which the other side does not answer: one line when it
// begins, one when it ends, none per attempt. They are no warnings: whoever
// looks after the other side has given one.
type outage struct {
	log  *slog.Logger
	what string

	since    time.Time // zero: there is none
	attempts int
}

func (o *outage) began(err error) {
	if o.attempts++; o.since.IsZero() {
		o.since = time.Now()
		o.log.Info("the archive waits for "+o.what, "error", err)
	}
}

func (o *outage) ended() {
	if !o.since.IsZero() {
		o.log.Info("the archive has "+o.what+" again", "after", time.Since(o.since).Round(time.Millisecond), "attempts", o.attempts)
	}
	o.since, o.attempts = time.Time{}, 0
}
