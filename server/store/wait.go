package store

import (
	"context"
	"log/slog"
	"time"
)

// openEvery is how often OpenWhenUp tries.
const openEvery = 250 * time.Millisecond

// OpenWhenUp is Open. A PostgreSQL that starts at the same time, or again after
// a crash, is waited for, at most for some time.
func OpenWhenUp(url string, atMost time.Duration, logger *slog.Logger) (*Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), atMost)
	defer cancel()
	tick := time.NewTicker(openEvery)
	defer tick.Stop()
	for told := false; ; {
		s, err := Open(ctx, url)
		if err == nil || !notUp(err) {
			return s, err
		}
		if !told {
			told = true
			logger.Warn("database: waiting for it", "at_most", atMost, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}
