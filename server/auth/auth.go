// Package auth keeps in Redis what servers with sockets have to know about
// accounts: tickets for sockets, whose sessions were ended, and which names are
// reserved for accounts. The database stays the source of truth.
//
//	livechat:ticket:<sha-256>    a ticket, see ticket.lua; the ticket itself is
//	                             not in Redis
//	{livechat:revoked}:last      hash: number of the newest revocation, see
//	                             revocations.lua
//	{livechat:revoked}:users     sorted set: users whose sockets have to
//	                             authenticate again, by number of the revocation
//	livechat:names               set: names of accounts, as skeletons, in which
//	                             look-alikes are equal
//	{livechat:names}:whole       "<process of Redis> <count>": the set had all
//	                             names, see names.lua; in the slot of the set
package auth

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"fmt"
	"time"

	"livechat/server/chat"
)

// Redis is the part of Redis that auth uses. *bus.Bus implements it. Its
// methods may be called from any goroutine.
type Redis interface {
	// Eval runs a Lua script. The script may call process(), which returns the
	// name of the process of Redis that runs it.
	Eval(ctx context.Context, script string, keys []string, args ...any) (any, error)
	// Do sends one command, whose first argument is a key.
	Do(ctx context.Context, command string, args ...any) (any, error)
}

var (
	//go:embed lua/ticket.lua
	ticketScript string
	//go:embed lua/revocations.lua
	revocationsScript string
	//go:embed lua/names.lua
	namesScript string
)

// Client reads and writes tickets, revocations and names in Redis. All methods
// may be called from any goroutine.
type Client struct {
	redis  Redis
	prefix string // of all keys
}

// New returns a Client whose keys begin with prefix.
func New(redis Redis, prefix string) *Client { return &Client{redis: redis, prefix: prefix} }

func (c *Client) namesKey() string { return c.prefix + ":names" }
func (c *Client) namesKeys() []string {
	return []string{c.namesKey(), "{" + c.namesKey() + "}:whole"}
}
func (c *Client) revokedKey(part string) string  { return "{" + c.prefix + ":revoked}:" + part }
func (c *Client) ticketKey(digest string) string { return c.prefix + ":ticket:" + digest }

// Commands returns the commands that this package needs, each with keys, so
// that the rights of the user of Redis can be checked.
func Commands(prefix string) (list [][]any) {
	c := New(nil, prefix)
	names, last, users := c.namesKey(), c.revokedKey("last"), c.revokedKey("users")
	for _, key := range append(c.namesKeys(), c.ticketKey("x"), last, users) {
		list = append(list, []any{"GET", key}, []any{"DEL", key})
	}
	return append(list, []any{"SADD", names, "x"}, []any{"SCARD", names}, []any{"SISMEMBER", names, "x"},
		[]any{"HINCRBY", last, "n", 1},
		[]any{"ZADD", users, 1, "x"}, []any{"ZRANGE", users, 0, 0}, []any{"ZREMRANGEBYRANK", users, 0, 0})
}

// newGeneration draws the name of a generation of revocations.
func newGeneration() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// unavailable is what a client gets when Redis did not answer, or not as
// expected. Whether it did what it was asked to is unknown.
func unavailable(cause error) error {
	return fmt.Errorf("%w: %w", &chat.Error{
		Code: chat.CodeUnavailable, Message: "this is not possible right now; try again in a moment",
		Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
	}, cause)
}
