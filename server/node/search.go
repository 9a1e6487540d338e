package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/turn"
)

// A search can take the database a hundred times as long as anything else. So few run
// at a time, on few connections of the pool, and addresses have their turns one after
// the other. One address never has all places: somebody else's search begins at once,
// or after one.
var searchTurns = turn.Limits{Places: 2, PlacesPerKey: 1, Waiting: 128, WaitingPerKey: 16}

// How often one account may search.
const (
	searchRate  = 2 // a second, in the long run
	searchBurst = 60
)

var errSearchBusy = &chat.Error{
	Code: chat.CodeUnavailable, Message: "many searches are waiting; try again", Retryable: true, RetryAfterMS: 2000,
}

// searchTurn is the api's SearchTurn.
func searchTurn() func(ctx context.Context, user int64, addr string) (leave func(), err error) {
	throttle := account.NewThrottle(account.NewLimit(searchRate, searchBurst))
	turns := turn.New(searchTurns)
	return func(ctx context.Context, user int64, addr string) (leave func(), err error) {
		if wait := throttle.Take(time.Now(), strconv.FormatInt(user, 10)); wait > 0 {
			return nil, tooMany("too many searches; slow down", wait)
		}
		leave, err = turns.Enter(ctx, account.AddressKey(addr))
		if errors.Is(err, turn.ErrFull) {
			return nil, errSearchBusy
		}
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		return leave, nil
	}
}

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
			// that the database is away, others say
			n.log.Debug("search: cannot index messages", "error", err)
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
