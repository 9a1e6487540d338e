package presence

import (
	"cmp"
	"slices"
	"time"
)

// NodeInfo describes a server as this one knows it.
type NodeInfo struct {
	Node, App   string
	Role        string    // all, ws or api; "" for a legacy server
	Total       int       // connections in all rooms
	Unavailable bool      // takes no new clients
	LastSeen    time.Time // when its last report came
	Stale       bool      // two of its reports are overdue: the rest may be out of date
}

// roleAPI is the role of a process without sockets.
const roleAPI = "api"

// TakesSockets reports whether the server accepts WebSocket connections. A
// server without a role is older than roles, and does.
func (i NodeInfo) TakesSockets() bool { return i.Role != roleAPI }

// Servers returns the live servers that take sockets, sorted by name, including
// this one if it does. Processes with only the API have no clients, follow no
// room and cannot take over clients, so they are left out.
func (p *Presence) Servers() []NodeInfo {
	return slices.DeleteFunc(p.Nodes(), func(i NodeInfo) bool { return !i.TakesSockets() })
}

// Nodes returns all live processes, sorted by name, including this one and
// those with only the API.
func (p *Presence) Nodes() []NodeInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	nodes := []NodeInfo{
		{
			Node:        p.opts.Node,
			App:         p.opts.App,
			Role:        p.opts.Role,
			Total:       p.report.total,
			Unavailable: p.unavailable,
			LastSeen:    time.Now(),
		},
	}
	for node, peer := range p.peers {
		nodes = append(nodes, NodeInfo{
			Node:        node,
			App:         peer.app,
			Role:        peer.role,
			Total:       peer.total,
			Unavailable: peer.unavailable,
			LastSeen:    peer.seen,
			Stale:       time.Since(peer.seen) > 5*peer.every/2,
		})
	}
	slices.SortFunc(nodes, func(a, b NodeInfo) int { return cmp.Compare(a.Node, b.Node) })
	return nodes
}

// Rooms returns how many connections each room has on each server, by room and
// node. Rooms without any are left out.
func (p *Presence) Rooms() map[string]map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	rooms := map[string]map[string]int{}
	count := func(room, node string, n int) {
		if n == 0 {
			return
		}
		if rooms[room] == nil {
			rooms[room] = map[string]int{}
		}
		rooms[room][node] = n
	}
	for name, r := range p.rooms {
		count(name, p.opts.Node, len(r.sessions))
	}
	for node, from := range p.peers {
		for name, s := range from.rooms {
			count(name, node, s.online)
		}
	}
	return rooms
}
