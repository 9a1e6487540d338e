package haproxy

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// node is a fake server that does what it is told.
type node struct {
	name, addr string
	server     *http.Server
	frozen     chan struct{}        // closed: health checks get no answer any more
	first      chan *websocket.Conn // its first connection

	ready  atomic.Int64 // status of /readyz
	worked atomic.Int64 // requests for /api/work

	mu      sync.Mutex
	sockets []*websocket.Conn
}

// newNode starts a server that runs until the test ends.
func newNode(t *testing.T, name string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{
		name:   name,
		addr:   l.Addr().String(),
		frozen: make(chan struct{}),
		first:  make(chan *websocket.Conn, 1),
	}
	n.ready.Store(http.StatusOK)
	n.server = &http.Server{Handler: n, ErrorLog: log.New(io.Discard, "", 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = n.server.Serve(l) }) // ends by die, with ErrServerClosed
	t.Cleanup(func() { n.die(); serving.Wait() })
	return n
}

// ServeHTTP answers checks, accepts sockets and echoes on them, and answers all
// other requests with the X-Forwarded-For that it received.
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
			// otherwise net/http does not notice the end of the connection
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		default:
			fmt.Fprint(w, n.name)
		}
	case strings.HasPrefix(r.URL.Path, "/api/v1/files/"):
		n.takes(w, r)
	case r.URL.Path == "/api/die":
		panic(http.ErrAbortHandler)
	default:
		fmt.Fprint(w, strings.Join(r.Header["X-Forwarded-For"], "|"))
	}
}

// takes answers an upload with its length, after the time in X-Wait. If X-Refuse
// is there, it refuses the upload before it has read it.
func (n *node) takes(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Refuse") != "" {
		http.Error(w, "no", http.StatusRequestEntityTooLarge)
		return
	}
	got, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return
	}
	wait, _ := time.ParseDuration(r.Header.Get("X-Wait"))
	select {
	case <-time.After(wait): // the work of the server
		fmt.Fprint(w, got)
	case <-r.Context().Done():
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
