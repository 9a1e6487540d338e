package node

import (
	"context"
	"log/slog"
	"time"

	"livechat/server/bus"
	"livechat/server/store"
)

const (
	// revokeNow is how long a request that has ended sessions waits until Redis
	// knows. Later than that the revoker tells it.
	revokeNow = 500 * time.Millisecond
	// revokeLook is how often the revoker looks for revocations that are left.
	revokeLook = time.Second
	// revokePage is how many it reads at a time.
	revokePage = 500
)

// revoker tells Redis whose sessions have ended, so that servers close the sockets
// of those users. What it could not tell waits in the database. Its methods may be
// called from any goroutine.
type revoker struct {
	bus   *bus.Bus
	store *store.Store
	log   *slog.Logger
}

// now tells of one user whose sessions have just ended. It waits for Redis a
// moment only, and fails silently: run tries again.
func (r *revoker) now(ctx context.Context, user int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeNow)
	defer cancel()
	one, err := r.store.Revocation(ctx, user)
	if err == nil {
		err = r.tell(ctx, one)
	}
	if err != nil {
		r.log.DebugContext(ctx, "a revocation is told later", "user", user, "error", err)
	}
}

// run tells what is left to tell, again and again, until ctx is done.
func (r *revoker) run(ctx context.Context) {
	tick := time.NewTicker(revokeLook)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		// That Redis or the database is away, others say.
		if err := r.flush(ctx); err != nil && ctx.Err() == nil {
			r.log.Debug("cannot tell whose sessions have ended", "error", err)
		}
	}
}

// flush tells what is in the database, up to the first that cannot be told.
func (r *revoker) flush(ctx context.Context) error {
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

func (r *revoker) tell(ctx context.Context, one store.Revocation) error {
	if err := r.bus.Revoke(ctx, one.User); err != nil {
		return err
	}
	return r.store.ForgetRevocation(ctx, one)
}
