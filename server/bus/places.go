package bus

import (
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// subscribePatience is how long a node of a cluster may take to confirm a
// SUBSCRIBE before it is sent again.
const subscribePatience = 500 * time.Millisecond

// places holds, in a cluster, at which node the channel of each room is
// subscribed: at the master that has its slot, where the publish script runs.
// So the channel of a room lives and dies with the node that has its log. There
// is one link per master, once it has a room that is wanted.
type places struct {
	mu    sync.Mutex
	last  uint64                    // guarded by mu: number of the newest request
	start func(*redis.Client) *link // guarded by mu: nil while the links do not run
	rooms map[string]*place         // guarded by mu: by channel; those that are wanted
	links map[*redis.Client]*link   // guarded by mu
}

type place struct {
	room    string
	request uint64 // number of the request: see topics
	link    *link  // nil: none yet
}

func newPlaces() *places {
	return &places{rooms: make(map[string]*place), links: make(map[*redis.Client]*link)}
}

// want requests the channel of a room, unless it is requested already.
func (p *places) want(channel, room string, nodes *nodes) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rooms[channel] == nil {
		p.last++
		p.rooms[channel] = &place{room: room, request: p.last}
		p.placeLocked(channel, nodes)
	}
}

// drop withdraws the request and returns its number; 0 if there is none.
func (p *places) drop(channel string) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[channel]
	if r == nil {
		return 0
	}
	if r.link != nil {
		r.link.topics.drop(channel)
	}
	delete(p.rooms, channel)
	return r.request
}

// request returns the number of the request for a channel; 0 if there is none.
func (p *places) request(channel string) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rooms[channel]; r != nil {
		return r.request
	}
	return 0
}

// of returns the link of a channel, nil if it has none.
func (p *places) of(channel string) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rooms[channel]; r != nil {
		return r.link
	}
	return nil
}

// placeLocked subscribes a channel at the node that has its slot now.
func (p *places) placeLocked(channel string, nodes *nodes) {
	node := nodes.ofKnown(channel)
	if node == nil || p.start == nil {
		return
	}
	r := p.rooms[channel]
	l := p.links[node]
	if l == nil {
		l = p.start(node)
		p.links[node] = l
	}
	if r.link == l {
		return
	}
	if r.link != nil {
		r.link.topics.drop(channel)
	}
	r.link = l
	l.topics.want(channel, r.room)
}

// arrange moves rooms whose slot has moved, and ends the links to nodes that
// are no longer masters. It reports whether all rooms are subscribed.
func (p *places) arrange(masters []*redis.Client, nodes *nodes) (well bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.start == nil {
		return false
	}
	well = true
	for channel, r := range p.rooms {
		p.placeLocked(channel, nodes)
		well = well && r.link != nil
	}
	for node, l := range p.links {
		switch {
		case !slices.Contains(masters, node):
			l.end()
			delete(p.links, node)
		case l.topics.again(subscribePatience), l.active.Load() == nil:
			well = false
		}
	}
	return well
}

// open allows rooms to be placed, at links that start starts.
func (p *places) open(start func(*redis.Client) *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start = start
}

// close prevents further links.
func (p *places) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start = nil
}

// wanted returns the rooms whose channels are wanted.
func (p *places) wanted() (rooms []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rooms {
		rooms = append(rooms, r.room)
	}
	return rooms
}
