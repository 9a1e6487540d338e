package node

import (
	"crypto/rand"
	"encoding/hex"
	"net/url"

	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/presence"
	"livechat/server/room"
	"livechat/server/socket"
	"livechat/server/wire"
)

var (
	_ room.LogReader     = (*bus.Bus)(nil)
	_ room.ReactionStore = (*bus.Reactions)(nil)
	_ socket.Publisher   = (*bus.Bus)(nil)
)

// The parts do not import each other. This file connects them.

// subscriber passes what the bus receives on to rooms and presence.
type subscriber struct{ n *Node }

var _ bus.Subscriber = subscriber{}

func (s subscriber) Subscribed(room string) {
	s.n.registry(room).Subscribed(room)
	s.n.ruled.Doubt(room)
}

func (s subscriber) Payload(room string, payload []byte) { s.n.registry(room).Payload(room, payload) }

// Gossip implements bus.Subscriber.
func (s subscriber) Gossip(payload []byte) {
	if !s.n.privateGossip.Receive(payload) && !s.n.ruled.Receive(payload) &&
		!s.n.rooms.ReceiveTaken(payload) && !s.n.cluster.Receive(payload) &&
		!s.n.connections.Receive(payload) {
		s.n.presence.Receive(payload)
	}
}

// GossipSubscribed implements bus.Subscriber.
func (s subscriber) GossipSubscribed() {
	s.n.presence.Resubscribed()
	s.n.ruled.DoubtAll() // in a cluster the channels of rooms have links of their own
	if r := s.n.services.relay; r != nil {
		r.DoubtAll()
	}
}

// LogInDoubt implements bus.Subscriber.
func (s subscriber) LogInDoubt(room string) {
	if r := s.n.services.relay; r != nil {
		if user, ok := chat.FeedUser(room); ok {
			r.Doubt(user)
		}
	}
}

func (s subscriber) Connected(up bool) { s.n.redisUp.Store(up) }

// repairSource offers the bus what this server's rooms remember of their logs.
type repairSource struct{ n *Node }

var _ bus.RepairSource = repairSource{}

// Known implements bus.RepairSource.
func (s repairSource) Known(room string) chat.Log {
	if r := s.n.registry(room).Get(room); r != nil {
		return r.Known()
	}
	return chat.Log{}
}

// Remember implements bus.RepairSource.
func (s repairSource) Remember(room string, after, before uint64) []bus.Restored {
	if r := s.n.registry(room).Get(room); r != nil {
		return bus.RestoredOf(room, r.Remember(after, before))
	}
	return nil
}

// Unreceived implements bus.RepairSource.
func (s repairSource) Unreceived(room string) []bus.Restored {
	if r := s.n.registry(room).Get(room); r != nil {
		return bus.RestoredOf(room, r.Unreceived())
	}
	return nil
}

// Servers implements bus.RepairSource.
func (s repairSource) Servers() (names []string) {
	for _, n := range s.n.presence.Servers() {
		names = append(names, n.Node)
	}
	return names
}

// registry returns the registry that holds a log: the users' feeds or the
// rooms.
func (n *Node) registry(log string) *room.Registry {
	if chat.IsFeed(log) {
		return n.feeds
	}
	return n.rooms
}

func presenceFrame(u presence.Update) []byte {
	return wire.Frame(wire.Presence{
		Type: "presence", Online: u.Online, Names: u.Names, Joined: u.Joined, Left: u.Left, Accounts: u.Accounts,
		Connections: u.Connections,
	})
}

func (n *Node) emitPresence(room string, u presence.Update) {
	if r := n.rooms.Get(room); r != nil {
		r.Broadcast(presenceFrame(u))
	}
}

func (n *Node) emitTyping(room, session, name string) {
	if r := n.rooms.Get(room); r != nil {
		r.Broadcast(wire.Frame(wire.Typing{Type: "typing", Session: session, Name: name}))
	}
}

// emitTypingInChat tells the feed of a user who is writing in a private chat.
func (n *Node) emitTypingInChat(user int64, chatID, name string) {
	if feed := n.feeds.Get(chat.FeedRoom(user)); feed != nil {
		feed.Broadcast(wire.Frame(wire.TypingInChat{Type: "typing", Chat: chatID, Name: name}))
	}
}

func (n *Node) online(room string, most int) (online int, names []string, known bool) {
	online, names = n.presence.Glance(room, most)
	return online, names, n.ready.Load()
}

// redisName returns the address of Redis without its password, for log lines.
func (n *Node) redisName() string {
	if n.embedded != nil {
		return "embedded"
	}
	u, err := url.Parse(n.cfg.Redis.URL)
	if err != nil {
		return "configured"
	}
	return u.Redacted()
}

// newID returns an id that no other process has or had.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
