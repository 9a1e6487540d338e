package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"livechat/server/account"
	"livechat/server/store"
)

const (
	expireEvery = 10 * time.Minute
	expireLease = "audit" // held by the one process that expires the audit log
	// appointTimeout bounds how long the database may take at the start.
	appointTimeout = 10 * time.Second
)

// Options are what a server needs to Run.
type Options struct {
	Store  *store.Store
	Admin  string        // the name of an account that becomes an admin; "": none
	Age    time.Duration // of entries of the audit log; 0: they are kept for ever
	Logger *slog.Logger
}

// CheckName refuses a name for Options.Admin that no account can have.
func CheckName(name string) error {
	if _, err := account.CheckName(name); err != nil {
		return err
	}
	if account.IsSystemName(name) {
		return errors.New("no account can have this name, which is reserved; choose another one")
	}
	return nil
}

// Run makes the account that the settings name an admin, if it exists, and then
// deletes old entries of the audit log until ctx is done. Of several processes
// one deletes at a time.
func Run(ctx context.Context, o Options) {
	if o.Admin != "" {
		appoint(ctx, o)
	}
	if o.Age > 0 {
		expire(ctx, o)
	}
}

// appoint is called once, at the start, and never when somebody registers: the
// first to register the name need not be the operator.
func appoint(ctx context.Context, o Options) {
	ctx, cancel := context.WithTimeout(ctx, appointTimeout)
	defer cancel()
	name := account.Canonical(o.Admin)
	by := store.By{Name: store.Operator, Reason: "ADMIN names this account"}
	u, _, err := o.Store.UserByName(ctx, name)
	changed := false
	if err == nil {
		changed, err = o.Store.SetRole(ctx, by, u.ID, store.RoleAdmin)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		o.Logger.Warn("admin: no account has the name in ADMIN; register it, then restart or run "+
			fmt.Sprintf("livechat admin user role %s admin", name), "name", name)
	case err != nil && context.Cause(ctx) != context.Canceled:
		o.Logger.Error("admin: cannot make the account in ADMIN an admin", "name", name, "error", err)
	case changed:
		o.Logger.Info("admin: the account in ADMIN is an admin now", "name", name, "user", u.ID,
			"registered", u.Created)
	}
}

func expire(ctx context.Context, o Options) {
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		mine, err := o.Store.TryLock(ctx, expireLease, expireEvery)
		if mine {
			var deleted int64
			if deleted, err = o.Store.ExpireAudit(ctx, time.Now().Add(-o.Age)); deleted > 0 {
				o.Logger.Info("admin: old entries of the audit log deleted", "entries", deleted)
			}
		}
		if err != nil && ctx.Err() == nil {
			o.Logger.Warn("admin: cannot delete old entries of the audit log", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
