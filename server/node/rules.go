package node

import (
	"context"

	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/moderation"
	"livechat/server/socket"
)

// The rules of rooms: this file connects the database, which has the truth, the
// bus, which has the working copies, and the sockets.

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
		Read: n.bus.Rules, Apply: n.bus.SetRules, Logger: n.logger,
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
		o.Wanted = n.bus.WantRules
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
