package account

import (
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/limit"
)

// hasher bounds how many passwords are hashed at once. Each takes 19 MiB and
// tens of milliseconds of a core. Without a bound a thousand logins at once,
// after a restart or in an attack, would take 19 GiB. A few wait, and addresses
// take turns. When too many wait, further ones fail and may retry.
type hasher struct {
	hash  hashFunc
	decoy string // compared with the password of an unknown user
	turns *limit.Turns
}

// newHasher returns a hasher for places hashings at once, of which one address
// can have all but one. waiting more can queue, perAddress of them from one
// address.
func newHasher(hash hashFunc, places, waiting, perAddress int) *hasher {
	limits := limit.TurnLimits{Places: places, PlacesPerKey: max(1, places-1), Waiting: waiting,
		WaitingPerKey: perAddress}
	return &hasher{hash: hash, decoy: decoy(), turns: limit.NewTurns(limits)}
}

// errBusy is the answer when the wait would be too long.
var errBusy = &chat.Error{
	Code: chat.CodeUnavailable, Message: "Many users are logging in. Try again in a few seconds.",
	Retryable: true, RetryAfterMS: 2000,
}

// derive waits for the turn of key, an address or a user, and hashes. A hash
// that has begun is not interrupted.
func (h *hasher) derive(ctx context.Context, key, password string, r record, n int) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("hash a password: %w", context.Cause(ctx))
	}
	leave, err := h.turns.Enter(ctx, key)
	switch {
	case errors.Is(err, limit.ErrFull):
		return nil, errBusy
	case err != nil:
		// The deadline passed: too many were first.
		return nil, fmt.Errorf("wait to hash a password: %w: %w", errBusy, err)
	}
	defer leave()
	return h.hash([]byte(password), r.salt, r.cost, n), nil
}

// create hashes a password returned by checkPassword, in the turn of key. It
// returns the PHC string.
func (h *hasher) create(ctx context.Context, key, password string) (string, error) {
	r := newRecord()
	var err error
	if r.key, err = h.derive(ctx, key, password, r, keyLen); err != nil {
		return "", err
	}
	return r.phc(), nil
}

// verify reports whether a password, as typed, is the one of a PHC string.
func (h *hasher) verify(ctx context.Context, key, password, phc string) (bool, error) {
	if len(password) > maxPasswordBytes {
		return false, nil
	}
	r, err := parsePHC(phc)
	if err != nil {
		return false, fmt.Errorf("verify a password: %w", err)
	}
	// An impossible password is hashed all the same, so that every wrong
	// password costs the same work.
	prepared, prepareErr := preparePassword(password)
	derived, err := h.derive(ctx, key, prepared, r, len(r.key))
	if err != nil {
		return false, err
	}
	return sameKey(derived, r.key) && prepareErr == nil, nil
}
