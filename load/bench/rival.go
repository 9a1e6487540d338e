package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
)

// The rivals are the two ways in which such a server is usually written, as small as they are usually written, so that what this server does
// differently can be measured. Their messages are as long as its messages. A client at /pub says things, and is shown only its own.
const (
	wayGorilla = "gorilla" // the chat example of gorilla/websocket: a hub, and two goroutines and a channel for each client; one process, no Redis
	wayRedis   = "redis"   // PUBLISH what a client says, and write what comes on the channel to one connection after the other
)

// rival serves in the given way on addr.
func rival(way, addr, redisAddr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	h := &hub{clients: map[*guest]bool{}, broadcast: make(chan []byte), join: make(chan *guest), leave: make(chan *guest)}
	serve := h.serve
	go h.run() // like everything here it ends with the process
	if way == wayRedis {
		r := &repeater{db: redis.NewClient(&redis.Options{Addr: redisAddr}), conns: map[*websocket.Conn]bool{}}
		go r.run()
		serve = r.serve
	}
	return http.Serve(ln, http.HandlerFunc(serve))
}

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, CheckOrigin: func(*http.Request) bool { return true }}

// padded makes a message frame's payload of what a client said, as long as this project's.
func padded(said []byte) []byte {
	var m struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(said, &m) != nil {
		return nil
	}
	text, err := json.Marshal(m.Text)
	if err != nil {
		return nil
	}
	payload := append([]byte(`{"type":"message","seq":1,"id":"00000000-0000-4000-8000-000000000000","text":`), text...)
	payload = append(payload, `,"name":"`...)
	return append(append(payload, bytes.Repeat([]byte{'x'}, max(0, frameBytes-4-2-len(payload)))...), `"}`...)
}

// hub is the example's hub: https://github.com/gorilla/websocket/tree/main/examples/chat, with its figures.
type hub struct {
	clients     map[*guest]bool
	broadcast   chan []byte
	join, leave chan *guest
}

type guest struct {
	conn *websocket.Conn
	send chan []byte
}

func (h *hub) run() {
	for {
		select {
		case g := <-h.join:
			h.clients[g] = true
		case g := <-h.leave:
			if h.clients[g] {
				delete(h.clients, g)
				close(g.send)
			}
		case message := <-h.broadcast:
			for g := range h.clients {
				select {
				case g.send <- message:
				default: // its channel is full
					close(g.send)
					delete(h.clients, g)
				}
			}
		}
	}
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if r.URL.Path == "/pub" {
		for {
			_, said, err := conn.ReadMessage()
			if err != nil {
				return
			}
			message := padded(said)
			h.broadcast <- message
			if conn.WriteMessage(websocket.TextMessage, message) != nil {
				return
			}
		}
	}
	g := &guest{conn: conn, send: make(chan []byte, 256)}
	h.join <- g
	go g.write()
	conn.SetReadLimit(512)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(time.Minute)) })
	for {
		_, said, err := conn.ReadMessage()
		if err != nil {
			h.leave <- g
			return
		}
		h.broadcast <- padded(said)
	}
}

func (g *guest) write() {
	ping := time.NewTicker(54 * time.Second)
	defer ping.Stop()
	defer func() { _ = g.conn.Close() }()
	for {
		select {
		case message, ok := <-g.send:
			_ = g.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
			if !ok {
				_ = g.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			// The example joins what waits into one frame. Here every message stays one: its reader counts them.
			if g.conn.WriteMessage(websocket.TextMessage, message) != nil {
				return
			}
		case <-ping.C:
			_ = g.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
			if g.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

// repeater is the plain rebroadcaster: subscribe, and send to each connection in turn.
type repeater struct {
	db *redis.Client

	mu    sync.Mutex
	conns map[*websocket.Conn]bool // guarded by mu
}

func (r *repeater) run() {
	for m := range r.db.Subscribe(context.Background(), "livechat").Channel(redis.WithChannelSize(10000)) {
		r.mu.Lock()
		for conn := range r.conns {
			if conn.WriteMessage(websocket.TextMessage, []byte(m.Payload)) != nil {
				delete(r.conns, conn)
			}
		}
		r.mu.Unlock()
	}
}

func (r *repeater) serve(w http.ResponseWriter, req *http.Request) {
	conn, err := upgrader.Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if req.URL.Path != "/pub" {
		r.mu.Lock()
		r.conns[conn] = true
		r.mu.Unlock()
	}
	for {
		_, said, err := conn.ReadMessage()
		if err != nil {
			r.mu.Lock()
			delete(r.conns, conn)
			r.mu.Unlock()
			return
		}
		message := padded(said)
		if r.db.Publish(req.Context(), "livechat", message).Err() != nil || req.URL.Path == "/pub" && conn.WriteMessage(websocket.TextMessage, message) != nil {
			return
		}
	}
}

// startSelf starts this program as something else to measure, and returns its WebSocket address.
func startSelf(as ...string) (*exec.Cmd, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	host, port, err := clusterPorts()
	if err != nil {
		return nil, "", err
	}
	addr := net.JoinHostPort(host, port)
	cmd := exec.Command(self, append([]string{as[0], addr}, as[1:]...)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", strings.Join(as, " "), err)
	}
	return cmd, "ws://" + addr + "/", nil
}
