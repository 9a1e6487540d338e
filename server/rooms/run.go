package rooms

import (
	"context"
	"time"
)

const (
	expireEvery = time.Minute
	expireLease = "expire made rooms"
)

// Run deletes what made rooms keep no longer, the messages of deleted rooms,
// and invites that have expired, until ctx is done. Of several processes one
// does it at a time.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		// Outages of the database are logged elsewhere.
		if err := s.expire(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Debug("rooms: cannot delete what has expired", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) expire(ctx context.Context) error {
	mine, err := s.o.Store.TryLock(ctx, expireLease, expireEvery)
	if err != nil || !mine {
		return err
	}
	deleted, err := s.o.Store.ExpireMadeRooms(ctx, time.Now())
	if deleted > 0 {
		s.o.Logger.Info("rooms: messages that rooms keep no longer deleted", "messages", deleted)
	}
	if err != nil {
		return err
	}
	_, err = s.o.Store.ExpireInvites(ctx, time.Now())
	return err
}
