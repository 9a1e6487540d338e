package auth

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"livechat/server/chat"
)

// Reserved knows which names belong to accounts. Redis has them, and may lose
// them. Then nobody can tell whether a name is free until an API server
// has announced all of them again. All methods may be called from any
// goroutine.
type Reserved struct {
	// Set at construction.
	client *Client
	hasAPI func() bool // whether there is an API server, as far as is known

	known  atomic.Int64 // number of names when all were known: with fewer some are lost
	exists atomic.Bool  // there are accounts: without them no name is reserved
}

// NewReserved returns a Reserved. hasAPI says whether there is an API server,
// as far as is known.
func NewReserved(c *Client, hasAPI func() bool) *Reserved {
	return &Reserved{client: c, hasAPI: hasAPI}
}

const (
	// namesPatience is how long a guest waits until the names are known again,
	// and namesLook the time between two lookups.
	namesPatience = 2 * time.Second
	namesLook     = 100 * time.Millisecond
)

var errNamesUnknown = &chat.Error{
	Code: chat.CodeUnavailable, Message: "this name cannot be checked right now; try again in a moment",
	Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
}

// Ask reports for each name whether it is reserved. With errNamesUnknown this
// is not known for names reported as free.
func (n *Reserved) Ask(ctx context.Context, skeletons ...string) ([]bool, error) {
	answer, err := n.client.HasNames(ctx, skeletons...)
	if err != nil {
		return nil, err
	}
	if answer.Whole {
		n.known.Store(answer.Count)
		n.exists.Store(true)
	}
	known := n.known.Load()
	if answer.Whole || known > 0 && answer.Count >= known || !n.Accounts() {
		return answer.Has, nil
	}
	for _, has := range answer.Has {
		if !has {
			return answer.Has, errNamesUnknown
		}
	}
	return answer.Has, nil
}

// Accounts reports whether there are any accounts, as far as is known. Once it
// has seen an API server it stays true.
func (n *Reserved) Accounts() bool {
	if !n.exists.Load() && n.hasAPI() {
		n.exists.Store(true)
	}
	return n.exists.Load()
}

// Await is Ask, but waits a moment until the names are known.
func (n *Reserved) Await(ctx context.Context, skeletons ...string) ([]bool, error) {
	over := time.NewTimer(namesPatience)
	defer over.Stop()
	look := time.NewTicker(namesLook)
	defer look.Stop()
	for {
		has, err := n.Ask(ctx, skeletons...)
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
