// Package cluster starts the whole product without Docker: a redis-server, up to four server processes and any number that come and go, HAProxy and
// Nginx, each with the configuration that the repository ships. `make cluster` and the end-to-end tests use it.
//
// Everything runs on a loopback address of its own (127.x.y.z, chosen at random), where no port is taken by anybody else, not
// even for a moment by an outgoing connection; only the addresses that Options name are others. The children die with this process,
// however it ends.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// MaxServers is how many servers haproxy.cfg names.
const MaxServers = 4

// Options say what to start. The zero value is four servers with Redis and HAProxy and no page.
type Options struct {
	Servers int               // 1 to MaxServers; 0: MaxServers
	Elastic int               // how many further servers Scale can start; they do not run at first
	Nginx   bool              // the page as well
	API     int               // servers with the API, up to 4
	DB      string            // DATABASE_URL of all servers, if some have the API; empty: an SQLite file of the cluster's own
	Binary  string            // the server's, see Build
	Env     map[string]string // settings of the servers and of HAProxy (CHECK_TIMEOUT, MAX_PER_IP …)
	NoRedis bool              // Redis is left to the caller (Cluster.Redis.Start), and nobody waits for the others to be ready

	RedisURL  string   // REDIS_URL of all servers, whose Redis is the caller's: none is started; empty: that of the cluster
	RedisArgs []string // further arguments of redis-server, which win over those that it has

	RedisEnv []string // further variables of redis-server, as name=value

	// Reloadable starts HAProxy as its image does: a master, which Part.Reload tells to replace its worker.
	Reloadable bool

	// RedisVia returns the address at which the i-th server is to find Redis, given where it is: that of a fault proxy, for instance. It is called
	// before Redis runs, and again if a port turns out to be taken. nil: the servers connect straight.
	RedisVia func(i int, redis string) (addr string, err error)

	// Where people connect: host:port, empty: on the cluster's own address. A cluster of tests leaves all of these empty.

	Room       string
	Page       string
	Stats      string
	SocketPort string // the port that the page is told to open its socket at; empty: that of Room

	// Log gets every line that a part writes, possibly from several goroutines at once. nil: nobody does.
	Log func(part, line string)
}

// Cluster is a running cluster. Its methods may be called from any goroutine.
type Cluster struct {
	Redis   *Part
	Servers []*Part // with APPID 1000, 2000, …
	Elastic []*Part // Options.Elastic further ones: see Scale
	APIs    []*Part
	HAProxy *Part
	Nginx   *Part // nil unless Options.Nginx

	options Options
	host    string      // the loopback address
	names   *nameServer // nil unless Options.Elastic
	dir     string      // for data and rendered configuration; removed by Close
	closing sync.Once
	closed  error
}

// Start starts the parts, in the order in which they need each other, and returns when HAProxy has found every server ready. An error names the
// part, and everything has been stopped again. ctx bounds the start only.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if o.Servers == 0 {
		o.Servers = MaxServers
	}
	if o.Servers < 1 || o.Servers > MaxServers {
		return nil, fmt.Errorf("%d servers: haproxy.cfg has room for 1 to %d", o.Servers, MaxServers)
	}
	if o.Log == nil {
		o.Log = func(string, string) {}
	}
	for attempt := 1; ; attempt++ {
		c, err := start(ctx, o)
		if err == nil {
			return c, nil
		}
		// Between our choosing a port and the part's taking it somebody else may: then the next choice is another.
		if attempt == 3 || !errors.Is(err, errTaken) {
			return nil, err
		}
	}
}

func start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{options: o}
	if err := c.plan(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	parts := c.parts()
	start := (*Part).Start
	if o.NoRedis {
		parts, start = parts[1:], (*Part).Launch
	}
	for _, p := range parts {
		if err := start(p, ctx); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if o.NoRedis {
		return c, nil
	}
	if err := c.WaitReady(ctx, o.Servers); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := c.waitAPI(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// plan chooses addresses and prepares the parts without starting any.
func (c *Cluster) plan() error {
	root, err := Root()
	if err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "livechat-cluster-"); err != nil {
		return fmt.Errorf("make a directory for the cluster: %w", err)
	}
	var ports []string
	if c.host, ports, err = FreePorts(7 + 2*c.options.Servers); err != nil {
		return err
	}
	take := func(chosen string) string {
		if chosen == "" {
			chosen = c.host + ":" + ports[0]
		}
		ports = ports[1:]
		return chosen
	}
	redis, room, inner, stats, page := take(""), take(c.options.Room), take(""), take(c.options.Stats), take(c.options.Page)
	for _, a := range []struct{ part, addr string }{{"room", c.options.Room}, {"stats", c.options.Stats}, {"page", c.options.Page}} {
		if err := checkFree(a.part, a.addr); err != nil {
			return err
		}
	}
	if c.Redis, err = c.redisPart(redis); err != nil {
		return err
	}
	for i := range c.options.Servers {
		server, err := c.serverPart(i, take(""), take(""))
		if err != nil {
			return err
		}
		c.Servers = append(c.Servers, server)
	}
	if c.options.API == 1 {
		server, err := c.apiPart(0, take(""), take(""))
		if err != nil {
			return err
		}
		c.APIs = append(c.APIs, server)
	}
	if err := c.planNamed(); err != nil {
		return err
	}
	if c.HAProxy, err = c.haproxyPart(root, room, inner, stats); err != nil {
		return err
	}
	if c.options.Nginx {
		c.Nginx, err = c.nginxPart(root, page)
	}
	return err
}

// parts returns everything that runs, in the order of starting.
func (c *Cluster) parts() []*Part {
	var all []*Part
	own := c.Redis
	if c.options.RedisURL != "" {
		own = nil
	}
	for _, p := range slices.Concat([]*Part{own}, c.Servers, c.APIs, []*Part{c.HAProxy, c.Nginx}) {
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}

// RoomURL returns the address of the room behind HAProxy, as ws://host:port/.
func (c *Cluster) RoomURL() string { return "ws://" + c.HAProxy.Addr + "/" }

// ServerURL returns the address of the i-th server itself, past HAProxy.
func (c *Cluster) ServerURL(i int) string { return "ws://" + c.Servers[i].Addr + "/" }

// PageURL returns the address of the page behind Nginx.
func (c *Cluster) PageURL() string { return "http://" + c.Nginx.Addr + "/" }

// RedisDir returns where Redis keeps its files.
func (c *Cluster) RedisDir() string { return filepath.Join(c.dir, "redis") }

// StatsURL returns the address of HAProxy's statistics page.
func (c *Cluster) StatsURL() string { return "http://" + c.HAProxy.stats + "/" }

// Close stops everything in order and waits for it: the servers drain while HAProxy still carries their goodbyes, Redis is last. The error
// tells of parts that did not stop when asked, and of data races and panics that any of them reported while it ran. It may be called again.
func (c *Cluster) Close() error {
	c.closing.Do(func() { c.closed = c.close() })
	return c.closed
}

func (c *Cluster) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	var problems []error
	stop := func(parts ...*Part) {
		var all sync.WaitGroup
		for _, p := range parts {
			if p == nil {
				continue
			}
			all.Go(func() {
				err := errors.Join(p.Stop(ctx), p.complaints())
				mu.Lock()
				defer mu.Unlock()
				problems = append(problems, err)
			})
		}
		all.Wait()
	}
	stop(slices.Concat(c.Servers, c.Elastic, c.APIs)...)
	stop(c.Nginx, c.HAProxy)
	stop(c.Redis)
	if c.names != nil {
		c.names.close()
	}
	if c.dir != "" {
		problems = append(problems, os.RemoveAll(c.dir))
	}
	return errors.Join(problems...)
}

// Root returns the repository's root: the nearest directory above the working directory that has a go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.mod in this directory or above it")
		}
		dir = parent
	}
}
