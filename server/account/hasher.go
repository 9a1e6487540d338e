package account

import (
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/turn"
)

// hasher hashes a few passwords at a time. Each takes 19 MiB and tens of
// milliseconds of a core; without a bound a thousand people who log in at once
// (after a restart), or one who means harm, would take 19 GiB. A few wait, and
// addresses have their turns one after the other; who comes when many wait is
// asked to come again.
type hasher struct {
	hash  hashFunc
	decoy string // what the password of an unknown user is compared with
	turns *turn.Turns
}

// newHasher makes a hasher that hashes places passwords at once, all but one of them
// for one address, and lets waiting others wait, perAddress of them for one.
func newHasher(hash hashFunc, places, waiting, perAddress int) *hasher {
	limits := turn.Limits{Places: places, PlacesPerKey: max(1, places-1), Waiting: waiting, WaitingPerKey: perAddress}
	return &hasher{hash: hash, decoy: decoy(), turns: turn.New(limits)}
}

// errBusy sends away who would have to wait for too long.
var errBusy = &chat.Error{Code: chat.CodeUnavailable, Message: "many people are logging in; try again", Retryable: true, RetryAfterMS: 2000}

// derive waits for the turn of key, which is an address or a user, and hashes.
// What has begun is not interrupted.
func (h *hasher) derive(ctx context.Context, key, password string, r record, n int) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("hash a password: %w", context.Cause(ctx))
	}
	leave, err := h.turns.Enter(ctx, key)
	switch {
	case errors.Is(err, turn.ErrFull):
		return nil, errBusy
	case err != nil:
		// a deadline: too many before it
		return nil, fmt.Errorf("wait to hash a password: %w: %w", errBusy, err)
	}
	defer leave()
	return h.hash([]byte(password), r.salt, r.cost, n), nil
}

// create hashes a password that checkPassword has returned, in the turn of key,
// and returns the PHC string.
func (h *hasher) create(ctx context.Context, key, password string) (string, error) {
	r := newRecord()
	var err error
	if r.key, err = h.derive(ctx, key, password, r, keyLen); err != nil {
		return "", err
	}
	return r.phc(), nil
}

// verify says whether a password as somebody typed it is the one of a PHC string.
func (h *hasher) verify(ctx context.Context, key, password, phc string) (bool, error) {
	if len(password) > maxPasswordBytes {
		return false, nil
	}
	r, err := parsePHC(phc)
	if err != nil {
		return false, fmt.Errorf("verify a password: %w", err)
	}
	prepared, prepareErr := preparePassword(password) // if it cannot be a password, it is hashed all the same: the same work for every wrong one
	derived, err := h.derive(ctx, key, prepared, r, len(r.key))
	if err != nil {
		return false, err
	}
	return sameKey(derived, r.key) && prepareErr == nil, nil
}
