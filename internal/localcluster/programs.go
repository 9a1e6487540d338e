package localcluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// program finds a program, also where Debian keeps those for root.
func program(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath(filepath.Join("/usr/sbin", name))
	}
	if err != nil {
		return "", fmt.Errorf(
			"%s is not installed (Debian and Ubuntu: apt-get install redis-server haproxy nginx)",
			name,
		)
	}
	return path, nil
}

// redisPart returns a Redis with an append-only file, as in compose.
func (c *Cluster) redisPart(addr string) (*Part, error) {
	path, err := program("redis-server")
	if err != nil {
		return nil, err
	}
	dir := c.RedisDir()
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for redis: %w", err)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("plan redis: %w", err)
	}
	return &Part{
		Name: "redis", Addr: addr, path: path,
		args: append(
			[]string{"--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "yes",
				"--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"},
			c.options.RedisArgs...),
		env: c.options.RedisEnv, ready: answersPing(addr), log: c.options.Log,
	}, nil
}

// serverPart returns the i-th server.
func (c *Cluster) serverPart(i int, addr, metrics string) (*Part, error) {
	app, redis := strconv.Itoa((i+1)*1000), c.Redis.Addr
	if c.options.RedisVia != nil {
		var err error
		if redis, err = c.options.RedisVia(i, redis); err != nil {
			return nil, fmt.Errorf("plan server %s: %w", app, err)
		}
	}
	url := "redis://" + redis
	if c.options.RedisURL != "" {
		url = c.options.RedisURL
	}
	return &Part{
		Name: app, Addr: addr, Metrics: metrics, path: c.options.Binary,
		env: c.environment(
			"APPID="+app,
			"ADDR="+addr,
			"ROLE=ws",
			"METRICS_ADDR="+metrics,
			"REDIS_URL="+url,
			"DATABASE_URL="+c.database(),
			"FILES_URL=file:"+filepath.Join(c.dir, "files"),
			// HAProxy's checks come from there, whatever the server's loopback
			// address
			"TRUSTED_PROXIES=127.0.0.1",
		),
		// Ready means ready for clients: once started, the cluster is complete.
		ready: answers200("http://" + addr + "/readyz"), log: c.options.Log,
	}, nil
}

// apiPart returns the i-th API server.
func (c *Cluster) apiPart(i int, addr, metrics string) (*Part, error) {
	p, err := c.serverPart(c.options.Servers+c.options.Elastic+i, addr, metrics)
	if err != nil {
		return nil, err
	}
	p.Name = fmt.Sprintf("api%d", i+1)
	p.Setenv("APPID", p.Name)
	p.Setenv("ROLE", "api")
	return p, nil
}

// database returns the DATABASE_URL of all servers: empty if none has the API,
// and therefore none archives.
func (c *Cluster) database() string {
	switch {
	case c.options.API == 0:
		return ""
	case c.options.DB == "":
		return "sqlite:" + filepath.Join(c.dir, "livechat.db")
	}
	return c.options.DB
}

// Alone returns a single server as `go run ./server` starts it: page, socket
// and Redis in one process. The caller starts and stops it.
func Alone(binary string, env map[string]string, log func(part, line string)) (*Part, error) {
	host, ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort(host, ports[0])
	p := &Part{
		Name:  "server",
		Addr:  addr,
		path:  binary,
		env:   []string{"ADDR=" + addr, "METRICS_ADDR=off", "DATABASE_URL=sqlite::memory:"},
		ready: answers200("http://" + addr + "/readyz"),
		log:   log,
	}
	for name, value := range env {
		p.env = append(p.env, name+"="+value)
	}
	return p, nil
}

// haproxyPart returns HAProxy with the repository's configuration, unchanged.
func (c *Cluster) haproxyPart(root, room, inner, stats string) (*Part, error) {
	path, err := program("haproxy")
	if err != nil {
		return nil, err
	}
	env := []string{"LB_BIND=" + room + onIPv6(room), "STATS_BIND=" + stats}
	env = append(append(env, c.namesEnv()...), "INNER_BIND="+inner, fmt.Sprint("MAX_CLIENTS=", maxClients()))
	env = append(env, fmt.Sprint("ELASTIC_SLOTS=", max(MaxElastic, c.options.Elastic)))
	for i := range MaxServers {
		addr := "" // no such server
		if i < len(c.Servers) {
			addr = c.Servers[i].Addr
		}
		env = append(env, fmt.Sprintf("WS%d=%s", i+1, addr))
	}
	args := []string{"-db", "-f", filepath.Join(root, "haproxy", "haproxy.cfg")}
	if c.options.Reloadable {
		args = append([]string{"-W"}, args...)
	}
	return &Part{
		Name: "haproxy", Addr: room, inner: inner, stats: stats, path: path, args: args,
		env: c.environment(env...), ready: answers200("http://" + stats + "/;csv"), log: c.options.Log,
	}, nil
}

// maxClients is how many connections to the room HAProxy can have within the
// file limit that it inherits from us: each takes two files, and some are left
// for the statistics.
func maxClients() uint64 {
	const most, left = 50_000, 60
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max/2 > most {
		return most
	}
	return max(limit.Max/2, 2*left) - left
}

// onIPv6 returns the additional address that makes a room on 127.0.0.1
// reachable for programs that resolve localhost to ::1, such as Node 18 and
// wscat. It is empty without IPv6.
func onIPv6(room string) string {
	port, found := strings.CutPrefix(room, "127.0.0.1:")
	if !found || checkFree("room", "[::1]:"+port) != nil {
		return ""
	}
	return ",[::1]:" + port
}

// environment returns the given variables and those of the Options, which
// override them.
func (c *Cluster) environment(variables ...string) []string {
	for name, value := range c.options.Env {
		variables = append(variables, name+"="+value)
	}
	return variables
}
