package auth

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

	"livechat/server/chat"
)

// TicketTime is how long a ticket is valid.
//
// A client that connects to a user's feed shows a ticket, which the API has
// issued to it. A browser cannot add headers to a WebSocket handshake; a cookie
// would be sent for any page, and a token in a URL ends up in logs. A ticket
// can be used once, and expires soon.
const TicketTime = 30 * time.Second

const (
	// revokedTime is how long revocations are remembered after the last ticket
	// or revocation. It must exceed the life of a ticket, and the time between
	// two questions of a server that is not cut off. Afterwards all older
	// sockets count as older than the next revocation.
	revokedTime = time.Hour
	// maxRevoked is for how many users revocations are remembered. The oldest
	// are forgotten first. Servers ask several times a second.
	maxRevoked = 10_000
)

// digest returns the form of a ticket that Redis stores.
func digest(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return hex.EncodeToString(sum[:])
}

// texts reads a list of strings and numbers.
func texts(answer any) ([]string, error) {
	values, ok := answer.([]any)
	if !ok {
		return nil, errors.New("not a list")
	}
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v)
	}
	return list, nil
}

// Moment is a point in the sequence of revocations.
type Moment struct {
	generation string
	n          uint64
}

// Now returns the current Moment. Call it before looking up the session for
// which a ticket is issued, so that no logout can fall between the two.
func (c *Client) Now(ctx context.Context) (Moment, error) {
	reply, err := c.revocations(ctx, "now", "")
	if err != nil {
		return Moment{}, unavailable(fmt.Errorf("read the newest revocation: %w", err))
	}
	return readMoment(reply[0], reply[1])
}

func readMoment(generation, n string) (m Moment, err error) {
	m.generation = generation
	if m.n, err = strconv.ParseUint(n, 10, 64); err != nil {
		return m, fmt.Errorf("parse the number of a revocation: %w", err)
	}
	return m, nil
}

// revocations runs revocations.lua. The reply has at least one string, or
// exactly two unless mode is list.
func (c *Client) revocations(ctx context.Context, mode, user string) ([]string, error) {
	keys := []string{c.revokedKey("last"), c.revokedKey("users")}
	answer, err := c.redis.Eval(ctx, revocationsScript, keys,
		mode, newGeneration(), revokedTime.Milliseconds(), maxRevoked, user)
	if err != nil {
		return nil, err
	}
	reply, err := texts(answer)
	if err == nil && (len(reply) == 0 || mode != "list" && len(reply) != 2) {
		err = errors.New("unknown reply")
	}
	return reply, err
}

// Ticket is the content of a ticket.
type Ticket struct {
	User   int64
	Name   string    // of the user
	Issued Moment    // a revocation after it ends the socket
	Ends   time.Time // when the session ends, by the clock of the API
}

// IssueTicket stores a new ticket in Redis.
func (c *Client) IssueTicket(ctx context.Context, t Ticket) (ticket string, expires time.Time, err error) {
	var secret [24]byte
	rand.Read(secret[:]) // never fails (crypto/rand)
	ticket = base64.RawURLEncoding.EncodeToString(secret[:])
	value := fmt.Sprintf("%s %d %d %d %s", t.Issued.generation, t.Issued.n, t.User, t.Ends.UnixMilli(), t.Name)
	key := c.ticketKey(digest(ticket))
	if _, err := c.redis.Eval(ctx, ticketScript, []string{key}, value, TicketTime.Milliseconds()); err != nil {
		return "", time.Time{}, unavailable(fmt.Errorf("store a ticket: %w", err))
	}
	return ticket, time.Now().Add(TicketTime), nil
}

var errBadTicket = chat.Errorf(chat.CodeUnauthorized,
	"this ticket is not valid, or no longer valid; request a new one")

// RedeemTicket returns the content of a ticket and deletes it. The code of the
// error is unauthorized if there is no such ticket.
func (c *Client) RedeemTicket(ctx context.Context, ticket string) (Ticket, error) {
	answer, err := c.redis.Eval(ctx, ticketScript, []string{c.ticketKey(digest(ticket))})
	value, ok := answer.(string)
	if err == nil && !ok {
		err = errors.New("unknown reply")
	}
	if err != nil {
		return Ticket{}, unavailable(fmt.Errorf("redeem a ticket: %w", err))
	}
	words := strings.SplitN(value, " ", 5)
	if len(words) < 5 {
		return Ticket{}, errBadTicket
	}
	issued, errIssued := readMoment(words[0], words[1])
	user, errUser := strconv.ParseInt(words[2], 10, 64)
	ends, errEnds := strconv.ParseInt(words[3], 10, 64)
	if err := errors.Join(errIssued, errUser, errEnds); err != nil {
		return Ticket{}, fmt.Errorf("parse a ticket: %w", err)
	}
	t := Ticket{User: user, Name: words[4], Issued: issued, Ends: time.UnixMilli(ends)}
	if !t.Ends.After(time.Now()) {
		return Ticket{}, errBadTicket
	}
	return t, nil
}

// Revoke invalidates all tickets that a user has been issued so far, and the
// sockets that they opened.
func (c *Client) Revoke(ctx context.Context, user int64) error {
	if _, err := c.revocations(ctx, "revoke", strconv.FormatInt(user, 10)); err != nil {
		return unavailable(fmt.Errorf("revoke the tickets of a user: %w", err))
	}
	return nil
}

// Revoked maps users to when their tickets were last revoked.
type Revoked map[int64]Moment

// Ends reports whether a ticket that was issued to a user at that moment has
// been revoked.
func (r Revoked) Ends(user int64, issued Moment) bool {
	at, ok := r[user]
	return ok && (issued.generation != at.generation || issued.n < at.n)
}

// Revoked returns the revocations that Redis remembers.
func (c *Client) Revoked(ctx context.Context) (Revoked, error) {
	reply, err := c.revocations(ctx, "list", "")
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
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
