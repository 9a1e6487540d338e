package archive

import (
	"context"
	"log/slog"
	"time"
)

const (
	expireEvery = 10 * time.Minute
	expireLease = "expire" // held by the one process that expires the archive
)

// ExpiringStore is the part of the store that Expire needs.
type ExpiringStore interface {
	// TryLock takes a lease for a time and reports whether it got it.
	TryLock(ctx context.Context, name string, d time.Duration) (bool, error)
	// ExpireRooms deletes messages older than age, and those of each room beyond
	// the newest count; 0 is no limit.
	ExpireRooms(ctx context.Context, now time.Time, age time.Duration, count int64) (deleted int64, err error)
}

// Expire deletes messages of rooms that are older than age or not among about the
// count newest of their room, until ctx is done. 0 is no limit. Of several
// processes one does it at a time.
func Expire(ctx context.Context, s ExpiringStore, age time.Duration, count int64, logger *slog.Logger) {
	if age == 0 && count == 0 {
		return
	}
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		mine, err := s.TryLock(ctx, expireLease, expireEvery)
		if mine {
			var deleted int64
			if deleted, err = s.ExpireRooms(ctx, time.Now(), age, count); deleted > 0 {
				logger.Info("archive: expired messages deleted", "messages", deleted)
			}
		}
		if err != nil && ctx.Err() == nil {
			logger.Warn("archive: cannot delete expired messages", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
