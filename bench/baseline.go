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

// The baselines are the two usual ways of writing such a server, as small as
// they usually are, so that the effect of what livechat does differently can be
// measured. Their messages are as long as livechat's. A client at /pub
// publishes and receives only its own messages.
const (
	// gorilla/websocket's chat example: a hub, two goroutines and a channel per
	// client; one process, no Redis
	baselineGorilla = "gorilla"
	// The same as it is published: it sends what it received, and joins messages
	// that wait for a client into one frame.
	baselineExample = "example"
	// PUBLISH each message; write what the channel brings to one connection
	// after the other
	baselineRedis = "redis"
)

// baseline serves on addr in the given way.
func baseline(way, addr, redisAddr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	h := &hub{
		asPublished: way == baselineExample,
		clients:     map[*hubClient]bool{},
		broadcast:   make(chan []byte),
		join:        make(chan *hubClient),
		leave:       make(chan *hubClient),
	}
	serve := h.serve
	go h.run() // ends with the process, as all goroutines here do
	if way == baselineRedis {
		r := &repeater{
			db:    redis.NewClient(&redis.Options{Addr: redisAddr}),
			conns: map[*websocket.Conn]bool{},
		}
		go r.run()
		serve = r.serve
	}
	return http.Serve(ln, http.HandlerFunc(serve))
}

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferSize: 1024,
	CheckOrigin:     func(*http.Request) bool { return true },
}

// padded returns the payload of a message frame for what a client sent. It is
// as long as livechat's.
func padded(received []byte) []byte {
	var m struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(received, &m) != nil {
		return nil
	}
	text, err := json.Marshal(m.Text)
	if err != nil {
		return nil
	}
	payload := append(
		[]byte(`{"type":"message","seq":1,"id":"00000000-0000-4000-8000-000000000000","text":`),
		text...)
	payload = append(payload, `,"name":"`...)
	return append(append(payload, bytes.Repeat([]byte{'x'}, max(0, frameBytes-4-2-len(payload)))...), `"}`...)
}

// hub is the example's hub, with its limits:
// https://github.com/gorilla/websocket/tree/main/examples/chat
type hub struct {
	asPublished bool

	clients     map[*hubClient]bool
	broadcast   chan []byte
	join, leave chan *hubClient
}

type hubClient struct {
	conn  *websocket.Conn
	send  chan []byte
	joins bool
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
			_, received, err := conn.ReadMessage()
			if err != nil {
				return
			}
			message := padded(received)
			h.broadcast <- message
			if conn.WriteMessage(websocket.TextMessage, message) != nil {
				return
			}
		}
	}
	g := &hubClient{conn: conn, joins: h.asPublished, send: make(chan []byte, 256)}
	h.join <- g
	go g.write()
	conn.SetReadLimit(512)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(time.Minute)) })
	for {
		_, received, err := conn.ReadMessage()
		if err != nil {
			h.leave <- g
			return
		}
		if !h.asPublished {
			received = padded(received)
		}
		h.broadcast <- received
	}
}

func (g *hubClient) write() {
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
			// The example joins waiting messages into one frame. For the
			// benchmark's own reader, which counts frames, each stays one.
			write := g.conn.WriteMessage
			if g.joins {
				write = g.writeJoined
			}
			if write(websocket.TextMessage, message) != nil {
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

// writeJoined writes a message and those that wait after it, with newlines
// between them.
func (g *hubClient) writeJoined(kind int, message []byte) error {
	w, err := g.conn.NextWriter(kind)
	if err != nil {
		return err
	}
	_, _ = w.Write(message) // Close returns its errors, too
	for range len(g.send) {
		_, _ = w.Write([]byte{'\n'})
		_, _ = w.Write(<-g.send)
	}
	return w.Close()
}

// repeater is the plain rebroadcaster: it subscribes and writes to each
// connection in turn.
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
		_, received, err := conn.ReadMessage()
		if err != nil {
			r.mu.Lock()
			delete(r.conns, conn)
			r.mu.Unlock()
			return
		}
		message := padded(received)
		if r.db.Publish(req.Context(), "livechat", message).Err() != nil ||
			req.URL.Path == "/pub" && conn.WriteMessage(websocket.TextMessage, message) != nil {
			return
		}
	}
}

// startSelf starts this program as one of the cases and returns its WebSocket
// address.
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
