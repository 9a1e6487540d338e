package node

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"livechat/server/account"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/session"
	"livechat/server/store"
)

// The services and the sessions do not know each other; what one side does to users follows on the other through Redis, here.

// userOptions is what sessions need for users with an account, whether this server has the API or not.
func (n *Node) userOptions() *session.UserOptions {
	return &session.UserOptions{
		Feeds: n.feeds, CountNames: n.bus.CountNames, Every: revokeEvery, Settle: settleName,
		Redeem: func(ctx context.Context, ticket string) (session.User, error) {
			t, err := n.bus.RedeemTicket(ctx, ticket)
			return session.User{ID: t.User, Name: t.Name, Ends: t.Ends, Issued: t.Issued}, err
		},
		Revoked: func(ctx context.Context) (func(session.User) bool, error) {
			revoked, err := n.bus.Revoked(ctx)
			if err != nil || len(revoked) == 0 {
				return nil, err
			}
			return func(u session.User) bool {
				issued, _ := u.Issued.(bus.Moment)
				return revoked.Ends(u.ID, issued)
			}, nil
		},
		Kept:    account.Kept,
		AskName: n.askName(),
		Reserved: func(ctx context.Context, name string) (bool, error) {
			return account.Reserved(ctx, func(ctx context.Context, skeleton string) (bool, error) {
				has, err := n.names.await(ctx, skeleton)
				return err == nil && has[0], err
			}, name)
		},
		ReservedOf: func(ctx context.Context, names []string) ([]string, error) {
			return account.ReservedOf(ctx, func(ctx context.Context, skeletons []string) ([]bool, error) { return n.names.ask(ctx, skeletons...) }, names)
		},
	}
}

// events puts the events of private chats into the feeds.
type events struct{ bus *bus.Bus }

// Publish implements private.Publisher.
func (e events) Publish(ctx context.Context, room, id string, body []byte, digest string) error {
	done := make(chan error, 1)
	err := e.bus.Publish(ctx, bus.Publication{Room: room, ID: id, Body: body, Digest: digest, Done: func(_ bus.Receipt, err error) { done <- err }})
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for an event to be published: %w", context.Cause(ctx))
	}
}

// accounts is the account service, with what follows from its answers on the servers with sockets.
type accounts struct {
	*account.Service
	bus     *bus.Bus
	revoker *revoker
}

// Register implements api.Accounts. The name is nobody's else from now on.
func (a accounts) Register(ctx context.Context, name, password, addr string) (store.User, error) {
	u, err := a.Service.Register(ctx, name, password, addr)
	if err == nil {
		_ = a.bus.AddNames(ctx, account.Skeleton(u.Name)) // the announcer says it again
	}
	return u, err
}

// Logout implements api.Accounts.
func (a accounts) Logout(ctx context.Context, token string) error {
	u, err := a.WhoAmI(ctx, token)
	if err != nil {
		if e := chat.AsError(err); e.Code == chat.CodeUnauthorized {
			return nil // there is no such session
		}
		return err
	}
	return a.revoking(ctx, u.ID, func() error { return a.Service.Logout(ctx, token) })
}

// LogoutAll implements api.Accounts.
func (a accounts) LogoutAll(ctx context.Context, user int64) error {
	return a.revoking(ctx, user, func() error { return a.Service.LogoutAll(ctx, user) })
}

// ChangePassword implements api.Accounts.
func (a accounts) ChangePassword(ctx context.Context, user int64, old, next string) error {
	return a.revoking(ctx, user, func() error { return a.Service.ChangePassword(ctx, user, old, next) })
}

// Delete implements api.Accounts.
func (a accounts) Delete(ctx context.Context, user int64, password string) error {
	return a.revoking(ctx, user, func() error { return a.Service.Delete(ctx, user, password) })
}

// revoking ends the user's sockets as well, after the sessions: a ticket that was
// issued before is older than the revocation. It does not fail because Redis is
// away: the sessions have ended, and the sockets follow when it is back. Sockets of
// sessions that go on come back with a new ticket.
func (a accounts) revoking(ctx context.Context, user int64, change func() error) error {
	if err := change(); err != nil {
		return err
	}
	a.revoker.now(ctx, user)
	return nil
}

// askName holds each address to NAME_RATE.
func (n *Node) askName() func(addr, name string) error {
	asking := account.NewAsking(account.NewLimit(n.cfg.Limits.NameRate, n.cfg.Limits.NameBurst))
	return func(addr, name string) error {
		if wait := asking.Take(time.Now(), addr, name); wait > 0 {
			return tooMany("too many names from one address; come back later, or without a name", wait)
		}
		return nil
	}
}

func tooMany(message string, wait time.Duration) error {
	return &chat.Error{
		Code: chat.CodeRateLimited, Message: message, Retryable: true,
		RetryAfterMS: (wait + time.Millisecond - 1).Milliseconds(),
	}
}

// allowPosts holds each user to POST_RATE.
func (n *Node) allowPosts() func(user int64) error {
	throttle := account.NewThrottle(account.NewLimit(n.cfg.Limits.PostRate, n.cfg.Limits.PostBurst))
	return func(user int64) error {
		wait := throttle.Take(time.Now(), strconv.FormatInt(user, 10))
		if wait == 0 {
			return nil
		}
		return tooMany("too many messages; slow down", wait)
	}
}

// tickets issues what opens a socket.
type tickets struct {
	accounts *account.Service
	bus      *bus.Bus
}

// Issue implements api.Tickets. It asks where the revocations are before it looks for the session: whoever is logged out in between has a ticket that is
// revoked.
func (t tickets) Issue(ctx context.Context, _ int64, token string) (ticket string, expires time.Time, err error) {
	now, err := t.bus.Now(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	s, err := t.accounts.Session(ctx, token)
	if err != nil {
		return "", time.Time{}, err
	}
	return t.bus.IssueTicket(ctx, bus.Ticket{User: s.User.ID, Name: s.User.Name, Issued: now, Ends: s.Ends})
}
