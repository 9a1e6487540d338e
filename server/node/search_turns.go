package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
)

// A search may take a hundred times as long as any other query. So few run at
// once, on few connections of the pool, and addresses take turns. One address
// never holds all places: a search from another address starts at once, or
// after one other.
var searchTurns = limit.TurnLimits{Places: 2, PlacesPerKey: 1, Waiting: 128, WaitingPerKey: 16}

// Limits of one account, or of the guests at one address.
const (
	searchRate  = 2 // sustained searches per second
	searchBurst = 60
)

var errSearchBusy = &chat.Error{
	Code: chat.CodeUnavailable, Message: "the search is busy; try again in a moment", Retryable: true,
	RetryAfterMS: 2000,
}

// searchTurn returns the api's SearchTurn.
func searchTurn() func(ctx context.Context, user int64, addr string) (leave func(), err error) {
	throttle := limit.NewThrottle(limit.NewRate(searchRate, searchBurst))
	turns := limit.NewTurns(searchTurns)
	return func(ctx context.Context, user int64, addr string) (leave func(), err error) {
		who := strconv.FormatInt(user, 10)
		if user == 0 {
			who = "at " + limit.AddressKey(addr)
		}
		if wait := throttle.Take(time.Now(), who); wait > 0 {
			return nil, chat.RateLimited("too many searches in a short time; wait a moment, then try again", wait)
		}
		leave, err = turns.Enter(ctx, limit.AddressKey(addr))
		if errors.Is(err, limit.ErrFull) {
			return nil, errSearchBusy
		}
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		return leave, nil
	}
}
