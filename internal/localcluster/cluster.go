// Package localcluster starts the whole product without Docker: a redis-server,
// up to four server processes and any number of elastic ones, HAProxy and
// Nginx, each with the configuration that the repository ships. `make cluster`
// and the end-to-end tests use it.
//
// Everything listens on one random loopback address (127.x.y.z) that nothing
// else uses, so no port is ever taken, not even for a moment by an outgoing
// connection. Only the addresses in Options are elsewhere. The child processes
// die with this process, however it ends.
package localcluster

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

// Options say what to start. The zero value is four servers with Redis and
// HAProxy, without a page.
type Options struct {
	Servers int  // 1 to MaxServers; 0: MaxServers
	Elastic int  // how many further servers Scale can start; they are stopped at first
	Nginx   bool // also serve the page
	// LivePage lets Nginx serve the folder static as it is now, not bundled.
	LivePage bool
	// PageDir has the page that Nginx serves, as the server's argument `page`
	// writes it; empty: the cluster writes its own.
	PageDir string
	API     int // API servers, up to 4
	// DATABASE_URL of all servers, if some have the API; empty: an SQLite file
	// of this cluster
	DB     string
	Binary string // the server program, see Build
	// settings of the servers and of HAProxy (CHECK_TIMEOUT, MAX_PER_IP …)
	Env map[string]string
	// the caller starts Redis (Cluster.Redis.Start); Start does not wait for
	// the others to be ready
	NoRedis bool

	// REDIS_URL of all servers, for a Redis of the caller; none is started;
	// empty: the cluster's Redis
	RedisURL  string
	RedisArgs []string // further arguments of redis-server, which override the cluster's

	RedisEnv []string // further variables of redis-server, as name=value

	// Reloadable starts HAProxy as its image does: as a master, which
	// Part.Reload tells to replace its worker.
	Reloadable bool

	// RedisVia returns the address at which the i-th server finds Redis, given
	// the real one: for instance, that of a fault proxy. It is called before
	// Redis runs, and again if a port turns out to be taken. nil: servers
	// connect directly.
	RedisVia func(i int, redis string) (addr string, err error)

	// Where clients connect, as host:port. Empty: on the cluster's own address,
	// as tests do.

	Room       string
	Page       string
	Stats      string
	SocketPort string // the port at which the page opens its socket; empty: that of Room

	// Log receives every line that a part writes, possibly from several
	// goroutines at once. nil: lines are dropped.
	Log func(part, line string)
}

// Cluster is a running cluster. Its methods may be called from any goroutine.
type Cluster struct {
	Redis   *Part
	Servers []*Part // APPID 1000, 2000, …
	Elastic []*Part // Options.Elastic further servers: see Scale
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

// Start starts the parts in the order of their dependencies and returns when
// HAProxy sees every server as ready. On an error, which names the part,
// everything has been stopped again. ctx bounds the start only.
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
		// Another process took a port between our choosing it and the part's
		// binding it. The next attempt chooses other ports.
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
	redis, room, inner, stats, page := take(""), take(c.options.Room), take(""), take(c.options.Stats), take(
		c.options.Page,
	)
	for _, a := range []struct{ part, addr string }{
		{"room", c.options.Room}, {"stats", c.options.Stats}, {"page", c.options.Page},
	} {
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

// parts returns everything that runs, in the order of the start.
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

// ServerURL returns the address of the i-th server itself, bypassing HAProxy.
func (c *Cluster) ServerURL(i int) string { return "ws://" + c.Servers[i].Addr + "/" }

// PageURL returns the address of the page behind Nginx.
func (c *Cluster) PageURL() string { return "http://" + c.Nginx.Addr + "/" }

// RedisDir returns where Redis keeps its files.
func (c *Cluster) RedisDir() string { return filepath.Join(c.dir, "redis") }

// StatsURL returns the address of HAProxy's statistics page.
func (c *Cluster) StatsURL() string { return "http://" + c.HAProxy.stats + "/" }

// Close stops everything and waits for it: the servers drain while HAProxy
// still carries their close frames, and Redis is last. The error names parts
// that did not stop when asked, and data races and panics that any of them
// reported while it ran. It may be called again.
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

// Root returns the repository's root: the nearest directory above the working
// directory that has a go.mod.
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
