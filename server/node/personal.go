package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"livechat/server/api"
	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/personal"
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

var errExportBusy = &chat.Error{
	Code: chat.CodeUnavailable, Message: "Other downloads are under way. Try again in a moment.",
	Retryable: true, RetryAfterMS: 10_000,
}

// personalData is package personal as the API needs it.
type personalData struct {
	*personal.Exporter
	store   *store.Store
	exports *limit.Throttle
	orders  *limit.Throttle
	turns   *limit.Turns
}

var _ api.Personal = personalData{}

func (n *Node) personalData() personalData {
	files := n.services.files.Service
	return personalData{
		Exporter: &personal.Exporter{
			Store: n.services.store,
			Open: func(ctx context.Context, id string, user int64) (io.ReadCloser, error) {
				f, err := files.Get(ctx, id, user)
				if err != nil {
					return nil, err
				}
				content, _, err := files.Open(ctx, f, 0)
				return content, err
			},
		},
		store: n.services.store, exports: limit.NewThrottle(exportLimit),
		orders: limit.NewThrottle(eraseLimit), turns: limit.NewTurns(exportTurns),
	}
}

// Export implements api.Personal.
func (p personalData) Export(ctx context.Context, author string, me store.User, addr string,
	begin func() io.Writer) error {
	address := limit.AddressKey(addr)
	who := strconv.FormatInt(me.ID, 10)
	if me.ID == 0 {
		who = "at " + address
	}
	if wait := p.exports.Take(time.Now(), who); wait > 0 {
		return chat.RateLimited("too many downloads of your data; try again later", wait)
	}
	leave, err := p.turns.Enter(ctx, address)
	if errors.Is(err, limit.ErrFull) {
		return errExportBusy
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer leave()
	return p.Exporter.Export(ctx, begin(), author, me)
}

// Erase implements api.Personal.
func (p personalData) Erase(ctx context.Context, author, addr string, keep bool) (store.Erasure, error) {
	if wait := p.orders.Take(time.Now(), limit.AddressKey(addr)); wait > 0 {
		return store.Erasure{}, chat.RateLimited("too many requests from this address; try again later", wait)
	}
	return p.store.Erase(ctx, author, keep, time.Now())
}

// Erasure implements api.Personal.
func (p personalData) Erasure(ctx context.Context, author string) (store.Erasure, error) {
	e, err := p.store.ErasureOf(ctx, author)
	if errors.Is(err, store.ErrNotFound) {
		return e, chat.Errorf(chat.CodeNotFound, "nothing was asked to be erased lately")
	}
	return e, err
}

// eraseSettle is personal.Options.Settle; 0: its default. Tests lower it.
var eraseSettle time.Duration

// eraser returns what carries out erasures.
func (n *Node) eraser() *personal.Eraser {
	return personal.NewEraser(personal.Options{
		Store: n.services.store, Log: n.bus, Wake: n.services.relay.Wake, App: n.cfg.Server.App, Logger: n.logger,
		Settle: eraseSettle,
	})
}
