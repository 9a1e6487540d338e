package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/load/record"
)

// peersRate is how many messages a second everybody gets, unless -rates says
// otherwise.
const peersRate = 20

// peerCase is a server that the load tool compares with livechat.
type peerCase struct {
	benchCase
	target string // of the load tool
}

// errMissing is wrapped by the errors of cases whose program is not installed.
var errMissing = errors.New("left out")

// peers puts livechat and other servers under the same load, by the load tool,
// which accounts for every message at every client.
func (b *bench) peers(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "livechat-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	root, err := localcluster.Root()
	if err != nil {
		return err
	}
	tool := filepath.Join(dir, "load")
	build := exec.CommandContext(ctx, "go", "build", "-o", tool, "./load")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the load tool: %w\n%s", err, out)
	}
	rates := b.rates
	if !b.rated {
		rates = []int{peersRate}
	}
	for _, rate := range rates {
		if err := b.peersAt(ctx, tool, root, rate); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) peersAt(ctx context.Context, tool, root string, rate int) error {
	b.row("messages/s", "server", "deliveries", "µs CPU each", "median ms", "99 % ms", "lost", "missed",
		"reconnects", "MB", "µs of the tool")
	kinds, each := []benchCase(nil), map[string][]float64{}
	for round := range b.rounds {
		for _, k := range b.peerCases(root) {
			r, err := b.peerRun(ctx, tool, k, rate)
			if errors.Is(err, errMissing) {
				if round == 0 {
					fmt.Printf("%s: %v\n", k.name, err)
				}
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			t := &r.Totals
			b.row(rate, k.name, t.Delivered, fmt.Sprintf("%.2f", t.ServerEach), fmt.Sprintf("%.2f", r.Latency.P50),
				fmt.Sprintf("%.2f", r.Latency.P99), t.Lost, t.Missed, t.Reconnects, memoryOf(r)>>20,
				fmt.Sprintf("%.2f", t.LoaderEach))
			if round == 0 {
				kinds = append(kinds, k.benchCase)
			}
			each[k.name] = append(each[k.name], t.ServerEach)
		}
	}
	if len(kinds) == 0 {
		return nil
	}
	return b.compare("µs of CPU per delivery", kinds, each)
}

// peerRun starts a server and has the load tool measure it.
func (b *bench) peerRun(ctx context.Context, tool string, k peerCase, rate int) (*record.Run, error) {
	a, err := k.start(ctx)
	if err != nil {
		return nil, err
	}
	defer a.end()
	figures := filepath.Join(filepath.Dir(tool), "run.json")
	_ = os.Remove(figures)
	cmd := exec.CommandContext(ctx, tool, "-target", k.target, "-url", a.url, "-clients",
		strconv.Itoa(b.clients), "-rate", strconv.Itoa(rate), "-for", b.length.String(), "-json", figures,
		"-html", "")
	out, failed := cmd.CombinedOutput() // it fails if messages are lost, and has figures then
	r, err := record.Read(figures)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", errors.Join(failed, err), out)
	}
	return r, nil
}

// memoryOf returns the most that the server's programs had together, in bytes.
func memoryOf(r *record.Run) (most int64) {
	for _, s := range r.Seconds {
		sum := int64(0)
		for _, p := range s.Parts {
			sum += p.Memory
		}
		most = max(most, sum)
	}
	return most
}

// peerCases returns the servers that were asked for. Those with Redis need a
// process more, and can have several servers.
func (b *bench) peerCases(root string) (wanted []peerCase) {
	servers := filepath.Join(root, "load", "peer", "servers")
	all := []peerCase{
		{benchCase{name: nameLivechat, start: b.startAlone}, "livechat"},
		{benchCase{name: "centrifugo", start: func(ctx context.Context) (*instance, error) {
			return startCentrifugo(ctx, servers, nil)
		}}, "centrifugo"},
		{benchCase{name: nameLivechat + " with Redis", start: func(ctx context.Context) (*instance, error) {
			cl, _, err := b.start(ctx)
			if err != nil {
				return nil, err
			}
			return &instance{url: cl.ServerURL(0), end: func() { _ = cl.Close() }}, nil
		}}, "livechat"},
		{benchCase{name: "centrifugo with Redis", start: func(ctx context.Context) (*instance, error) {
			// for its Redis
			cl, err := localcluster.Start(ctx, localcluster.Options{Servers: 1, Binary: b.binary})
			if err != nil {
				return nil, err
			}
			return startCentrifugo(ctx, servers, cl)
		}}, "centrifugo"},
		{benchCase{name: nameGorilla, start: func(ctx context.Context) (*instance, error) {
			return startInstance(ctx, "", nil, "baseline", baselineExample, "")
		}}, "gorilla"},
		{benchCase{name: "socket.io", start: func(ctx context.Context) (*instance, error) {
			if exec.CommandContext(ctx, "node", "-e", "require('socket.io')").Run() != nil {
				return nil, fmt.Errorf("%w: node has no socket.io; `npm install socket.io` where you run "+
					"this, or set NODE_PATH", errMissing)
			}
			return startProgram(ctx, nil, "", "node", filepath.Join(servers, "socketio.js"), "PORT", "HOST")
		}}, "socketio"},
		{benchCase{name: "python-socketio", start: func(ctx context.Context) (*instance, error) {
			if exec.CommandContext(ctx, "/usr/bin/python3", "-c", "import socketio, aiohttp").Run() != nil {
				return nil, fmt.Errorf("%w: `scripts/install.sh python-socketio` installs it", errMissing)
			}
			return startProgram(ctx, nil, "", "/usr/bin/python3",
				filepath.Join(servers, "python_socketio.py"), "PORT", "HOST")
		}}, "socketio"},
	}
	for _, k := range all {
		if b.cases == "" || contains(b.cases, k.name) {
			wanted = append(wanted, k)
		}
	}
	return wanted
}

// contains reports whether a list separated by commas has that name.
func contains(list, name string) bool { return strings.Contains(","+list+",", ","+name+",") }

// startAlone starts livechat as one process, as `go run ./server` does.
func (b *bench) startAlone(ctx context.Context) (*instance, error) {
	part, err := localcluster.Alone(b.binary, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0",
		"ADDRESS_RATE": "0", "LOG_LEVEL": "warn"}, func(string, string) {})
	if err != nil {
		return nil, err
	}
	if err := part.Start(ctx); err != nil {
		return nil, err
	}
	return &instance{url: "ws://" + part.Addr, end: func() { _ = part.Kill() }}, nil
}

// startCentrifugo starts Centrifugo, with the cluster's Redis if there is one,
// which then ends with it.
func startCentrifugo(ctx context.Context, servers string, cl *localcluster.Cluster) (*instance, error) {
	program, err := need.Find("centrifugo")
	var env []string
	also := func() {}
	if cl != nil {
		also = func() { _ = cl.Close() }
		env = []string{"CENTRIFUGO_ENGINE_TYPE=redis", "CENTRIFUGO_ENGINE_REDIS_ADDRESS=redis://" + cl.Redis.Addr}
	}
	if err != nil {
		also()
		return nil, fmt.Errorf("%w: `scripts/install.sh centrifugo` builds it, which takes minutes", errMissing)
	}
	env = append(env, "CENTRIFUGO_HTTP_SERVER_PORT=PORT", "CENTRIFUGO_HTTP_SERVER_ADDRESS=HOST",
		"CENTRIFUGO_LOG_LEVEL=error")
	a, err := startProgram(ctx, env, "/connection/websocket", program, "-c",
		filepath.Join(servers, "centrifugo.json"))
	if err != nil {
		also()
		return nil, err
	}
	end := a.end
	a.end = func() { end(); also() }
	return a, nil
}

// startTime is how long a program may take until it accepts connections.
const startTime = 30 * time.Second

// startProgram starts a program and waits until it accepts connections. In its
// environment and arguments, PORT and HOST stand for what it has to listen on.
func startProgram(ctx context.Context, env []string, path, program string, args ...string) (
	*instance, error,
) {
	host, port, err := clusterPorts()
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("=PORT", "="+port, "=HOST", "="+host)
	cmd := exec.Command(program)
	for _, arg := range args {
		switch arg {
		case "PORT":
			arg = port
		case "HOST":
			arg = host
		}
		cmd.Args = append(cmd.Args, arg)
	}
	cmd.Env = os.Environ()
	for _, one := range env {
		cmd.Env = append(cmd.Env, fill.Replace(one))
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	address := net.JoinHostPort(host, port)
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := localcluster.Poll(ctx, func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			err = conn.Close()
		}
		return err
	}); err != nil {
		kill(cmd)
		return nil, fmt.Errorf("%s does not listen: %w", program, err)
	}
	return &instance{url: "ws://" + address + path, end: func() { kill(cmd) }}, nil
}
