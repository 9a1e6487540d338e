package presence

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub is the gossip channel, in memory.
type hub struct {
	mu    sync.Mutex
	lines map[*server]bool // guarded by mu: connected servers
	drop  func(to *server, payload string) bool
	sent  []string // guarded by mu: payloads, for counting
	cost  cost     // guarded by mu: of deliveries
}

// server is a Presence on the hub, with the clients in its rooms.
type server struct {
	*Presence
	hub  *hub
	stop func() // ends Run and waits for it

	mu      sync.Mutex
	updates []told            // guarded by mu: what Emit got
	typing  []string          // guarded by mu
	people  map[string]people // guarded by mu: by session
}

type told struct {
	room string
	at   time.Time
	Update
}

func newHub() *hub { return &hub{lines: make(map[*server]bool)} }

// start starts a server, in a synctest bubble. Like the bus, it calls
// Resubscribed when the channel is subscribed.
func (h *hub) start(node string) *server { return h.startAs(node, "ws") }

func (h *hub) startAs(node, role string) *server {
	s := &server{hub: h, people: make(map[string]people)}
	s.Presence = New(Options{
		Node:       node,
		App:        strings.ToUpper(node),
		Role:       role,
		Send:       s.send,
		SendTo:     s.sendTo,
		Emit:       s.emit,
		Encode:     encodeUpdate,
		EmitTyping: s.emitTyping,
	})
	h.connect(s)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	s.stop = func() {
		cancel()
		running.Wait()
	}
	return s
}

func (h *hub) connect(s *server) {
	h.mu.Lock()
	h.lines[s] = true
	h.mu.Unlock()
	s.Resubscribed()
}

// disconnect isolates a server: it neither receives nor sends.
func (h *hub) disconnect(s *server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lines, s)
}

// kill ends a server without a bye.
func (h *hub) kill(s *server) {
	h.disconnect(s)
	s.stop()
}

func (s *server) send(ctx context.Context, payload []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if !s.hub.lines[s] {
		return errors.New("not connected")
	}
	s.hub.sent = append(s.hub.sent, string(payload))
	for to := range s.hub.lines {
		if s.hub.drop == nil || !s.hub.drop(to, string(payload)) {
			s.hub.cost.messages, s.hub.cost.bytes = s.hub.cost.messages+1, s.hub.cost.bytes+len(payload)
			to.Receive(payload)
		}
	}
	return nil
}

func (s *server) sendTo(ctx context.Context, nodes []string, payloads [][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if !s.hub.lines[s] {
		return errors.New("not connected")
	}
	for i, payload := range payloads {
		s.hub.sent = append(s.hub.sent, string(payload))
		for to := range s.hub.lines {
			if to.opts.Node == nodes[i] && (s.hub.drop == nil || !s.hub.drop(to, string(payload))) {
				s.hub.cost.messages, s.hub.cost.bytes = s.hub.cost.messages+1, s.hub.cost.bytes+len(payload)
				to.Receive(payload)
			}
		}
	}
	return nil
}

// sentWith returns the payloads that contain all of the words.
func (h *hub) sentWith(words ...string) (payloads []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.sent {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(p, w) }) {
			payloads = append(payloads, p)
		}
	}
	return payloads
}

// count returns the number of payloads that contain all of the words.
func (h *hub) count(words ...string) int { return len(h.sentWith(words...)) }

func (s *server) emit(room string, u Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, told{room, time.Now(), u})
	for client, p := range s.people {
		if p.room == room {
			s.people[client] = p.with(u)
		}
	}
}

func (s *server) emitTyping(room, session, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.typing = append(s.typing, room+" "+session+" "+name)
}

func encodeUpdate(u Update) []byte {
	frame, err := json.Marshal(u)
	if err != nil {
		panic(err) // a program fault
	}
	return frame
}

// Snapshot is Presence.Snapshot, decoded.
func (s *server) Snapshot(room string) (u Update) {
	if err := json.Unmarshal(s.Presence.Snapshot(room), &u); err != nil {
		panic(err)
	}
	return u
}

// enter does what a session does when it starts: it joins, and takes a snapshot
// at a moment that is unrelated to the updates.
func (s *server) enter(room, session, name string) {
	s.Join(room, session, name)
	// like the ring: what is emitted from here on comes after the snapshot
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people[session] = people{room: room, names: map[string]int{}}.with(s.Snapshot(room))
}

func (s *server) exit(room, session string) {
	s.Leave(room, session)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.people, session)
}

// has reports whether the server has clients in a room.
func (s *server) has(room string) bool {
	s.Presence.mu.Lock()
	defer s.Presence.mu.Unlock()
	return s.ownLocked(room) > 0
}

// hasAnnounced reports whether the server has announced clients in a room.
func (s *server) hasAnnounced(room string) bool {
	s.Presence.mu.Lock()
	defer s.Presence.mu.Unlock()
	return s.report.announced[room] > 0
}

// typed returns the typing events that were shown.
func (s *server) typed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.typing)
}

// told returns the updates since the last call.
func (s *server) told() []told {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.updates
	s.updates = nil
	return u
}

// pass lets d pass, and everything happen that is due.
func pass(d time.Duration) {
	time.Sleep(d) // time in a bubble advances when all goroutines wait
	synctest.Wait()
}
