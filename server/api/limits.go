package api

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

// searchTurn returns what waits until the user at an address may search; user 0
// is a guest, who is known by the address alone. The caller calls leave when it
// is done. The error is a *chat.Error that refuses the search.
func searchTurn() func(ctx context.Context, user int64, addr string) (leave func(), err error) {
	throttle := limit.NewThrottle(limit.NewRate(searchRate, searchBurst))
	turns := limit.NewTurns(searchTurns)
	return func(ctx context.Context, user int64, addr string) (leave func(), err error) {
		who := strconv.FormatInt(user, 10)
		if user == 0 {
			who = "at " + limit.AddressKey(addr)
		}
		if wait := throttle.Take(time.Now(), who); wait > 0 {
			return nil, chat.RateLimited(
				"too many searches in a short time; wait a moment, then try again", wait)
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

// allowReports limits how often a person reports messages, and how often those
// at an address do.
func allowReports() func(person, addr string) error {
	people := limit.NewThrottle(limit.Rate{Every: 30 * time.Second, Burst: 10})
	addresses := limit.NewThrottle(limit.Rate{Every: 10 * time.Second, Burst: 30})
	return func(person, addr string) error {
		now := time.Now()
		if wait := max(people.Take(now, person), addresses.Take(now, addr)); wait > 0 {
			return chat.RateLimited("too many reports; try again later", wait)
		}
		return nil
	}
}

// AllowWrites returns Options.AllowWrite: it applies a rate to each public
// address, and calls refused for what it refuses.
func AllowWrites(r limit.Rate, refused func()) func(addr string) error {
	throttle := limit.NewThrottle(r)
	return func(addr string) error {
		key := limit.PublicKey(addr)
		if key == "" {
			return nil
		}
		wait := throttle.Take(time.Now(), key)
		if wait == 0 {
			return nil
		}
		refused()
		return chat.RateLimited(
			"too many messages from your address in a short time; wait a moment, then try again", wait)
	}
}
