package node

import (
	"context"
	"time"
)

// How many messages are made findable at a time, how long the database has for
// others between two such steps, and how often it is asked for more when there was
// none: servers of an older version and imports write messages without words.
const (
	indexPage  = 500
	indexPause = 20 * time.Millisecond
	indexLook  = time.Minute
)

// indexWords makes messages findable that are not yet, until ctx is done.
func (n *Node) indexWords(ctx context.Context) {
	wait, done := time.NewTimer(0), 0
	defer wait.Stop()
	for {
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		indexed, err := n.services.store.IndexWords(ctx, indexPage)
		if err != nil && ctx.Err() == nil {
			n.log.Debug("search: cannot index messages", "error", err) // that the database is away, others say
		}
		if done += indexed; indexed > 0 {
			wait.Reset(indexPause)
			continue
		}
		if done > 0 && err == nil {
			n.log.Info("search: messages indexed that were not yet", "messages", done)
			done = 0
		}
		wait.Reset(indexLook)
	}
}
