package node

import (
	"context"

	"livechat/server/account"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/moderation"
	"livechat/server/socket"
	"livechat/server/store"
	"livechat/server/wire"
)

// Moderation: this file connects the database, which has the truth about rules
// of rooms, the bus, which has the working copies, the logs, and the sockets of
// all servers.

// rulesNeeded reports whether nobody may write in a room whose rules are not
// known, or enter it.
func (n *Node) rulesNeeded() bool { return n.database != nil || n.names.Accounts() }

// loadRules is bus.Options.Rules.
func (n *Node) loadRules(ctx context.Context, room string) (chat.RoomRules, error) {
	return n.ruled.Load(ctx, room)
}

// buildRules makes what knows the rules of the rooms that are open here.
func (n *Node) buildRules() {
	o := moderation.WatchOptions{
		Read: n.bus.Rules().Read, Apply: n.bus.Rules().Set, Logger: n.logger,
		Open:   func(room string) bool { return n.rooms.Get(room) != nil },
		Needed: n.rulesNeeded, Pinned: n.tellPinned,
		Expel:  func(room string) { n.sockets.Expel(room) },
		Gossip: n.bus.PublishGossip, Changed: bus.RulesRoom,
		Kicked: func(room string, k moderation.Kick) { n.sockets.Kick(room, k.Person, k.Name) },
	}
	o.OnlyMade = n.cfg.Room.Rooms == config.RoomsMade
	if n.database != nil {
		o.Truth = moderation.TruthOf(n.database)
	}
	if n.services.store != nil {
		o.Wanted = n.bus.Rules().Want
	}
	n.ruled = moderation.NewWatch(o)
}

// ruleOptions is what sockets need for the rules of rooms.
func (n *Node) ruleOptions() *socket.RuleOptions {
	if n.cfg.Server.Role == config.RoleAPI {
		return nil
	}
	return &socket.RuleOptions{
		Await: n.ruled.Await, Admits: n.ruled.Admits,
		Address: moderation.NewAddresses(n.cfg.Rules.AddressSecret).Subject,
		Note:    n.bus.NoteAddress,
		Pinned:  n.ruled.Pinned,
	}
}

// wordOptions is what the bus needs for blocked words.
func (n *Node) wordOptions() *bus.WordOptions {
	return &bus.WordOptions{
		Verdict: func(room string, said []string) string { return n.ruled.Verdict(room, said) },
		Learn:   func(room string, r chat.RoomRules) { n.ruled.Learn(room, r) },
	}
}

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
		Store: db, Apply: n.bus.Rules().Set, Audit: moderation.Audit, Logger: n.logger,
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

// tellPinned tells those who are in a room on this server what is pinned.
func (n *Node) tellPinned(room string, pin *chat.Pin) {
	if r := n.rooms.Get(room); r != nil {
		r.Broadcast(wire.Frame(wire.Pin{Type: "pin", Pinned: pin}))
	}
}
