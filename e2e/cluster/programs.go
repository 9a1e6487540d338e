package cluster

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

// program finds a program, also where Debian keeps the ones for root.
func program(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath(filepath.Join("/usr/sbin", name))
	}
	if err != nil {
		return "", fmt.Errorf("%s is not installed (Debian and Ubuntu: apt-get install redis-server haproxy nginx)", name)
	}
	return path, nil
}

// redisPart is a Redis with an append-only file, as in compose.
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
		args: append([]string{"--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "yes",
			"--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"}, c.options.RedisArgs...),
		env: c.options.RedisEnv, ready: answersPing(addr), log: c.options.Log,
	}, nil
}

// serverPart is the i-th of our servers.
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
		env: c.environment("APPID="+app, "ADDR="+addr, "ROLE=ws", "METRICS_ADDR="+metrics, "REDIS_URL="+url, "DATABASE_URL="+c.database(),
			// from there HAProxy asks, whatever loopback address the server has
			"TRUSTED_PROXIES=127.0.0.1"),
		// Ready means ready for clients, so a cluster that has started is complete.
		ready: answers200("http://" + addr + "/readyz"), log: c.options.Log,
	}, nil
}

// apiPart is the i-th server with the API.
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

// database is the DATABASE_URL of all servers; empty where none has the API, and so nobody archives.
func (c *Cluster) database() string {
	switch {
	case c.options.API == 0:
		return ""
	case c.options.DB == "":
		return "sqlite:" + filepath.Join(c.dir, "livechat.db")
	}
	return c.options.DB
}

// Alone returns a single server with nothing around it, as `go run ./server` starts it: page, socket and Redis in one process. The caller
// starts it and stops it.
func Alone(binary string, env map[string]string, log func(part, line string)) (*Part, error) {
	host, ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort(host, ports[0])
	p := &Part{Name: "server", Addr: addr, path: binary, env: []string{"ADDR=" + addr, "METRICS_ADDR=off", "DATABASE_URL=sqlite::memory:"}, ready: answers200("http://" + addr + "/readyz"), log: log}
	for name, value := range env {
		p.env = append(p.env, name+"="+value)
	}
	return p, nil
}

// haproxyPart is HAProxy with the repository's configuration as it is.
func (c *Cluster) haproxyPart(root, room, inner, stats string) (*Part, error) {
	path, err := program("haproxy")
	if err != nil {
		return nil, err
	}
	env := []string{"LB_BIND=" + room + onIPv6(room), "STATS_BIND=" + stats}
	env = append(append(env, c.namesEnv()...), "INNER_BIND="+inner, fmt.Sprint("MAX_CLIENTS=", maxClients()))
	env = append(env, fmt.Sprint("ELASTIC_SLOTS=", max(elasticSlots, c.options.Elastic)))
	for i := range MaxServers {
		addr := "" // left out
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

// elasticSlots is haproxy.cfg's own number.
const elasticSlots = 32

// maxClients is how many connections to the room HAProxy can have with the files
// that we may open, and it after us: two each, and some are left for the
// statistics.
func maxClients() uint64 {
	const most, left = 50_000, 60
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max/2 > most {
		return most
	}
	return max(limit.Max/2, 2*left) - left
}

// onIPv6 returns the further address that makes a room on 127.0.0.1 reachable for programs to which localhost is ::1, as node 18 and with it
// wscat; nothing where there is no IPv6.
func onIPv6(room string) string {
	port, found := strings.CutPrefix(room, "127.0.0.1:")
	if !found || checkFree("room", "[::1]:"+port) != nil {
		return ""
	}
	return ",[::1]:" + port
}

// environment returns the given variables and those of the Options, which win.
func (c *Cluster) environment(variables ...string) []string {
	for name, value := range c.options.Env {
		variables = append(variables, name+"="+value)
	}
	return variables
}

// nginxHead is what the image's nginx.conf has around the template, as one process in the foreground that any user may run.
const nginxHead = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr warn;
events {}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    include DIR/livechat.conf;
}
`

// nginxPart is Nginx with the repository's template, its four names filled in as the image does at its start.
func (c *Cluster) nginxPart(root, page string) (*Part, error) {
	path, err := program("nginx")
	if err != nil {
		return nil, err
	}
	template, err := os.ReadFile(filepath.Join(root, "docker", "nginx", "livechat.conf.template"))
	if err != nil {
		return nil, fmt.Errorf("read nginx's template: %w", err)
	}
	socketPort := c.options.SocketPort
	if socketPort == "" {
		if _, socketPort, err = net.SplitHostPort(c.HAProxy.Addr); err != nil {
			return nil, fmt.Errorf("plan nginx: %w", err)
		}
	}
	dir := filepath.Join(c.dir, "nginx")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for nginx: %w", err)
	}
	filled := strings.NewReplacer("${PAGE_PORT}", page, "${SOCKET_PORT}", socketPort,
		"${PAGE_ROOT}", filepath.Join(root, "static"), "${API_UPSTREAM}", c.HAProxy.inner).Replace(string(template))
	for name, text := range map[string]string{"nginx.conf": strings.ReplaceAll(nginxHead, "DIR", dir), "livechat.conf": filled} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write nginx's configuration: %w", err)
		}
	}
	return &Part{
		Name: "nginx", Addr: page, path: path,
		args:  []string{"-p", dir, "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf")},
		ready: answers200("http://" + page + "/healthz"), log: c.options.Log,
	}, nil
}
