package node

import (
	"context"
	"time"

	"livechat/server/account"
	"livechat/server/auth"
	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/metrics"
	"livechat/server/presence"
	"livechat/server/socket"
	"livechat/server/store"
)

// Services and sockets do not import each other. What one does to a user
// reaches the other through Redis; this file connects them.

// hasAPI reports whether one of the servers has the API.
func hasAPI(nodes []presence.NodeInfo) bool {
	for _, node := range nodes {
		if node.Role == "all" || node.Role == "api" {
			return true
		}
	}
	return false
}

// userOptions is what sockets need for accounts, whether this server has the
// API or not.
func (n *Node) userOptions() *socket.UserOptions {
	return &socket.UserOptions{
		Feeds: n.feeds, CountNames: n.auth.CountNames, Every: revokeEvery, Grace: registrationGrace,
		Redeem: func(ctx context.Context, ticket string) (socket.User, error) {
			t, err := n.auth.RedeemTicket(ctx, ticket)
			return socket.User{ID: t.User, Name: t.Name, Ends: t.Ends, Issued: t.Issued}, err
		},
		Revoked: func(ctx context.Context) (func(socket.User) bool, error) {
			revoked, err := n.auth.Revoked(ctx)
			if err != nil || len(revoked) == 0 {
				return nil, err
			}
			return func(u socket.User) bool {
				issued, _ := u.Issued.(auth.Moment)
				return revoked.Ends(u.ID, issued)
			}, nil
		},
		Blocked: account.IsSystemName,
		AskName: n.askName(),
		Reserved: func(ctx context.Context, name string) (bool, error) {
			return account.Reserved(ctx, func(ctx context.Context, skeleton string) (bool, error) {
				has, err := n.names.Await(ctx, skeleton)
				return err == nil && has[0], err
			}, name)
		},
		ReservedOf: func(ctx context.Context, names []string) ([]string, error) {
			return account.ReservedOf(ctx, n.askNames, names)
		},
		AskMention: n.askName(),
		AccountsOf: func(ctx context.Context, names []string) ([]string, error) {
			return account.AccountsOf(ctx, n.askNames, names)
		},
	}
}

// limited returns what counts that a limit was reached.
func (n *Node) limited(of string) func() {
	return func() { n.metrics.Limited.WithLabelValues(of).Inc() }
}

// askName limits how many guests' names each address can ask for.
func (n *Node) askName() func(addr, name string) error {
	return account.AskName(limit.NewRate(n.cfg.Limits.NameRate, n.cfg.Limits.NameBurst),
		n.limited(metrics.OfNames))
}

func (n *Node) askNames(ctx context.Context, skeletons []string) ([]bool, error) {
	return n.names.Ask(ctx, skeletons...)
}

// accounts is the account service, which also passes on to the servers with
// sockets what follows from a change.
type accounts struct {
	*account.Service
	auth    *auth.Client
	revoker *auth.Revoker
}

// Register implements api.Accounts. From then on only the new account may use
// the name.
func (a accounts) Register(ctx context.Context, name, password, addr string) (store.User, error) {
	u, err := a.Service.Register(ctx, name, password, addr)
	if err == nil {
		_ = a.auth.AddNames(ctx, account.Skeleton(u.Name)) // the announcer repeats it
	}
	return u, err
}

// Logout implements api.Accounts.
func (a accounts) Logout(ctx context.Context, token string) error {
	u, err := a.WhoAmI(ctx, token)
	if err != nil {
		if e := chat.AsError(err); e.Code == chat.CodeUnauthorized {
			return nil // the session has ended already
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
func (a accounts) Delete(ctx context.Context, user int64, password string, keep bool) error {
	return a.revoking(ctx, user, func() error { return a.Service.Delete(ctx, user, password, keep) })
}

// revoking also closes the user's sockets, after the sessions have ended, so
// that a ticket issued before is older than the revocation. It does not fail
// when Redis is down: the sessions have ended, and the sockets are closed once
// Redis is back. Sockets of sessions that continue reconnect with a new ticket.
func (a accounts) revoking(ctx context.Context, user int64, change func() error) error {
	if err := change(); err != nil {
		return err
	}
	a.revoker.Now(ctx, user)
	return nil
}

// tickets issues the tickets that open a socket.
type tickets struct {
	accounts *account.Service
	auth     *auth.Client
}

// Issue implements api.Tickets. It reads the position of the revocations before
// it looks up the session, so a logout in between revokes the ticket.
func (t tickets) Issue(
	ctx context.Context, _ int64, token string,
) (ticket string, expires time.Time, err error) {
	now, err := t.auth.Now(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	s, err := t.accounts.Session(ctx, token)
	if err != nil {
		return "", time.Time{}, err
	}
	return t.auth.IssueTicket(ctx, auth.Ticket{User: s.User.ID, Name: s.User.Name, Issued: now, Ends: s.Ends})
}
