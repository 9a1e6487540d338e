package auth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// namesTime is how long names are kept after they were last announced.
const namesTime = 30 * 24 * time.Hour

// AddNames reserves names, given as skeletons. There may be many.
func (c *Client) AddNames(ctx context.Context, skeletons ...string) error {
	if len(skeletons) == 0 {
		return nil
	}
	args := make([]any, 1, 1+len(skeletons))
	args[0] = c.namesKey()
	for _, s := range skeletons {
		args = append(args, s)
	}
	if _, err := c.redis.Do(ctx, "SADD", args...); err != nil {
		return fmt.Errorf("reserve names: %w", err)
	}
	return nil
}

// Names is what Redis knows about reserved names.
type Names struct {
	Has   []bool // for each name that was asked for: whether it is reserved
	Whole bool   // the names of all accounts are known
	Count int64  // of names; it only grows, unless Redis loses some
	run   string
}

// HasNames returns what is known about some names, or none.
func (c *Client) HasNames(ctx context.Context, skeletons ...string) (Names, error) {
	args := make([]any, 1, 1+len(skeletons))
	args[0] = "has"
	for _, s := range skeletons {
		args = append(args, s)
	}
	answer, err := c.redis.Eval(ctx, namesScript, c.namesKeys(), args...)
	reply, _ := answer.([]any)
	if err == nil && len(reply) != 3+len(skeletons) {
		err = fmt.Errorf("%d values", len(reply))
	}
	if err != nil {
		return Names{}, fmt.Errorf("look up reserved names: %w", err)
	}
	n := Names{Whole: reply[0] == int64(1), Has: make([]bool, len(skeletons))}
	n.Count, _ = reply[1].(int64)
	n.run, _ = reply[2].(string)
	for i := range skeletons {
		n.Has[i] = reply[3+i] == int64(1)
	}
	return n, nil
}

// NamesWhole notes that all names, count of them, have been added since before
// was returned. It has no effect if Redis has lost any in the meantime.
func (c *Client) NamesWhole(ctx context.Context, before Names, count int64) error {
	_, err := c.redis.Eval(ctx, namesScript, c.namesKeys(), "whole", before.run, count, namesTime.Milliseconds())
	if err != nil {
		return fmt.Errorf("mark reserved names as complete: %w", err)
	}
	return nil
}

// CountNames returns the number of reserved names. While it stays the same no
// name was added.
func (c *Client) CountNames(ctx context.Context) (int64, error) {
	answer, err := c.redis.Do(ctx, "SCARD", c.namesKey())
	n, ok := answer.(int64)
	if err == nil && !ok {
		err = errors.New("not a number")
	}
	if err != nil {
		return 0, fmt.Errorf("count reserved names: %w", err)
	}
	return n, nil
}
