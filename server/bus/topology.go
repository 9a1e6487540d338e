package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// topologyTimeout is how long one node may take to report its slots.
const topologyTimeout = 500 * time.Millisecond

const clusterSlots = 16384

// topology finds out which node of a cluster has which slot. go-redis asks one
// random node, which may hang, or may not know yet about a failover or a
// resharding. This asks all nodes at once, and trusts the master that claims a
// slot with the highest epoch, as the nodes do among themselves.
type topology struct {
	options redis.UniversalOptions

	mu    sync.Mutex
	nodes map[string]*redis.Client // guarded by mu: by address
}

// view is the topology as one node sees it.
type view struct {
	addr  string // at which it was asked
	id    string
	epoch int
	slots []redis.ClusterSlot
}

func newTopology(o *redis.UniversalOptions) *topology {
	t := &topology{options: *o, nodes: make(map[string]*redis.Client)}
	t.options.PoolSize = 1000 // go-redis stops dialling for a second after as many failures
	return t
}

func (t *topology) close() (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for addr, node := range t.nodes {
		err = errors.Join(err, node.Close())
		delete(t.nodes, addr)
	}
	return err
}

// slots implements redis.ClusterOptions.ClusterSlots.
func (t *topology) slots(ctx context.Context) ([]redis.ClusterSlot, error) {
	nodes := t.known()
	views := make([]view, len(nodes))
	errs := make([]error, len(nodes))
	var asked sync.WaitGroup
	for i, node := range nodes {
		asked.Go(func() { views[i], errs[i] = look(ctx, node) })
	}
	asked.Wait()
	views = slices.DeleteFunc(views, func(v view) bool { return len(v.slots) == 0 })
	if len(views) == 0 {
		err := cmp.Or(errors.Join(errs...), errors.New("no node has slots"))
		return nil, fmt.Errorf("read the topology of the cluster: %w", err)
	}
	slots := merge(views)
	t.learn(slots)
	return slots, nil
}

// known returns the nodes known so far: at least the seeds.
func (t *topology) known() (list []*redis.Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, addr := range t.options.Addrs {
		t.addLocked(addr)
	}
	for _, node := range t.nodes {
		list = append(list, node)
	}
	return list
}

// learn adds new nodes, and removes those that are gone and not named as seeds.
func (t *topology) learn(found []redis.ClusterSlot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keep := make(map[string]bool)
	for _, addr := range t.options.Addrs {
		keep[addr] = true
	}
	for _, s := range found {
		for _, n := range s.Nodes {
			keep[n.Addr] = true
			t.addLocked(n.Addr)
		}
	}
	for addr, node := range t.nodes {
		if !keep[addr] {
			_ = node.Close()
			delete(t.nodes, addr)
		}
	}
}

func (t *topology) addLocked(addr string) {
	if t.nodes[addr] == nil {
		o := t.options
		o.Addrs = []string{addr}
		t.nodes[addr] = redis.NewClient(o.Simple())
	}
}

// look asks one node.
func look(ctx context.Context, node *redis.Client) (view, error) {
	ctx, cancel := context.WithTimeout(ctx, topologyTimeout)
	defer cancel()
	pipe := node.Pipeline()
	id, info, slots := pipe.ClusterMyID(ctx), pipe.ClusterInfo(ctx), pipe.ClusterSlots(ctx)
	if _, err := pipe.Exec(ctx); err != nil {
		return view{}, err
	}
	v := view{addr: node.Options().Addr, id: id.Val(), slots: slots.Val()}
	for line := range strings.Lines(info.Val()) {
		if epoch, ok := strings.CutPrefix(line, "cluster_my_epoch:"); ok {
			v.epoch, _ = strconv.Atoi(strings.TrimSpace(epoch))
		}
	}
	for _, s := range v.slots {
		for i := range s.Nodes {
			s.Nodes[i].Addr = reachable(s.Nodes[i].Addr, v.addr)
		}
	}
	return v, nil
}

// reachable returns the address at which a node is reached from here. Where the
// cluster does not know it, or knows it only from inside its own machine, it is
// that of the node that was asked.
func reachable(addr, asked string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	askedHost, askedPort, _ := net.SplitHostPort(asked)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsLoopback() {
		host = askedHost
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		host = "localhost" // go-redis would cut off the number
	}
	if port == "0" { // TLS only
		port = askedPort
	}
	return net.JoinHostPort(host, port)
}

// merge merges the views of all nodes into one map of slots.
func merge(views []view) (slots []redis.ClusterSlot) {
	slices.SortFunc(views, func(a, b view) int { return b.epoch - a.epoch })
	var owners [clusterSlots][]redis.ClusterNode
	claim := func(mine bool) {
		for _, v := range views {
			for _, s := range v.slots {
				if len(s.Nodes) == 0 || mine && s.Nodes[0].ID != v.id {
					continue
				}
				for i := max(s.Start, 0); i <= min(s.End, clusterSlots-1); i++ {
					if owners[i] == nil {
						owners[i] = s.Nodes
					}
				}
			}
		}
	}
	claim(true)  // what masters say about themselves, newest first
	claim(false) // what others say about masters that do not answer
	for i, nodes := range owners {
		if nodes == nil {
			continue
		}
		if n := len(slots); n > 0 && slots[n-1].End == i-1 && &slots[n-1].Nodes[0] == &nodes[0] {
			slots[n-1].End = i
			continue
		}
		slots = append(slots, redis.ClusterSlot{Start: i, End: i, Nodes: nodes})
	}
	return slots
}
