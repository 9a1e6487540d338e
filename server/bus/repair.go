package bus

import (
	"context"
	"sync"
	"time"
)

// This file repairs logs.
//
// Redis may come back without the newest messages, or without any: from an old
// snapshot, as a replica that lagged, after FLUSHALL. The servers still have
// them in their rings. So a log that is not intact is sealed, each server
// stages what it has beyond the log, and when all subscribed servers that are up
// have done so, or after a while, the log is unsealed in a new epoch. log.lua
// says how loss is noticed, unseal.lua why there is a new epoch, subscribed.go
// for whom a log waits.
//
// A server that could not stage in time finds out when it opens the log: its
// newest messages are in an epoch that ended before them. They go into the log
// again by Republish, with the ids that they had.

const (
	// repairPatience is how long a log stays closed while there are servers
	// that have not staged what they have. It is longer than a server needs to
	// find a Redis that has come back (maxPause).
	repairPatience = 2 * time.Second
	// minSealed is how long a log stays closed at least that has lost
	// everything: longer than a notice takes to servers that only publish in
	// it, and may have messages that no server has received.
	minSealed   = 50 * time.Millisecond
	repairLanes = 16 // rooms handled at the same time
)

// repairLogs opens the logs that are to be opened, until ctx is done. A step is
// one round of scripts for all logs that are due. Logs that fail have rounds of
// their own, so that no log waits for another.
func (b *Bus) repairLogs(ctx context.Context, h RepairSource) {
	var steps sync.WaitGroup
	defer steps.Wait()
	for {
		due, next := b.repairs.take(maxPipeline)
		well, failing := split(due)
		for _, logs := range [][]*closedLog{well, failing} {
			for _, logs := range b.byNode(logs) {
				steps.Go(func() { b.step(ctx, h, logs) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-b.repairs.wake:
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
