package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// topologyPause is the time between two reads of the topology while a node
	// is in trouble: five a second, until the new master is known. The first
	// reads come sooner, from topologySoon on: a moving slot is in flight for a
	// few milliseconds.
	topologyPause = 200 * time.Millisecond
	topologySoon  = 20 * time.Millisecond
	// topologyEvery is the time between two reads while all is well.
	topologyEvery = 5 * time.Second
)

// nodes are the nodes of a Redis Cluster as far as go-redis knows them.
// go-redis reads the topology every ten seconds, and when a node answers MOVED;
// until then commands to a dead node keep failing. So any failure of a node, in
// a command, a pipeline or a link, is a reason to read it again at once.
type nodes struct {
	client *redis.ClusterClient
	*topology
	wake  chan struct{} // holds a token while a node may be in trouble; never closed
	moved chan struct{} // holds a token when a slot is known to have moved; never closed
	known atomic.Bool   // the topology has been read: finding a node needs no round trip

	mu      sync.Mutex
	masters []*redis.Client // guarded by mu
}

// newNodes returns the nodes of a cluster, with a client.
func newNodes(o *redis.UniversalOptions) *nodes {
	n := &nodes{topology: newTopology(o), wake: make(chan struct{}, 1), moved: make(chan struct{}, 1)}
	c := o.Cluster()
	c.ClusterSlots = n.slots
	n.client = redis.NewClusterClient(c)
	n.client.OnNewNode(func(node *redis.Client) {
		node.AddHook(watchNode{n})
		node.AddHook(linkHook{})
	})
	return n
}

// trouble says that a node does not work as it should.
func (n *nodes) trouble() {
	if n == nil {
		return
	}
	ring(n.wake)
}

// slotMoved says that a slot has left a node. Another read shows where it is,
// and need not wait.
func (n *nodes) slotMoved() { ring(n.moved) }

// failed notes the error of a node, if it matters.
func (n *nodes) failed(err error) bool {
	switch {
	case !nodeFailed(err):
		return false
	case redis.HasErrorPrefix(err, "MOVED "):
		n.slotMoved()
	default:
		n.trouble()
	}
	return true
}

// watch reads the topology whenever there is trouble, and at intervals, until
// ctx is done. Then it calls changed, which reports whether all is well.
func (n *nodes) watch(ctx context.Context, changed func(masters []*redis.Client) (well bool)) {
	soon := topologySoon
	var atOnce time.Time // the last read that did not wait
	for {
		well := false
		if err := n.read(ctx); err == nil {
			well = changed(n.all())
		}
		looked := time.Now()
		moved := n.moved
		if time.Since(atOnce) < topologyPause { // it did not help, or there are many
			moved = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
			atOnce = time.Now()
			continue
		case <-time.After(soon):
		}
		pause := soon
		if well {
			pause = topologyEvery/2 + rand.N(topologyEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		case <-n.moved:
		case <-time.After(pause - soon):
		}
		soon = nextSoon(soon, time.Since(looked))
	}
}

// nextSoon returns the shortest pause before the read after next, given that
// the last pause was to be at least soon and took took. It grows while the
// trouble goes on, and is short again after a while without.
func nextSoon(soon, took time.Duration) time.Duration {
	if took > 2*topologyPause {
		return topologySoon
	}
	return min(2*soon, topologyPause)
}

// read reads the topology of the cluster.
func (n *nodes) read(ctx context.Context) error {
	var mu sync.Mutex
	var masters []*redis.Client
	err := n.client.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		masters = append(masters, node)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the topology of the cluster: %w", err)
	}
	n.mu.Lock()
	n.masters = masters
	n.mu.Unlock()
	n.known.Store(true)
	return nil
}

// all returns the masters in random order.
func (n *nodes) all() []*redis.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := append([]*redis.Client(nil), n.masters...)
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// of returns the master that has the slot of a key or channel.
func (n *nodes) of(ctx context.Context, key string) (*redis.Client, error) {
	node, err := n.client.MasterForKey(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("find the node of %s: %w", key, err)
	}
	return node, nil
}

// group groups indexes by the node that has their key, and returns errors for
// those without a node.
func (n *nodes) group(
	ctx context.Context, length int, key func(int) string,
) (byNode map[*redis.Client][]int, lost map[int]error) {
	byNode, lost = make(map[*redis.Client][]int), make(map[int]error)
	for i := range length {
		node, err := n.of(ctx, key(i))
		if err != nil {
			lost[i] = err
			continue
		}
		byNode[node] = append(byNode[node], i)
	}
	return byNode, lost
}

// ofKnown is of without a round trip: nil while the topology is unknown.
func (n *nodes) ofKnown(key string) *redis.Client {
	if !n.known.Load() {
		return nil
	}
	node, err := n.client.MasterForKey(context.Background(), key)
	if err != nil {
		return nil
	}
	return node
}

// watchNode is a hook in all commands of one node.
type watchNode struct{ nodes *nodes }

// DialHook implements redis.Hook.
func (w watchNode) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err != nil && ctx.Err() == nil {
			w.nodes.trouble()
		}
		return c, err
	}
}

// ProcessHook implements redis.Hook.
func (w watchNode) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		w.nodes.failed(err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (w watchNode) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if w.nodes.failed(cmd.Err()) {
				break
			}
		}
		return err
	}
}

// nodeFailed reports that an error is a reason to read the topology again: the
// node has not answered, or not as the master of the slot.
func nodeFailed(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) {
		return false
	}
	if _, ok := errors.AsType[redis.Error](err); ok {
		return elsewhere(err)
	}
	return true
}

// elsewhere reports that Redis has not run a command because this node does not
// have the slot, not yet, or not at the moment. The command may be repeated.
func elsewhere(err error) bool {
	for _, prefix := range []string{"MOVED ", "ASK ", "TRYAGAIN ", "CLUSTERDOWN ", "READONLY ", "MASTERDOWN ",
		"LOADING "} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// sleep returns false if ctx was done before d was over.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
