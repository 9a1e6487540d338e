package connections

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// prefix begins every message; see the package comment.
var prefix = []byte(`{"type":"connections",`)

// The questions.
const (
	askList   = "list"
	askClose  = "close"
	askFollow = "follow"
	askServer = "server"
)

// message is a question or an answer.
type message struct {
	Type   string  `json:"type"`
	Node   string  `json:"node"` // who sends it
	ID     string  `json:"id"`   // of the question
	Ask    string  `json:"ask,omitzero"`
	Query  Query   `json:"query,omitzero"`
	Follow string  `json:"follow,omitzero"` // id of a list
	Answer *answer `json:"answer,omitzero"`
}

type answer struct {
	Total       int          `json:"total"`
	Connections []Connection `json:"connections,omitzero"`
	Server      Server       `json:"server,omitzero"`
}

func encode(m message) ([]byte, error) {
	m.Type = "connections"
	payload, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode a question about connections: %w", err)
	}
	return payload, nil
}

// Receive handles a payload of the gossip channel, and reports whether it was
// for the Hub. It does not wait.
func (h *Hub) Receive(payload []byte) bool {
	if !bytes.HasPrefix(payload, prefix) {
		return false
	}
	var m message
	if err := json.Unmarshal(payload, &m); err != nil || m.Node == "" || m.ID == "" {
		h.o.Logger.Debug("connections: unreadable message", "bytes", len(payload))
		return true
	}
	to := (chan<- message)(h.questions)
	if m.Answer != nil {
		h.mu.Lock()
		to = h.asked[m.ID]
		h.mu.Unlock()
	}
	select {
	case to <- m:
	default: // too many, or an answer that comes too late
	}
	return true
}

// errBusy is why no question can be asked for now.
var errBusy = &chat.Error{
	Code: chat.CodeUnavailable, Message: "The servers cannot be asked right now. Try again in a moment.",
	Retryable: true, RetryAfterMS: 1000,
}

// ask asks all processes. It returns their answers by node, and the names of
// those that have not answered in time.
func (h *Hub) ask(ctx context.Context, m message) (got map[string]answer, missing []string, err error) {
	m.Node, m.ID = h.o.Node, newID()
	payload, err := encode(m)
	if err != nil {
		return nil, nil, err
	}
	expected := map[string]string{}
	for _, s := range h.o.Servers() {
		expected[s.Node] = s.App
	}
	answers := make(chan message, len(expected)+8) // a process may be newer than what presence knows
	if !h.begin(m.ID, answers) {
		return nil, nil, errBusy
	}
	defer h.end(m.ID)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := h.o.Send(ctx, payload); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	got = map[string]answer{}
	for len(expected) > 0 {
		select {
		case a := <-answers:
			got[a.Node] = *a.Answer
			delete(expected, a.Node)
		case <-ctx.Done():
			for _, app := range expected {
				missing = append(missing, app)
			}
			slices.Sort(missing)
			return got, missing, nil
		}
	}
	return got, nil, nil
}

// newID returns an id that nobody can guess.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

func (h *Hub) begin(id string, answers chan<- message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.asked) >= maxAsked {
		return false
	}
	h.asked[id] = answers
	return true
}

func (h *Hub) end(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.asked, id)
}

// List returns a page of the connections that a query means.
func (h *Hub) List(ctx context.Context, q Query) (p Page, err error) {
	limit := min(max(q.Limit, 1), MaxPage)
	q.Limit = limit + 1
	got, missing, err := h.ask(ctx, message{Ask: askList, Query: q})
	if err != nil {
		return p, err
	}
	p.Missing = missing
	for _, a := range got {
		p.Total += a.Total
		p.Connections = append(p.Connections, a.Connections...)
	}
	slices.SortFunc(p.Connections, Connection.Compare)
	if len(p.Connections) > limit {
		p.Connections = p.Connections[:limit]
		p.Next = p.Connections[limit-1].Place()
	}
	return p, nil
}

// Close closes the connections that a query means, on all servers that answer,
// and returns how many.
func (h *Hub) Close(ctx context.Context, q Query) (closed int, err error) {
	got, _, err := h.ask(ctx, message{Ask: askClose, Query: q})
	for _, a := range got {
		closed += a.Total
	}
	return closed, err
}

// Servers returns all processes, in the order of their names. Of those that have
// not answered only what presence knows is there.
func (h *Hub) Servers(ctx context.Context) ([]Server, error) {
	got, _, err := h.ask(ctx, message{Ask: askServer})
	if err != nil {
		return nil, err
	}
	all := h.o.Servers()
	for i, s := range all {
		if a, ok := got[s.Node]; ok {
			all[i].Connections, all[i].Version, all[i].Uptime = a.Total, a.Server.Version, a.Server.Uptime
		}
	}
	slices.SortFunc(all, func(a, b Server) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Node, b.Node))
	})
	return all, nil
}

// pageOfFrames is how many followed frames are read at a time.
const pageOfFrames = 500

// errNotFollowed is why a connection is not followed.
var errNotFollowed = chat.Errorf(chat.CodeNotFound,
	"This connection cannot be followed: it is over, it is followed already, or too many are.")

// Follow begins to follow a connection, on whatever server it is. It returns the
// id by which Frames reads.
func (h *Hub) Follow(ctx context.Context, session string) (id string, err error) {
	id = newID()
	if err := h.list.want(ctx, id); err != nil {
		return "", fmt.Errorf("%w: %w", errBusy, err)
	}
	got, _, err := h.ask(ctx, message{Ask: askFollow, Query: Query{Session: session}, Follow: id})
	if err != nil {
		return "", err
	}
	for _, a := range got {
		if a.Total > 0 {
			return id, nil
		}
	}
	return "", errNotFollowed
}

// Frames returns what a connection that is followed has sent and got, after the
// first so many. Following ends when nobody asks for this for a while.
func (h *Hub) Frames(ctx context.Context, id string, after int) ([]Followed, error) {
	if err := h.list.want(ctx, id); err != nil {
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	frames, err := h.list.read(ctx, id, after, pageOfFrames)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	return frames, nil
}

// Unfollow ends following.
func (h *Hub) Unfollow(ctx context.Context, id string) error {
	if err := h.list.forget(ctx, id); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	return nil
}
