package auth

import (
	"context"
	"log/slog"
	"time"

	"livechat/server/store"
)

const (
	// revokeNow is how long a request that has ended sessions waits for Redis.
	// After that the revoker takes over.
	revokeNow = 500 * time.Millisecond
	// revokeLook is how often the revoker looks for pending revocations.
	revokeLook = time.Second
	// revokePage is how many of them it reads at a time.
	revokePage = 500
)

// Revoker tells Redis whose sessions have ended, so that servers close the
// sockets of those users. Pending revocations wait in the database. All methods
// may be called from any goroutine.
type Revoker struct {
	client *Client
	store  *store.Store
	logger *slog.Logger
}

// NewRevoker returns a Revoker for the sessions in a store.
func NewRevoker(c *Client, s *store.Store, logger *slog.Logger) *Revoker {
	return &Revoker{client: c, store: s, logger: logger}
}

// Now revokes the tickets of one user whose sessions have just ended. It waits
// only a moment for Redis. If it fails, Run tries again.
func (r *Revoker) Now(ctx context.Context, user int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeNow)
	defer cancel()
	one, err := r.store.Revocation(ctx, user)
	if err == nil {
		err = r.tell(ctx, one)
	}
	if err != nil {
		r.logger.DebugContext(ctx, "revocations: postponed", "user", user, "error", err)
	}
}

// Run publishes pending revocations until ctx is done.
func (r *Revoker) Run(ctx context.Context) {
	tick := time.NewTicker(revokeLook)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		// Outages of Redis or the database are logged elsewhere.
		if err := r.flush(ctx); err != nil && ctx.Err() == nil {
			r.logger.Debug("revocations: cannot publish pending ones", "error", err)
		}
	}
}

// flush publishes the revocations in the database until one fails.
func (r *Revoker) flush(ctx context.Context) error {
	for {
		all, err := r.store.Revocations(ctx, revokePage)
		if err != nil {
			return err
		}
		for _, one := range all {
			if err := r.tell(ctx, one); err != nil {
				return err
			}
		}
		if len(all) < revokePage {
			return nil
		}
	}
}

func (r *Revoker) tell(ctx context.Context, one store.Revocation) error {
	if err := r.client.Revoke(ctx, one.User); err != nil {
		return err
	}
	return r.store.ForgetRevocation(ctx, one)
}
