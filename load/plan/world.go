package plan

import (
	"context"
	"time"
)

// World is the run as a scenario sees it.
type World interface {
	// Until waits until so long after the first measured message was due.
	Until(ctx context.Context, at time.Duration) error
	// Mark writes down that something happened now.
	Mark(text string)
	// DropAll breaks the connections of all clients at once; they come back by themselves.
	DropAll()
	// Command runs a command in a shell, to its end.
	Command(ctx context.Context, command string) error
	// Kill ends a process as a crash would.
	Kill(pid int) error
	// Whole waits until every client is connected again, and returns how long that took.
	Whole(ctx context.Context) (time.Duration, error)
	// Window returns what was measured since the last call.
	Window() Window
	// Knee writes down where a ramp broke and ends the run.
	Knee(held Window, broke *Window, why string)
}

// Window is what was measured in a part of a run.
type Window struct {
	Rate      float64 // messages a second that were due
	P99       time.Duration
	Delivered int64
	Due       int64 // deliveries there should have been
}
