// Package haproxy tests what haproxy/haproxy.cfg promises, line by line, with
// fake servers that die, freeze and drain on demand. Other tests here run the
// same file in front of real servers.
package haproxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file is the configuration, relative to this package's directory.
const file = "../../haproxy/haproxy.cfg"

// balancer is HAProxy in front of some nodes.
type balancer struct {
	room, stats string
	nodes       []*node

	before string // shell commands before HAProxy
	also   string // a comma and another address of the room
}

// start starts HAProxy in front of n nodes, with the given settings. Nodes are
// ready until told otherwise.
func start(t *testing.T, n int, settings ...string) *balancer {
	t.Helper()
	b := &balancer{}
	b.start(t, n, settings...)
	return b
}

// start starts a balancer that has settings already.
func (b *balancer) start(t *testing.T, n int, settings ...string) {
	t.Helper()
	program := need.Program(t, "haproxy")
	env := append(os.Environ(), "ELASTIC=", "CHECK_TIMEOUT=2s", "WS1=", "WS2=", "WS3=", "WS4=")
	for i := range n {
		name := fmt.Sprintf("WS%d", i+1)
		b.nodes = append(b.nodes, newNode(t, name))
		env = append(env, name+"="+b.nodes[i].addr)
	}
	env = append(env, settings...) // of two with the same name the last one counts
	for range 3 {                  // a free port may be taken a moment later
		if b.run(t, program, env) {
			return
		}
	}
	t.Fatal("HAProxy does not start")
}

// run starts HAProxy until the test ends and reports whether it answers; if
// not, it has ended.
func (b *balancer) run(t *testing.T, program string, env []string) bool {
	t.Helper()
	host, ports, err := localcluster.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	b.room, b.stats = net.JoinHostPort(host, ports[0]), net.JoinHostPort(host, ports[1])
	cmd := exec.Command("sh", "-c", b.before+`exec "$0" -db -f "$1"`, program, file)
	cmd.Env = append(env, "LB_BIND="+b.room+b.also, "STATS_BIND="+b.stats)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // killed, or its output says why
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-exited })
	running := true
	eventually(t, "HAProxy answers", func() error {
		select {
		case <-exited:
			running = false
			return nil
		default:
		}
		if status, body := b.get(t, b.stats, "/healthz"); status != http.StatusOK {
			return fmt.Errorf("its statistics answer %d %s", status, body)
		}
		return nil
	})
	return running
}

// get requests a page and returns the status, 0 if there is no response, and
// the body.
func (b *balancer) get(t *testing.T, addr, path string, header ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, read(t, res)
}

// answer is the response to a handshake.
type answer struct {
	status int
	header http.Header
	body   string
}

// dial attempts a handshake. Without an error, the caller closes the socket.
func (b *balancer) dial(t *testing.T) (*websocket.Conn, answer, error) {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+b.room, nil)
	if res == nil {
		return nil, answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if err != nil { // otherwise the body is the socket
		a.body = read(t, res)
	}
	return conn, a, err
}

// open opens a socket until the test ends and returns the name of its server.
func (b *balancer) open(t *testing.T) (*websocket.Conn, string) {
	t.Helper()
	conn, a, err := b.dial(t)
	if err != nil {
		t.Fatalf("dial: %v %s", err, a.body)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, a.header.Get("X-Node")
}

// visit opens a socket, closes it and returns the name of its server.
func (b *balancer) visit(t *testing.T) string {
	t.Helper()
	conn, name := b.open(t)
	conn.Close()
	return name
}

// onEach opens one socket to each of the nodes, in their order.
func (b *balancer) onEach(t *testing.T) []*websocket.Conn {
	t.Helper()
	conns := make([]*websocket.Conn, len(b.nodes))
	for range b.nodes {
		conn, name := b.open(t)
		for i, n := range b.nodes {
			if n.name == name {
				conns[i] = conn
			}
		}
	}
	for i, conn := range conns {
		if conn == nil {
			t.Fatalf("%s got none of %d sockets", b.nodes[i].name, len(conns))
		}
	}
	return conns
}

// echoes returns an error unless the socket still carries messages both ways.
func echoes(conn *websocket.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte("there?")); err != nil {
		return err
	}
	_, _, err := conn.ReadMessage()
	return err
}

// cut waits until a socket ends and returns how long that took.
func cut(t *testing.T, conn *websocket.Conn) time.Duration {
	t.Helper()
	start := time.Now()
	if err := conn.SetReadDeadline(start.Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _, err := conn.ReadMessage()
	if ne, ok := err.(net.Error); err == nil || ok && ne.Timeout() {
		t.Fatalf("the socket was not cut: %v", err)
	}
	return time.Since(start)
}

// eventually waits until try returns nil.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := localcluster.Poll(ctx, func(context.Context) error { return try() }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
