package bus

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
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
//	livechat:ticket:<sha-256>    what ticket.lua keeps; the ticket itself is not in Redis
//	{livechat:revoked}:last      hash: the number of the newest revocation; see revoked.lua
//	{livechat:revoked}:users     sorted set: users whose sockets have to prove themselves again, by number

// TicketTime is how long a ticket is good.
const TicketTime = 30 * time.Second

const (
	// revokedTime is how long revocations are remembered after the last ticket or revocation. It must be longer than a server that is not cut off can
	// be without asking, and than a ticket lives. Afterwards all older sockets count as older than the next revocation.
	revokedTime = time.Hour
	// maxRevoked is for how many users; those that have waited for longest are forgotten. Servers ask several times a second.
	maxRevoked = 10_000
)

var (
	//go:embed ticket.lua
	ticketSource string
	ticketScript = redis.NewScript(logSource + ticketSource)
	//go:embed revoked.lua
	revokedSource string
	revokedScript = redis.NewScript(logSource + revokedSource)
)

func (b *Bus) ticketKey(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return b.options.Channel + ":ticket:" + hex.EncodeToString(sum[:])
}

func (b *Bus) revokedKey(part string) string { return "{" + b.options.Channel + ":revoked}:" + part }

// Moment is a place among the revocations.
type Moment struct {
	generation string
	n          uint64
}

// Now returns where the revocations are. A ticket is issued at a Moment from before its session was looked up, so that no logout falls in between.
func (b *Bus) Now(ctx context.Context) (Moment, error) {
	reply, err := b.revocations(ctx, "now", "")
	if err != nil {
		return Moment{}, unavailable(fmt.Errorf("ask for the newest revocation: %w", err))
	}
	return readMoment(reply[0], reply[1])
}

func readMoment(generation, n string) (m Moment, err error) {
	m.generation = generation
	if m.n, err = strconv.ParseUint(n, 10, 64); err != nil {
		return m, fmt.Errorf("read the number of a revocation: %w", err)
	}
	return m, nil
}

// revocations runs revoked.lua. Its answer has at least one word, or two unless mode is list.
func (b *Bus) revocations(ctx context.Context, mode, user string) ([]string, error) {
	keys := []string{b.revokedKey("last"), b.revokedKey("users")}
	reply, err := revokedScript.Run(ctx, b.client, keys, mode, newEpoch(), revokedTime.Milliseconds(), maxRevoked, user).StringSlice()
	if err == nil && (len(reply) == 0 || mode != "list" && len(reply) != 2) {
		err = errors.New("not an answer that this version knows")
	}
	return reply, err
}

// Ticket is what a ticket says.
type Ticket struct {
	User   int64
	Name   string    // the user's
	Issued Moment    // a revocation after it ends the socket
	Ends   time.Time // when the session does, by the clock of the API
}

// IssueTicket makes a ticket.
func (b *Bus) IssueTicket(ctx context.Context, t Ticket) (ticket string, expires time.Time, err error) {
	var secret [24]byte
	rand.Read(secret[:]) // never fails (crypto/rand)
	ticket = base64.RawURLEncoding.EncodeToString(secret[:])
	value := fmt.Sprintf("%s %d %d %d %s", t.Issued.generation, t.Issued.n, t.User, t.Ends.UnixMilli(), t.Name)
	if err := ticketScript.Run(ctx, b.client, []string{b.ticketKey(ticket)}, value, TicketTime.Milliseconds()).Err(); err != nil {
		return "", time.Time{}, unavailable(fmt.Errorf("keep a ticket: %w", err))
	}
	return ticket, time.Now().Add(TicketTime), nil
}

var errBadTicket = chat.Errorf(chat.CodeUnauthorized, "this ticket is not, or no longer, good; ask for another one")

// RedeemTicket reads a ticket and ends it. The error is chat.CodeUnauthorized if there is no such ticket.
func (b *Bus) RedeemTicket(ctx context.Context, ticket string) (Ticket, error) {
	value, err := ticketScript.Run(ctx, b.client, []string{b.ticketKey(ticket)}).Text()
	if err != nil {
		return Ticket{}, unavailable(fmt.Errorf("take a ticket: %w", err))
	}
	words := strings.SplitN(value, " ", 5)
	if len(words) < 5 {
		return Ticket{}, errBadTicket
	}
	issued, errIssued := readMoment(words[0], words[1])
	user, errUser := strconv.ParseInt(words[2], 10, 64)
	ends, errEnds := strconv.ParseInt(words[3], 10, 64)
	if err := errors.Join(errIssued, errUser, errEnds); err != nil {
		return Ticket{}, fmt.Errorf("read a ticket: %w", err)
	}
	t := Ticket{User: user, Name: words[4], Issued: issued, Ends: time.UnixMilli(ends)}
	if !t.Ends.After(time.Now()) {
		return Ticket{}, errBadTicket
	}
	return t, nil
}

// Revoke says that no ticket that was issued to a user until now is good for a socket any more.
func (b *Bus) Revoke(ctx context.Context, user int64) error {
	if _, err := b.revocations(ctx, "revoke", strconv.FormatInt(user, 10)); err != nil {
		return unavailable(fmt.Errorf("revoke the tickets of a user: %w", err))
	}
	return nil
}

// Revoked are the users whose tickets were revoked, and when.
type Revoked map[int64]Moment

// Ends says whether a ticket that was issued to a user at that moment has been revoked.
func (r Revoked) Ends(user int64, issued Moment) bool {
	at, ok := r[user]
	return ok && (issued.generation != at.generation || issued.n < at.n)
}

// Revoked returns the revocations that are remembered.
func (b *Bus) Revoked(ctx context.Context) (Revoked, error) {
	reply, err := b.revocations(ctx, "list", "")
	if err != nil {
		return nil, fmt.Errorf("ask who has been logged out: %w", err)
	}
	all := make(Revoked, len(reply)/2)
	for i := 1; i+1 < len(reply); i += 2 {
		user, errUser := strconv.ParseInt(reply[i], 10, 64)
		at, errAt := readMoment(reply[0], reply[i+1])
		if errors.Join(errUser, errAt) == nil {
			all[user] = at
		}
	}
	return all, nil
}
