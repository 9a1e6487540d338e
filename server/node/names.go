package node

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/presence"
	"livechat/server/store"
)

// names is what this server knows of the names that are accounts'. Redis has them, and may lose them; then nobody can say whether a name is free
// until a server with the API has said all of them again.
type names struct {
	// Set at construction.
	bus *bus.Bus
	api func() bool // says whether there is a server with the API, as far as is known

	known  atomic.Int64 // how many there were when all were known: with fewer some are lost
	exists atomic.Bool  // there are accounts: without them no name needs to be known
}

const (
	// namesPatience is how long a guest waits until the names are known again, and namesLook how long between two looks.
	namesPatience = 2 * time.Second
	namesLook     = 100 * time.Millisecond
)

var errNamesUnknown = &chat.Error{
	Code: chat.CodeUnavailable, Message: "it cannot be said right now whether this name is taken; try again in a moment",
	Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
}

// ask says of each name whether it is an account's. errNamesUnknown: for those that are not known to be, that cannot be said.
func (n *names) ask(ctx context.Context, skeletons ...string) ([]bool, error) {
	answer, err := n.bus.HasNames(ctx, skeletons...)
	if err != nil {
		return nil, err
	}
	if answer.Whole {
		n.known.Store(answer.Count)
		n.exists.Store(true)
	}
	known := n.known.Load()
	if answer.Whole || known > 0 && answer.Count >= known || !n.accounts() {
		return answer.Has, nil
	}
	for _, has := range answer.Has {
		if !has {
			return answer.Has, errNamesUnknown
		}
	}
	return answer.Has, nil
}

// accounts says whether there are any, as far as is known: who has seen a server with the API does not forget it.
func (n *names) accounts() bool {
	if !n.exists.Load() && n.api() {
		n.exists.Store(true)
	}
	return n.exists.Load()
}

// await is ask for somebody who waits a moment until the names are known.
func (n *names) await(ctx context.Context, skeletons ...string) ([]bool, error) {
	over := time.NewTimer(namesPatience)
	defer over.Stop()
	look := time.NewTicker(namesLook)
	defer look.Stop()
	for {
		has, err := n.ask(ctx, skeletons...)
		if !errors.Is(err, errNamesUnknown) {
			return has, err
		}
		select {
		case <-look.C:
		case <-over.C:
			return has, err
		case <-ctx.Done():
			return has, err
		}
	}
}

// hasAPI says whether one of those servers has the API.
func hasAPI(nodes []presence.NodeInfo) bool {
	for _, node := range nodes {
		if node.Role == "all" || node.Role == "api" {
			return true
		}
	}
	return false
}

// announcer tells the servers without a store which names are accounts'.
type announcer struct {
	bus   *bus.Bus
	store *store.Store
	log   *slog.Logger

	said   time.Time // when all were said last
	failed bool      // that did not work the last time, which was logged
}

const (
	// sayNamesEvery is how often the names of all accounts are said again, whatever Redis has.
	sayNamesEvery = time.Minute
	// namesLost is how soon it is noticed that Redis has lost some.
	namesLost = 250 * time.Millisecond
)

// run says all names at once when Redis may lack some, and now and then, until ctx is done.
func (a *announcer) run(ctx context.Context) {
	tick := time.NewTicker(namesLost)
	defer tick.Stop()
	for {
		err := a.look(ctx)
		if err != nil && !a.failed && ctx.Err() == nil {
			a.log.Warn("names: cannot say which are accounts'", "error", err)
		}
		a.failed = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (a *announcer) look(ctx context.Context) error {
	before, err := a.bus.HasNames(ctx)
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
		if err := a.bus.AddNames(ctx, names...); err != nil {
			return err
		}
		count += int64(len(names))
		if len(names) < page {
			break
		}
		after = last
	}
	if err := a.bus.NamesWhole(ctx, before, count); err != nil {
		return err
	}
	a.said = time.Now()
	return nil
}
