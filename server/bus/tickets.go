package bus

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// A socket that hears what is meant for one user shows a ticket, which the API has given to whoever is logged in as that user: a browser cannot send
// headers of its own with a handshake, and a cookie or a token in an address would be sent by any page or stand in every log. A ticket is good once,
// and for a short time.
//
//	livechat:ticket:<sha-256>   "<user> <when it was issued> <name>"; the ticket itself is not in Redis
//	livechat:revoked            sorted set: users whose sockets have to prove themselves again, by when that was said
//
// All times are Redis' own, in Unix milliseconds: there is one clock for all servers.

// TicketTime is how long a ticket is good.
const TicketTime = 30 * time.Second

// revokedTime is how long a revocation is remembered. It must be longer than a server that is not cut off can be without asking, and than a ticket lives.
const revokedTime = time.Hour

func (b *Bus) ticketKey(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return b.options.Channel + ":ticket:" + hex.EncodeToString(sum[:])
}

func (b *Bus) revokedKey() string { return b.options.Channel + ":revoked" }

// now returns the time by Redis' clock.
func (b *Bus) now(ctx context.Context) (time.Time, error) {
	t, err := b.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, unavailable(fmt.Errorf("ask Redis for the time: %w", err))
	}
	return t, nil
}

// Ticket is what a ticket says.
type Ticket struct {
	User   int64
	Name   string    // the user's
	Issued time.Time // by Redis' clock
}

// IssueTicket makes a ticket for a user.
func (b *Bus) IssueTicket(ctx context.Context, user int64, name string) (ticket string, expires time.Time, err error) {
	now, err := b.now(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	var secret [24]byte
	rand.Read(secret[:]) // never fails (crypto/rand)
	ticket = base64.RawURLEncoding.EncodeToString(secret[:])
	value := fmt.Sprintf("%d %d %s", user, now.UnixMilli(), name)
	if err := b.client.Set(ctx, b.ticketKey(ticket), value, TicketTime).Err(); err != nil {
		return "", time.Time{}, unavailable(fmt.Errorf("keep a ticket: %w", err))
	}
	return ticket, now.Add(TicketTime), nil
}

var errBadTicket = chat.Errorf(chat.CodeUnauthorized, "this ticket is not, or no longer, good; ask for another one")

// RedeemTicket reads a ticket and ends it. The error is chat.CodeUnauthorized if there is no such ticket.
func (b *Bus) RedeemTicket(ctx context.Context, ticket string) (Ticket, error) {
	value, err := b.client.GetDel(ctx, b.ticketKey(ticket)).Result()
	if errors.Is(err, redis.Nil) {
		return Ticket{}, errBadTicket
	}
	if err != nil {
		return Ticket{}, unavailable(fmt.Errorf("take a ticket: %w", err))
	}
	user, rest, _ := strings.Cut(value, " ")
	issued, name, _ := strings.Cut(rest, " ")
	id, errUser := strconv.ParseInt(user, 10, 64)
	ms, errTime := strconv.ParseInt(issued, 10, 64)
	if err := errors.Join(errUser, errTime); err != nil {
		return Ticket{}, fmt.Errorf("read a ticket: %w", err)
	}
	return Ticket{User: id, Name: name, Issued: time.UnixMilli(ms)}, nil
}

// Revoke says that no ticket that was issued to a user until now is good for a socket any more.
func (b *Bus) Revoke(ctx context.Context, user int64) error {
	now, err := b.now(ctx)
	if err != nil {
		return err
	}
	pipe := b.client.Pipeline()
	pipe.ZAdd(ctx, b.revokedKey(), redis.Z{Score: float64(now.UnixMilli()), Member: strconv.FormatInt(user, 10)})
	pipe.ZRemRangeByScore(ctx, b.revokedKey(), "-inf", strconv.FormatInt(now.Add(-revokedTime).UnixMilli(), 10))
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(fmt.Errorf("revoke the tickets of a user: %w", err))
	}
	return nil
}

// Revoked returns the users whose tickets were revoked, and until when those that were issued are not good.
func (b *Bus) Revoked(ctx context.Context) (map[int64]time.Time, error) {
	list, err := b.client.ZRangeWithScores(ctx, b.revokedKey(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("ask who has been logged out: %w", err)
	}
	all := make(map[int64]time.Time, len(list))
	for _, z := range list {
		if user, err := strconv.ParseInt(fmt.Sprint(z.Member), 10, 64); err == nil {
			all[user] = time.UnixMilli(int64(z.Score))
		}
	}
	return all, nil
}
