package personal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/store"
)

// An export reads everything that somebody has written: few run at once, one of
// each address, and none waits. Each account, and each address of guests, gets
// some, then one in a while.
var (
	exportTurns = limit.TurnLimits{Places: 2, PlacesPerKey: 1}
	exportLimit = limit.Rate{Burst: 5, Every: 10 * time.Minute}
	// eraseLimit is for the orders of guests at one address.
	eraseLimit = limit.Rate{Burst: 10, Every: time.Minute}
)

var errBusy = &chat.Error{
	Code: chat.CodeUnavailable, Message: "Other downloads are under way. Try again in a moment.",
	Retryable: true, RetryAfterMS: 10_000,
}

// Orders is where a Service writes what is to be erased.
type Orders interface {
	Erase(ctx context.Context, author string, keep bool, now time.Time) (store.Erasure, error)
	ErasureOf(ctx context.Context, author string) (store.Erasure, error)
}

var _ Orders = (*store.Store)(nil)

// Service is what people can ask for, within limits. Its methods may be called
// from any goroutine. Errors for users are *chat.Error.
type Service struct {
	exporter *Exporter
	orders   Orders
	exports  *limit.Throttle
	erasures *limit.Throttle
	turns    *limit.Turns
}

// NewService returns a Service. It needs no closing.
func NewService(x *Exporter, o Orders) *Service {
	return &Service{
		exporter: x, orders: o, exports: limit.NewThrottle(exportLimit),
		erasures: limit.NewThrottle(eraseLimit), turns: limit.NewTurns(exportTurns),
	}
}

// Export writes what Exporter.Export does into what begin returns. me is the
// account; with ID 0 the author is a guest at an address. If it does not call
// begin, nothing was written.
func (s *Service) Export(ctx context.Context, author string, me store.User, addr string,
	begin func() io.Writer) error {
	address := limit.AddressKey(addr)
	who := strconv.FormatInt(me.ID, 10)
	if me.ID == 0 {
		who = "at " + address
	}
	if wait := s.exports.Take(time.Now(), who); wait > 0 {
		return chat.RateLimited("too many downloads of your data; try again later", wait)
	}
	leave, err := s.turns.Enter(ctx, address)
	if errors.Is(err, limit.ErrFull) {
		return errBusy
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer leave()
	return s.exporter.Export(ctx, begin(), author, me)
}

// Erase orders what a guest at an address has written to be erased, or, if keep,
// to lose its name.
func (s *Service) Erase(ctx context.Context, author, addr string, keep bool) (store.Erasure, error) {
	if wait := s.erasures.Take(time.Now(), limit.AddressKey(addr)); wait > 0 {
		return store.Erasure{}, chat.RateLimited("too many requests from this address; try again later", wait)
	}
	return s.orders.Erase(ctx, author, keep, time.Now())
}

// Erasure returns the newest order. Codes: not_found.
func (s *Service) Erasure(ctx context.Context, author string) (store.Erasure, error) {
	e, err := s.orders.ErasureOf(ctx, author)
	if errors.Is(err, store.ErrNotFound) {
		return e, chat.Errorf(chat.CodeNotFound, "nothing was asked to be erased lately")
	}
	return e, err
}
