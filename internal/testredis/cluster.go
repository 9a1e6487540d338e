package testredis

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// NodeTimeout is how long a Cluster's node may be silent before the others
// consider it dead.
const NodeTimeout = 2 * time.Second

// Cluster is a Redis Cluster for one test: three masters, each with a replica.
// When a master dies, only the slots of its shard stop.
type Cluster struct {
	Masters  []*Process // for the first, second and last third of the slots
	Replicas []*Process // of the master at the same index
	t        testing.TB
}

// NewCluster starts a Redis Cluster and returns when it is up and its replicas
// have caught up.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	for range 3 {
		c.Masters = append(c.Masters, c.newNode())
		c.Replicas = append(c.Replicas, c.newNode())
	}
	nodes := c.Nodes()
	for i, n := range nodes {
		n.Start()
		n.CLI("cluster", "set-config-epoch", fmt.Sprint(i+1))
	}
	for i, m := range c.Masters {
		m.CLI("cluster", "addslotsrange", fmt.Sprint(slots*i/3), fmt.Sprint(slots*(i+1)/3-1))
	}
	for i, n := range nodes {
		for _, other := range nodes[:i] {
			n.CLI("cluster", "meet", "127.0.0.1", other.Port, other.arg("--cluster-port"))
		}
	}
	c.wait("every node knows the others", func(n *Process) bool {
		return strings.Count(n.CLI("cluster", "nodes"), "connected") == 6
	})
	for i, r := range c.Replicas {
		r.CLI("cluster", "replicate", c.Masters[i].ID())
	}
	c.wait("the cluster is up", func(n *Process) bool {
		return strings.Contains(n.CLI("cluster", "info"), "cluster_state:ok") &&
			strings.Count(n.CLI("cluster", "nodes"), " slave ")+strings.Count(n.CLI("cluster", "nodes"),
				",slave ") == 3
	})
	for _, r := range c.Replicas {
		waitFor(t, "a replica has caught up", func() bool {
			return strings.Contains(r.CLI("info", "replication"), "master_link_status:up")
		})
	}
	return c
}

// NewOneNodeCluster starts a Redis Cluster whose only node has all slots, with
// args as further arguments of redis-server, and returns a REDIS_URL when it is
// up.
func NewOneNodeCluster(t testing.TB, args ...string) (url string) {
	t.Helper()
	p := newProcess(t, append(args, "--cluster-enabled", "yes", "--cluster-port", freePort(t))...)
	p.Start()
	p.CLI("cluster", "addslotsrange", "0", fmt.Sprint(slots-1))
	waitFor(t, "the cluster is up", func() bool {
		return strings.Contains(p.CLI("cluster", "info"), "cluster_state:ok")
	})
	return fmt.Sprintf("redis://127.0.0.1:%s,127.0.0.1:%[1]s", p.Port) // two addresses mean a Cluster
}

const slots = 16384

func (c *Cluster) newNode() *Process {
	return newProcess(c.t, "--cluster-enabled", "yes", "--cluster-port", freePort(c.t),
		"--cluster-node-timeout", fmt.Sprint(NodeTimeout.Milliseconds()),
		"--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0")
}

// Nodes returns all nodes, including those that are down.
func (c *Cluster) Nodes() []*Process {
	var all []*Process
	for i := range c.Masters {
		all = append(all, c.Masters[i], c.Replicas[i])
	}
	return all
}

// URL returns a REDIS_URL with all nodes.
func (c *Cluster) URL() string {
	var hosts []string
	for _, n := range c.Nodes() {
		hosts = append(hosts, "127.0.0.1:"+n.Port)
	}
	return "redis://" + strings.Join(hosts, ",")
}

// Shard returns the index of the master that the key started on.
func (c *Cluster) Shard(key string) int {
	c.t.Helper()
	for shard := range c.Masters {
		if c.Slot(key) < slots*(shard+1)/3 {
			return shard
		}
	}
	return -1
}

// Slot returns the slot of a key.
func (c *Cluster) Slot(key string) (slot int) {
	c.t.Helper()
	for _, n := range c.Nodes() {
		if n.running() {
			_, _ = fmt.Sscan(n.CLI("cluster", "keyslot", key), &slot)
			return slot
		}
	}
	c.t.Fatal("no node is up")
	return 0
}

// Move is a slot on its way from one master to another. Between Began and Ended
// its keys are split between the two: Redis answers TRYAGAIN to commands that
// name keys on both or a new key.
type Move struct {
	Began, Ended time.Time

	cluster        *Cluster
	slot           int
	from, to       *Process
	source, target *redis.Client
}

// Took returns how long the slot was split.
func (m *Move) Took() time.Duration { return m.Ended.Sub(m.Began) }

// MoveSlot moves a slot with its keys, as the usual tools do, and returns when
// both masters know its new owner.
func (c *Cluster) MoveSlot(slot int, from, to *Process) *Move {
	c.t.Helper()
	m := c.BeginMove(slot, from, to)
	m.End()
	return m
}

// BeginMove splits a slot without moving a key.
func (c *Cluster) BeginMove(slot int, from, to *Process) *Move {
	c.t.Helper()
	m := &Move{cluster: c, slot: slot, from: from, to: to, source: from.connect(), target: to.connect()}
	c.t.Cleanup(m.close)
	fromID, toID := from.ID(), to.ID()
	m.do(m.target, "cluster", "setslot", slot, "importing", fromID)
	m.Began = time.Now()
	m.do(m.source, "cluster", "setslot", slot, "migrating", toID)
	return m
}

// End moves the keys, a thousand per round, and then the slot.
func (m *Move) End() {
	t := m.cluster.t
	t.Helper()
	for {
		keys, err := m.do(m.source, "cluster", "getkeysinslot", m.slot, 1000).Slice()
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) == 0 {
			break
		}
		m.do(m.source, append([]any{"migrate", "127.0.0.1", m.to.Port, "", 0, 5000, "keys"}, keys...)...)
	}
	for _, node := range []*redis.Client{m.target, m.source} {
		m.do(node, "cluster", "setslot", m.slot, "node", m.to.ID())
	}
	m.Ended = time.Now()
	m.close()
}

func (m *Move) do(node *redis.Client, args ...any) *redis.Cmd {
	m.cluster.t.Helper()
	cmd := node.Do(context.Background(), args...) // bounded by the client's timeouts
	if err := cmd.Err(); err != nil {
		m.cluster.t.Fatalf("%v: %v", args[:2], err)
	}
	return cmd
}

func (m *Move) close() {
	_ = m.source.Close() // the second time, it is already closed
	_ = m.target.Close()
}

// connect returns a client of the process with one connection.
func (p *Process) connect() *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:" + p.Port, Protocol: 2, PoolSize: 1, MaxRetries: -1, DisableIdentity: true,
		ReadTimeout:              10 * time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Promoted returns when the replica is a master that serves its slots.
func (c *Cluster) Promoted(replica *Process) {
	c.t.Helper()
	waitFor(c.t, "the replica is promoted", func() bool {
		return strings.HasPrefix(replica.try("role"), "master")
	})
}

func (c *Cluster) wait(what string, ok func(*Process) bool) {
	c.t.Helper()
	for _, n := range c.Nodes() {
		waitFor(c.t, what, func() bool { return ok(n) })
	}
}

// ID returns the node's id in its cluster.
func (p *Process) ID() string {
	p.t.Helper()
	if p.id == "" {
		p.id = strings.TrimSpace(p.CLI("cluster", "myid"))
	}
	return p.id
}

// Hang stops the process without ending it, as on a machine that hangs.
func (p *Process) Hang() { p.signal(syscall.SIGSTOP) }

// Continue continues the process after Hang.
func (p *Process) Continue() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// patience is how long a cluster may take. A Sentinel whose machine was busy for
// two seconds does nothing for thirty (its TILT mode).
const patience = 90 * time.Second

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("after %v: still waiting for: %s", patience, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Replicates returns when a restarted node is a replica that has caught up.
func (c *Cluster) Replicates(p *Process) {
	c.t.Helper()
	waitFor(c.t, "it is a replica", func() bool {
		return strings.Contains(p.try("info", "replication"), "master_link_status:up")
	})
}

// Failover promotes a replica while its master is alive. Nothing is lost.
func (c *Cluster) Failover(replica *Process) {
	c.t.Helper()
	c.Replicates(replica)
	var asked time.Time
	waitFor(c.t, "the replica is promoted", func() bool {
		if strings.HasPrefix(replica.try("role"), "master") {
			return true
		}
		if time.Since(asked) > 6*time.Second { // Redis gives up after five
			asked = time.Now()
			replica.try("cluster", "failover")
		}
		return false
	})
}
