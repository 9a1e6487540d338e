package plan

import (
	"context"
	"time"
)

// World is a run from the point of view of its scenario.
type World interface {
	// Until waits until the given time after the first measured message was
	// due.
	Until(ctx context.Context, at time.Duration) error
	// Mark records an event of now.
	Mark(text string)
	// Did records what the scenario did and what came of it, in a sentence for
	// the summary.
	Did(text string)
	// Now returns the time since the load began, as reports count it.
	Now() time.Duration
	// DropAll closes the connections of all clients at once and returns how many
	// there were. They reconnect.
	DropAll() int
	// Emptied returns the servers that have lost their last client since the
	// last call.
	Emptied() []string
	// Command runs a shell command and waits for it.
	Command(ctx context.Context, command string) error
	// Kill sends SIGKILL to a process.
	Kill(pid int) error
	// AwaitConnected waits until every client is connected again, and returns
	// how long that took. If none has lost its connection for as long as clients
	// may take to notice, broken is false.
	AwaitConnected(ctx context.Context) (took time.Duration, broken bool, err error)
	// Scale performs the changes of the number of servers one after the other
	// and records how the clients spread after each. An error names the changes
	// after which they never did.
	Scale(ctx context.Context, changes []Resize) error
	// WatchScale records the same of changes that somebody else makes in that
	// time.
	WatchScale(ctx context.Context, watch time.Duration) error
	// Window returns what was measured since the last call.
	Window() Window
	// Knee records where a ramp broke and ends the run.
	Knee(held Window, broke *Window, why string)
}

// Window is what was measured in a part of a run.
type Window struct {
	Rate      float64 // messages a second that were due
	P99       time.Duration
	Longest   time.Duration
	Delivered int64
	Due       int64 // expected deliveries
}
