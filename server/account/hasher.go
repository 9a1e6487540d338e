package account

import (
	"context"
	"fmt"
	"sync/atomic"

	"livechat/server/chat"
)

// hasher hashes a few passwords at a time. Each takes 19 MiB and tens of milliseconds of a core; without a bound a thousand people who log in at once
// (after a restart), or one who means harm, would take 19 GiB. A few wait, in order; who comes when many wait is asked to come again.
type hasher struct {
	hash    hashFunc
	decoy   string        // what the password of an unknown user is compared with
	slots   chan struct{} // holds a token for each hashing under way
	waiting atomic.Int64
	most    int64 // that may wait
}

func newHasher(hash hashFunc, slots, waiting int) *hasher {
	return &hasher{hash: hash, decoy: decoy(), slots: make(chan struct{}, slots), most: int64(waiting)}
}

// errBusy sends away who would have to wait for too long.
var errBusy = &chat.Error{Code: chat.CodeUnavailable, Message: "many people are logging in; try again", Retryable: true, RetryAfterMS: 2000}

// derive waits for its turn and hashes. What has begun is not interrupted.
func (h *hasher) derive(ctx context.Context, password string, r record, n int) ([]byte, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.slots }()
	return h.hash([]byte(password), r.salt, r.cost, n), nil
}

func (h *hasher) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("hash a password: %w", context.Cause(ctx))
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.most {
		return errBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w: %w", errBusy, context.Cause(ctx)) // a deadline: too many before it
	}
}

// create hashes a password that checkPassword has returned, and returns the PHC string.
func (h *hasher) create(ctx context.Context, password string) (string, error) {
	r := newRecord()
	var err error
	if r.key, err = h.derive(ctx, password, r, keyLen); err != nil {
		return "", err
	}
	return r.phc(), nil
}

// verify says whether a password as somebody typed it is the one of a PHC string.
func (h *hasher) verify(ctx context.Context, password, phc string) (bool, error) {
	if len(password) > maxPasswordBytes {
		return false, nil
	}
	r, err := parsePHC(phc)
	if err != nil {
		return false, fmt.Errorf("verify a password: %w", err)
	}
	prepared, prepareErr := preparePassword(password) // if it cannot be a password, it is hashed all the same: the same work for every wrong one
	key, err := h.derive(ctx, prepared, r, len(r.key))
	if err != nil {
		return false, err
	}
	return sameKey(key, r.key) && prepareErr == nil, nil
}
