package bus

import (
	"context"
	"sync"
	"time"
)

// This file puts logs back in order.
//
// Redis may come back without the newest messages, or without any: from an old snapshot, as a replica that lagged behind, after
// FLUSHALL. The servers still have them in their rings. So a log that is not in order is closed, each server offers what it has beyond it, and
// when all have that follow it and are alive, or after a while, it is opened again in a new epoch. log.lua says how that is noticed, reopen.lua
// why a new epoch, followers.go for whom a log waits.
//
// A server that could not offer in time finds out when it opens the log: its newest messages are in an epoch that ended before them.
// They go into the log once more by Republish, with the ids that they had.

const (
	// mendPatience is how long a log stays closed while there are servers that have not offered what they have: longer than it takes
	// to find a Redis that has come back (maxPause).
	mendPatience = 2 * time.Second
	// mendMoment is how long at least a log stays closed that has lost
	// everything: longer than a notice takes to servers that only publish in
	// it, and may have what nobody has heard.
	mendMoment = 50 * time.Millisecond
	offerLanes = 16 // rooms in which messages are offered at the same time
)

// mend looks after the logs that are to be opened, until ctx is done. They are
// taken side by side: a step is one round of scripts for all that are due, and
// those that fail have rounds of their own, so that no log waits for another.
func (b *Bus) mend(ctx context.Context, h Handler) {
	var steps sync.WaitGroup
	defer steps.Wait()
	for {
		due, next := b.mends.take(maxPipeline)
		well, failing := split(due)
		for _, logs := range [][]*closedLog{well, failing} {
			for _, logs := range b.byNode(logs) {
				steps.Go(func() { b.step(ctx, h, logs) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-b.mends.wake:
		case <-time.After(next):
		}
	}
}

func split(logs []*closedLog) (well, failing []*closedLog) {
	for _, c := range logs {
		if c.fails == 0 {
			well = append(well, c)
		} else {
			failing = append(failing, c)
		}
	}
	return well, failing
}
