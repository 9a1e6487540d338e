// Package haproxy tests what haproxy/haproxy.cfg promises, one line after the other, with servers that do as they are told: die, freeze,
// drain. The tests beside it run the same file in front of real ones.
package haproxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"livechat/e2e/cluster"
	"livechat/internal/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file is the configuration, seen from this package's directory.
const file = "../../haproxy/haproxy.cfg"

// node is a server that does as it is told.
type node struct {
	name, addr string
	server     *http.Server
	frozen     chan struct{} // closed: checks are answered no more

	ready atomic.Int64 // status of /readyz

	mu      sync.Mutex
	sockets []*websocket.Conn
}

// frozenForever is for servers that answer checks all their life.
func newNode(t *testing.T, name, addr string) *node {
	t.Helper()
	n := &node{name: name, addr: addr, frozen: make(chan struct{})}
	n.ready.Store(http.StatusOK)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	n.server = &http.Server{Handler: n}
	var serving sync.WaitGroup
	serving.Go(func() { _ = n.server.Serve(l) }) // ends by die, with ErrServerClosed
	t.Cleanup(func() { n.die(); serving.Wait() })
	return n
}

// ServeHTTP answers checks, takes sockets and echoes on them, and tells everybody else which X-Forwarded-For it has got.
func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/readyz":
		select {
		case <-n.frozen:
			<-r.Context().Done()
		default:
			w.WriteHeader(int(n.ready.Load()))
		}
	case websocket.IsWebSocketUpgrade(r):
		upgrader := websocket.Upgrader{WriteBufferSize: 1024}
		conn, err := upgrader.Upgrade(w, r, http.Header{"X-Node": {n.name}})
		if err != nil {
			return
		}
		n.mu.Lock()
		n.sockets = append(n.sockets, conn)
		n.mu.Unlock()
		for {
			kind, payload, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, payload) != nil {
				conn.Close()
				return
			}
		}
	default:
		fmt.Fprint(w, strings.Join(r.Header["X-Forwarded-For"], "|"))
	}
}

// die closes everything, as a crash does.
func (n *node) die() {
	n.server.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.sockets {
		conn.Close()
	}
}

// balancer is HAProxy in front of some nodes.
type balancer struct {
	room, stats string
	nodes       []*node
}

// start starts HAProxy in front of n nodes, with the given settings, and returns once it takes all of them for ready.
func start(t *testing.T, n int, settings ...string) *balancer {
	t.Helper()
	program := need.Program(t, "haproxy")
	host, ports, err := cluster.FreePorts(n + 2)
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{room: net.JoinHostPort(host, ports[n]), stats: net.JoinHostPort(host, ports[n+1])}
	env := append(os.Environ(), "LB_BIND="+b.room, "STATS_BIND="+b.stats, "ELASTIC=", "CHECK_TIMEOUT=2s", "WS1=", "WS2=", "WS3=", "WS4=")
	for i, port := range ports[:n] {
		name := fmt.Sprintf("WS%d", i+1)
		b.nodes = append(b.nodes, newNode(t, name, net.JoinHostPort(host, port)))
		env = append(env, name+"="+b.nodes[i].addr)
	}
	cmd := exec.Command(program, "-db", "-f", file)
	cmd.Env = append(env, settings...) // of two with the same name the last one holds
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	eventually(t, "HAProxy starts", func() error {
		if status, _ := b.get(t, b.stats, "/healthz"); status != http.StatusOK {
			return fmt.Errorf("its statistics answer %d", status)
		}
		return nil
	})
	return b
}

// get asks for a page and returns the answer's status, 0 if there is none, and its body.
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

// open opens a socket that the test's end closes, and returns the name of the server that has it.
func (b *balancer) open(t *testing.T) (*websocket.Conn, string) {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+b.room, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, res.Header.Get("X-Node")
}

// onEach opens one socket on each of the nodes, in their order.
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

// echoes reports whether a socket still carries messages both ways.
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

// cut waits until a socket ends, and returns how long that took.
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
	if err := cluster.Poll(ctx, func(context.Context) error { return try() }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
