package auth

import (
	"context"
	"log/slog"
	"time"

	"livechat/server/store"
)

// Announcer tells servers without a database which names are reserved. Its
// methods must not be called concurrently.
type Announcer struct {
	client *Client
	store  *store.Store
	logger *slog.Logger

	said   time.Time // when all names were last announced
	failed bool      // the last attempt failed, which was logged
}

// NewAnnouncer returns an Announcer for the names in a store.
func NewAnnouncer(c *Client, s *store.Store, logger *slog.Logger) *Announcer {
	return &Announcer{client: c, store: s, logger: logger}
}

const (
	// sayNamesEvery is how often all names are announced even if Redis has
	// them.
	sayNamesEvery = time.Minute
	// namesLost is how soon it is noticed that Redis has lost names.
	namesLost = 250 * time.Millisecond
)

// Run announces all names whenever Redis may lack some, and at intervals, until
// ctx is done.
func (a *Announcer) Run(ctx context.Context) {
	tick := time.NewTicker(namesLost)
	defer tick.Stop()
	for {
		err := a.look(ctx)
		if err != nil && !a.failed && ctx.Err() == nil {
			a.logger.Warn("names: announcing reserved names failed", "error", err)
		}
		a.failed = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (a *Announcer) look(ctx context.Context) error {
	before, err := a.client.HasNames(ctx)
	if err != nil || before.Whole && time.Since(a.said) < sayNamesEvery {
		return err
	}
	const page = 1000
	after, count := int64(0), int64(0)
	for {
		names, last, err := a.store.Skeletons(ctx, after, page)
		if err != nil {
			return err
		}
		if err := a.client.AddNames(ctx, names...); err != nil {
			return err
		}
		count += int64(len(names))
		if len(names) < page {
			break
		}
		after = last
	}
	if err := a.client.NamesWhole(ctx, before, count); err != nil {
		return err
	}
	a.said = time.Now()
	return nil
}
