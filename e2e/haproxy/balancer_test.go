// Package haproxy tests what haproxy/haproxy.cfg promises, one line after the other, with servers that do as they are told: die, freeze,
// drain. The tests beside it run the same file in front of real ones.
package haproxy

import (
	"context"
	"fmt"
	"io"
	"log"
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
	frozen     chan struct{}        // closed: checks are answered no more
	first      chan *websocket.Conn // its first socket

	ready  atomic.Int64 // status of /readyz
	worked atomic.Int64 // requests for /api/work

	mu      sync.Mutex
	sockets []*websocket.Conn
}

// newNode starts a server that the test's end stops.
func newNode(t *testing.T, name string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{name: name, addr: l.Addr().String(), frozen: make(chan struct{}), first: make(chan *websocket.Conn, 1)}
	n.ready.Store(http.StatusOK)
	n.server = &http.Server{Handler: n, ErrorLog: log.New(io.Discard, "", 0)}
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
		select {
		case n.first <- conn:
		default:
		}
		for {
			kind, payload, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, payload) != nil {
				conn.Close()
				return
			}
		}
	case r.URL.Path == "/api/work":
		n.worked.Add(1)
		select {
		case <-n.frozen:
			// else net/http does not see the end of the connection
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		default:
			fmt.Fprint(w, n.name)
		}
	case r.URL.Path == "/api/die":
		panic(http.ErrAbortHandler)
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

	before string // what a shell does before it becomes HAProxy
	also   string // a comma and a further address of the room
}

// start starts HAProxy in front of n nodes, with the given settings. It takes them for ready until a check says otherwise.
func start(t *testing.T, n int, settings ...string) *balancer {
	t.Helper()
	b := &balancer{}
	b.start(t, n, settings...)
	return b
}

// start is the start of a balancer with settings of its own.
func (b *balancer) start(t *testing.T, n int, settings ...string) {
	t.Helper()
	program := need.Program(t, "haproxy")
	env := append(os.Environ(), "ELASTIC=", "CHECK_TIMEOUT=2s", "WS1=", "WS2=", "WS3=", "WS4=")
	for i := range n {
		name := fmt.Sprintf("WS%d", i+1)
		b.nodes = append(b.nodes, newNode(t, name))
		env = append(env, name+"="+b.nodes[i].addr)
	}
	env = append(env, settings...) // of two with the same name the last one holds
	for range 3 {                  // a port that was free may be taken a moment later
		if b.run(t, program, env) {
			return
		}
	}
	t.Fatal("HAProxy does not start")
}

// run starts HAProxy until the test's end, and reports whether it answers; if not, it has ended.
func (b *balancer) run(t *testing.T, program string, env []string) bool {
	t.Helper()
	host, ports, err := cluster.FreePorts(2)
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
		_ = cmd.Wait() // killed, or it has said why
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

// answer is what came back for a handshake.
type answer struct {
	status int
	header http.Header
	body   string
}

// dial tries a handshake; without an error the socket is the caller's to close.
func (b *balancer) dial(t *testing.T) (*websocket.Conn, answer, error) {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+b.room, nil)
	if res == nil {
		return nil, answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if err != nil { // else the body is the socket
		a.body = read(t, res)
	}
	return conn, a, err
}

// open opens a socket that the test's end closes, and returns the name of the server that has it.
func (b *balancer) open(t *testing.T) (*websocket.Conn, string) {
	t.Helper()
	conn, a, err := b.dial(t)
	if err != nil {
		t.Fatalf("dial: %v %s", err, a.body)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, a.header.Get("X-Node")
}

// visit opens a socket, closes it and returns the name of the server that had it.
func (b *balancer) visit(t *testing.T) string {
	t.Helper()
	conn, name := b.open(t)
	conn.Close()
	return name
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
