package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"livechat/internal/localcluster"
	"livechat/internal/procstat"
)

// This measures what all rooms together take in with one Redis and with Redis
// Clusters of one to three shards. On a machine with few cores the servers and
// the clients are the limit, not Redis; what tells is the processor time of the
// busiest Redis process per message, because a Redis runs on one core.
const (
	shardRooms = 30   // in total
	shardRate  = 6000 // messages a second that are offered, in all rooms together
	slots      = 16384
)

func (b *bench) shards(ctx context.Context) error {
	b.row("Redis", "offered a second", "a second", "refused", "µs CPU each: servers", "Redis, all",
		"busiest Redis", "× one Redis")
	one := 0.0
	for shards := range 4 {
		busiest, err := b.shardsOf(ctx, shards, one)
		if err != nil {
			return fmt.Errorf("%d shards: %w", shards, err)
		}
		if shards == 0 {
			one = busiest
		}
	}
	return nil
}

// shardsOf measures a Redis Cluster of so many shards, or one Redis without a
// cluster for 0. It returns the CPU time of the busiest Redis in µs for each
// message; one is that of one Redis, or 0.
func (b *bench) shardsOf(ctx context.Context, shards int, one float64) (busiest float64, err error) {
	nodes, err := startNodes(ctx, shards)
	defer func() { err = errors.Join(err, stopNodes(nodes)) }()
	if err != nil {
		return 0, err
	}
	rooms, err := spreadRooms(ctx, nodes[0].addr, max(shards, 1))
	if err != nil {
		return 0, err
	}
	cl, err := b.startOn(ctx, nodes, shards)
	if err != nil {
		return 0, err
	}
	defer func() { _ = cl.Close() }()
	before, err := usageOf(nodes, cl)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	taken, refused, err := b.fill(ctx, cl, rooms)
	if err != nil {
		return 0, err
	}
	took := time.Since(begin)
	after, err := usageOf(nodes, cl)
	if err != nil {
		return 0, err
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(taken) }
	var all time.Duration
	for i := range nodes {
		all += after.nodes[i] - before.nodes[i]
		busiest = max(busiest, each(after.nodes[i]-before.nodes[i]))
	}
	name, times := "one", "1"
	if shards > 0 {
		name, times = fmt.Sprintf("cluster of %d", shards), fmt.Sprintf("%.2f", one/busiest)
	}
	b.row(name, shardRate, int(float64(taken)/took.Seconds()), refused,
		fmt.Sprintf("%.1f", each(after.servers-before.servers)), fmt.Sprintf("%.1f", each(all)),
		fmt.Sprintf("%.1f", busiest), times)
	return busiest, nil
}

// startOn starts four servers on the nodes.
func (b *bench) startOn(ctx context.Context, nodes []redisNode, shards int) (*localcluster.Cluster, error) {
	var hosts []string
	for _, n := range nodes {
		hosts = append(hosts, n.addr)
	}
	if shards == 1 {
		hosts = append(hosts, hosts[0]) // two addresses mean a cluster
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return localcluster.Start(ctx, localcluster.Options{
		Servers: 4, Binary: b.binary, RedisURL: "redis://" + strings.Join(hosts, ","),
		Env: map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"},
	})
}

// fill sends shardRate messages a second into all rooms together. It returns how
// many were taken and how many refused.
func (b *bench) fill(ctx context.Context, cl *localcluster.Cluster, rooms []string) (
	taken, refused int64, err error) {
	var publishers errgroup.Group
	sent, no := make([]int64, len(rooms)), make([]int64, len(rooms))
	for i, room := range rooms {
		publishers.Go(func() (err error) {
			url := cl.ServerURL(i%len(cl.Servers)) + "?room=" + room
			sent[i], no[i], err = publishAcked(ctx, url, shardRate/len(rooms), b.length)
			return err
		})
	}
	err = publishers.Wait()
	for i := range rooms {
		taken, refused = taken+sent[i]-no[i], refused+no[i]
	}
	return taken, refused, err
}

// shardUsage is the processor time of each Redis and of all servers.
type shardUsage struct {
	nodes   []time.Duration
	servers time.Duration
}

func usageOf(nodes []redisNode, cl *localcluster.Cluster) (u shardUsage, err error) {
	for _, n := range nodes {
		d, e := procstat.CPU(n.cmd.Process.Pid)
		u.nodes, err = append(u.nodes, d), errors.Join(err, e)
	}
	for _, s := range cl.Servers {
		d, e := s.CPU()
		u.servers, err = u.servers+d, errors.Join(err, e)
	}
	return u, err
}

// redisNode is a redis-server.
type redisNode struct {
	cmd  *exec.Cmd
	addr string
	bus  string // the port at which it speaks to the other nodes
	dir  string
}

// startNodes starts a Redis Cluster of so many shards without replicas, or one
// Redis without a cluster for 0. The caller stops the nodes, also after an
// error.
func startNodes(ctx context.Context, shards int) (nodes []redisNode, err error) {
	for range max(shards, 1) {
		n, err := startNode(ctx, shards > 0)
		if n.cmd != nil {
			nodes = append(nodes, n)
		}
		if err != nil {
			return nodes, err
		}
	}
	for i, n := range nodes {
		if shards == 0 {
			break
		}
		db := redis.NewClient(&redis.Options{Addr: n.addr})
		defer func() { _ = db.Close() }()
		err := db.ClusterAddSlotsRange(ctx, slots*i/shards, slots*(i+1)/shards-1).Err()
		for _, other := range nodes[:i] {
			host, port, _ := net.SplitHostPort(other.addr)
			err = errors.Join(err, db.Do(ctx, "cluster", "meet", host, port, other.bus).Err())
		}
		if err != nil {
			return nodes, fmt.Errorf("form the cluster: %w", err)
		}
	}
	return nodes, awaitNodes(ctx, nodes, shards)
}

func startNode(ctx context.Context, clustered bool) (n redisNode, err error) {
	// go-redis takes 127.0.0.1 for every loopback address of a cluster's node.
	const host = "127.0.0.1"
	var ports [2]string
	for i := range ports {
		l, err := net.Listen("tcp", host+":0")
		if err != nil {
			return n, fmt.Errorf("find a free port: %w", err)
		}
		_, ports[i], _ = net.SplitHostPort(l.Addr().String())
		_ = l.Close()
	}
	if n.dir, err = os.MkdirTemp("", "livechat-redis"); err != nil {
		return n, err
	}
	n.addr, n.bus = net.JoinHostPort(host, ports[0]), ports[1]
	args := []string{"--bind", host, "--port", ports[0], "--dir", n.dir, "--save", "", "--appendonly", "no"}
	if clustered {
		args = append(args, "--cluster-enabled", "yes", "--cluster-port", n.bus)
	}
	n.cmd = exec.CommandContext(ctx, "redis-server", args...)
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		n.cmd = nil
		return n, errors.Join(fmt.Errorf("start redis-server: %w", err), os.RemoveAll(n.dir))
	}
	return n, nil
}

// awaitNodes waits until all nodes answer and, in a cluster, know all shards.
func awaitNodes(ctx context.Context, nodes []redisNode, shards int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, n := range nodes {
		db := redis.NewClient(&redis.Options{Addr: n.addr})
		defer func() { _ = db.Close() }()
		for {
			err := db.Ping(ctx).Err()
			info := ""
			if err == nil && shards > 0 {
				info, err = db.ClusterInfo(ctx).Result()
			}
			if err == nil && (shards == 0 || strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", shards))) {
				break
			}
			if err := rest(ctx, 50*time.Millisecond); err != nil {
				return fmt.Errorf("wait for Redis at %s: %w", n.addr, err)
			}
		}
	}
	return nil
}

func stopNodes(nodes []redisNode) (err error) {
	for _, n := range nodes {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait() // killed
		err = errors.Join(err, os.RemoveAll(n.dir))
	}
	return err
}

// spreadRooms returns names of rooms, as many on each shard.
func spreadRooms(ctx context.Context, addr string, shards int) (rooms []string, err error) {
	db := redis.NewClient(&redis.Options{Addr: addr})
	defer func() { _ = db.Close() }()
	have := make([]int, shards)
	for i := 0; len(rooms) < shardRooms; i++ {
		room, shard := fmt.Sprint("shard-", i), 0
		if shards > 1 {
			slot, err := db.ClusterKeySlot(ctx, "{livechat:room:"+room+"}").Result()
			if err != nil {
				return nil, fmt.Errorf("ask for the shard of a room: %w", err)
			}
			for int(slot) >= slots*(shard+1)/shards {
				shard++
			}
		}
		if have[shard] < shardRooms/shards {
			have[shard]++
			rooms = append(rooms, room)
		}
	}
	return rooms, nil
}
