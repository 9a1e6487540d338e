package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/moderation"
	"livechat/server/socket"
	"livechat/server/store"
)

// The rules of rooms: this file connects the database, which has the truth, the
// bus, which has the working copies, and the sockets.
//
// A server with a database reads the truth itself. One without asks the servers
// with the API, once it has seen any; before that there is no moderation, and
// nobody is asked. So in a cluster with the API no server takes a message in a
// room whose rules it does not know, nor lets anybody in, and a cluster without
// it is not slowed down.

const (
	// rulesTime bounds how long the database may take to tell the rules of a room.
	// After that a server uses what it remembers, if it has the room open.
	rulesTime = time.Second
	// askTime bounds the question to other servers.
	askTime = time.Second
)

// errAsked says that another server was asked to load the rules of a room.
var errAsked = &chat.Error{
	Code: chat.CodeUnavailable, Message: "the rules of the room are not known yet; try again in a moment",
	Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
}

// rulesWanted asks the servers with the API, on the gossip channel, to put the
// rules of a room beside its log.
type rulesWanted struct {
	Type string `json:"type"` // as in wantedPrefix
	Room string `json:"room"`
}

var (
	wantedPrefix = []byte(`{"type":"rules_wanted",`)
	rulesPrefix  = []byte(bus.RulesGossip)
)

// rulesNeeded reports whether nobody may write in a room whose rules are not
// known, or enter it.
func (n *Node) rulesNeeded() bool { return n.database != nil || n.names.Accounts() }

// loadRules is bus.Options.Rules.
func (n *Node) loadRules(ctx context.Context, room string) (chat.RoomRules, error) {
	if n.database == nil {
		return chat.RoomRules{}, n.askForRules(ctx, room)
	}
	r, err := n.trueRules(ctx, room)
	if err == nil {
		return r, nil
	}
	if r, ok := n.ruled.Remembered(room); ok {
		return r, nil
	}
	return r, err
}

// trueRules returns the rules of a room as the database has them. A database
// without the tables is older than rules.
func (n *Node) trueRules(ctx context.Context, room string) (chat.RoomRules, error) {
	ctx, cancel := context.WithTimeout(ctx, rulesTime)
	defer cancel()
	r, err := n.database.RoomRules(ctx, room, time.Now())
	if store.Missing(err) {
		return chat.RoomRules{}, nil
	}
	return r, err
}

// askForRules asks the servers with the API. The error says that it has.
func (n *Node) askForRules(ctx context.Context, room string) error {
	payload, err := json.Marshal(rulesWanted{Type: "rules_wanted", Room: room})
	if err != nil {
		return fmt.Errorf("ask for the rules of room %s: %w", room, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if err := n.bus.PublishGossip(ctx, payload); err != nil {
		return fmt.Errorf("ask for the rules of room %s: %w", room, errors.Join(errAsked, err))
	}
	return errAsked
}

// receiveRules handles gossip about rules, and reports whether the payload is
// that.
func (n *Node) receiveRules(payload []byte) bool {
	if bytes.HasPrefix(payload, rulesPrefix) {
		if room, ok := bus.RulesRoom(payload); ok {
			n.ruled.Doubt(room)
		}
		return true
	}
	if !bytes.HasPrefix(payload, wantedPrefix) {
		return false
	}
	var ask rulesWanted
	if err := json.Unmarshal(payload, &ask); err != nil || moderation.CheckRoom(ask.Room) != nil {
		n.logger.Debug("rules: unreadable question")
		return true
	}
	if n.services.store != nil {
		n.bus.WantRules(ask.Room)
	}
	return true
}

// buildRules makes what knows the rules of the rooms that are open here.
func (n *Node) buildRules() {
	o := moderation.WatchOptions{
		Read: n.bus.Rules, Apply: n.bus.SetRules, Logger: n.logger,
		Open:   func(room string) bool { return n.rooms.Get(room) != nil },
		Needed: n.rulesNeeded, Pinned: n.tellPinned,
		Expel: func(room string) { n.sockets.Expel(room) },
	}
	o.OnlyMade = n.cfg.Room.Rooms == config.RoomsMade
	if n.database != nil {
		o.Truth = n.trueRules
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
