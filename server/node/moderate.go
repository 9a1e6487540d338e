package node

import (
	"context"
	"time"

	"livechat/server/account"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/limit"
	"livechat/server/moderation"
	"livechat/server/store"
	"livechat/server/wire"
)

// Where people moderate: this file connects the desk with the database, the logs
// of rooms, and the sockets of all servers.

// roomLog is the logs of rooms as package moderation needs them.
type roomLog struct{ *bus.Bus }

// Publish implements moderation.Log.
func (l roomLog) Publish(ctx context.Context, room string, m chat.Message) error {
	_, err := l.PublishEvent(ctx, room, m, "")
	return err
}

// moderateOptions returns how clients of rooms moderate; nil if they cannot. As
// with files, a server without the API works in the database of those that have
// it, which it must be able to write: not a file of SQLite, which has one
// writer.
func (n *Node) moderateOptions() func(ctx context.Context, user int64, room string, req wire.Request) error {
	db := n.database
	if db == nil || n.cfg.Server.Role == config.RoleWS && db.Dialect() != "postgres" {
		return nil
	}
	return n.newDesk(db, moderation.New(moderation.Options{
		Store: db, Apply: n.bus.SetRules, Audit: moderation.Audit, Logger: n.logger,
	})).Frame
}

// newDesk returns the desk of a server that can write in a database.
func (n *Node) newDesk(s *store.Store, rules *moderation.Service) *moderation.Desk {
	n.metrics.Moderated.WithLabelValues(store.ActionMute) // so that the panel has a zero to begin with
	return moderation.NewDesk(moderation.DeskOptions{
		Rules: rules, Store: s, Roles: moderation.RolesOf(s), Log: roomLog{n.bus}, App: n.cfg.Server.App,
		Address: n.bus.AddressOf, Kick: n.ruled.Kick, Logger: n.logger,
		Did: func(action string) { n.metrics.Moderated.WithLabelValues(action).Inc() },
		Account: func(ctx context.Context, name string) (store.User, error) {
			u, _, err := s.UserByName(ctx, account.Canonical(name))
			return u, err
		},
	})
}

// allowReports limits how often a person reports messages, and how often those
// at an address do.
func allowReports() func(person, addr string) error {
	people := limit.NewThrottle(limit.Rate{Every: 30 * time.Second, Burst: 10})
	addresses := limit.NewThrottle(limit.Rate{Every: 10 * time.Second, Burst: 30})
	return func(person, addr string) error {
		now := time.Now()
		if wait := max(people.Take(now, person), addresses.Take(now, addr)); wait > 0 {
			return chat.RateLimited("too many reports; try again later", wait)
		}
		return nil
	}
}

// tellPinned tells those who are in a room on this server what is pinned.
func (n *Node) tellPinned(room string, pin *chat.Pin) {
	if r := n.rooms.Get(room); r != nil {
		r.Broadcast(wire.Frame(wire.Pin{Type: "pin", Pinned: pin}))
	}
}
