package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/url"

	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/presence"
	"livechat/server/room"
	"livechat/server/session"
	"livechat/server/wire"
)

// The parts do not know each other; what one says to another is translated here.

// feed brings what the bus hears to rooms and presence.
type feed struct{ n *Node }

var _ bus.Handler = feed{}

func (f feed) Subscribed(room string) { f.n.registry(room).Subscribed(room) }

func (f feed) Payload(room string, payload []byte) { f.n.registry(room).Payload(room, payload) }

// Known implements bus.Handler.
func (f feed) Known(room string) chat.Log {
	if r := f.n.registry(room).Get(room); r != nil {
		return r.Known()
	}
	return chat.Log{}
}

// Remember implements bus.Handler.
func (f feed) Remember(room string, after, before uint64) []bus.Kept {
	if r := f.n.registry(room).Get(room); r != nil {
		return kept(room, r.Remember(after, before))
	}
	return nil
}

// Unheard implements bus.Handler.
func (f feed) Unheard(room string) []bus.Kept {
	if r := f.n.registry(room).Get(room); r != nil {
		return kept(room, r.Unheard())
	}
	return nil
}

// Servers implements bus.Handler.
func (f feed) Servers() (names []string) {
	for _, n := range f.n.presence.Servers() {
		names = append(names, n.Node)
	}
	return names
}

// Side implements bus.Handler.
func (f feed) Side(payload []byte) {
	if !f.n.receive(payload) && !f.n.cluster.Receive(payload) {
		f.n.presence.Receive(payload)
	}
}

func (f feed) SideSubscribed() { f.n.presence.Reset() }
func (f feed) Feed(up bool)    { f.n.redisUp.Store(up) }

// registry returns who holds a log: the rooms that people are in, or the feeds of users.
func (n *Node) registry(log string) *room.Registry {
	if chat.IsFeed(log) {
		return n.feeds
	}
	return n.rooms
}

// logs is the bus as rooms see it.
type logs struct{ *bus.Bus }

var _ room.Log = logs{}

// Republish implements room.Log.
func (l logs) Republish(room string, payloads [][]byte) { l.Bus.Republish(room, kept(room, payloads)) }

// kept reads out of payloads what the bus has to know of them.
func kept(room string, payloads [][]byte) []bus.Kept {
	list := make([]bus.Kept, 0, len(payloads))
	for _, p := range payloads {
		e, ok := wire.ParseEntry(p)
		m, err := wire.Said(p)
		if ok && err == nil {
			list = append(list, bus.Kept{Position: e.Position, Payload: p, ID: idKey(room, &m), Digest: digest(m.Text)})
		}
	}
	return list
}

// idKey returns what the log of a room knows a message by. The events of a feed are the relay's, which draws their ids.
func idKey(room string, m *chat.Message) string {
	if chat.IsFeed(room) {
		return m.ID
	}
	return m.Key()
}

// digest tells one text from another under the same id.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// publisher puts messages on the bus.
type publisher struct{ bus *bus.Bus }

var _ session.Publisher = publisher{}

// Publish implements session.Publisher.
func (p publisher) Publish(ctx context.Context, room string, m chat.Message, done func(chat.Position, bool, error)) error {
	return p.bus.Publish(ctx, bus.Publication{
		Room: room, ID: idKey(room, &m), Body: wire.AppendBody(nil, &m), Digest: digest(m.Text),
		Done: func(r bus.Receipt, err error) { done(r.Position, r.Duplicate, err) },
	})
}

// people is presence as sessions see it.
type people struct{ *presence.Presence }

var _ session.Presence = people{}

// Snapshot implements session.Presence.
func (p people) Snapshot(room string) wire.Presence { return presenceFrame(p.Presence.Snapshot(room)) }

func presenceFrame(u presence.Update) wire.Presence {
	return wire.Presence{Type: "presence", Online: u.Online, Names: u.Names, Joined: u.Joined, Left: u.Left}
}

func (n *Node) emitPresence(room string, u presence.Update) {
	if r := n.rooms.Get(room); r != nil {
		r.Broadcast(wire.Frame(presenceFrame(u)))
	}
}

func (n *Node) emitTyping(room, session, name string) {
	if r := n.rooms.Get(room); r != nil {
		r.Broadcast(wire.Frame(wire.Typing{Type: "typing", Session: session, Name: name}))
	}
}

func (n *Node) online(room string) (int, bool) {
	return n.presence.Online(room), n.ready.Load()
}

// redisName is the Redis as a log may show it: without password.
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

// newID names this process among those that ever were.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
