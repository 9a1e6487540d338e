package room

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// A server may die together with the data of Redis. So it tells the others, on
// the gossip channel, which reactions it has taken, and they remember them as if
// they were their own. That is soon after the ack, and may be lost by a server
// that is not connected: a message is safe before its ack, since it is in the log
// of which all servers read every entry.

const (
	// spreadPause is how long reactions gather before the others are told.
	spreadPause = 20 * time.Millisecond
	// spreadTimeout bounds the telling.
	spreadTimeout = time.Second
	// maxNote is how many reactions are told at once, and maxSpread how many may
	// wait for that.
	maxNote   = 100
	maxSpread = 10_000
)

// takenNote is what servers tell each other.
type takenNote struct {
	Type  string        `json:"type"` // as in takenPrefix
	From  string        `json:"from"` // node
	Taken []noteOfTaken `json:"taken"`
}

// noteOfTaken is a takenReaction on its way.
type noteOfTaken struct {
	Room    string `json:"room"`
	Epoch   string `json:"epoch"`
	Seq     uint64 `json:"seq"` // of the message, as the next three
	ID      string `json:"id"`
	Author  string `json:"author,omitempty"`
	Session string `json:"session,omitempty"`
	Person  string `json:"person"`
	By      string `json:"by,omitempty"` // the person, if an author
	Name    string `json:"name"`
	Emoji   string `json:"emoji"`
	At      int64  `json:"at"`
	On      bool   `json:"on"`
}

var takenPrefix = []byte(`{"type":"taken",`)

// spread is what the other servers are to be told.
type spread struct {
	wake chan struct{} // holds a token while something waits; never closed

	mu   sync.Mutex
	list []noteOfTaken // guarded by mu
}

func newSpread() spread { return spread{wake: make(chan struct{}, 1)} }

// add lets the others be told, unless too many wait for that.
func (s *spread) add(t takenReaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) >= maxSpread {
		return
	}
	m, r := t.message, t.reaction
	s.list = append(s.list, noteOfTaken{
		Room: t.room, Epoch: t.epoch, Seq: m.Seq, ID: m.ID, Author: m.Author, Session: m.Session,
		Person: r.Person, By: r.Author, Name: r.Name, Emoji: r.Emoji, At: r.At, On: r.On,
	})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns all that waits.
func (s *spread) take() []noteOfTaken {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

// spreadTaken tells the other servers what this one takes, until ctx is done.
func (g *reactions) spreadTaken(ctx context.Context) {
	var list []noteOfTaken
	for ctx.Err() == nil {
		if len(list) > 0 { // they could not be told
			pause(ctx, restorePause)
		} else {
			select {
			case <-ctx.Done():
			case <-g.spread.wake:
				pause(ctx, spreadPause)
			}
		}
		list = append(list, g.spread.take()...)
		list = g.tell(context.WithoutCancel(ctx), list[:min(len(list), maxSpread)])
	}
}

// tell returns what could not be told.
func (g *reactions) tell(ctx context.Context, list []noteOfTaken) []noteOfTaken {
	ctx, cancel := context.WithTimeout(ctx, spreadTimeout)
	defer cancel()
	for len(list) > 0 {
		n := min(len(list), maxNote)
		payload, err := json.Marshal(takenNote{Type: "taken", From: g.node, Taken: list[:n]})
		if err != nil { // names and ids are valid UTF-8
			return nil
		}
		if err := g.gossip(ctx, payload); err != nil {
			g.logger.Debug("room: cannot tell which reactions were taken", "error", err)
			return list
		}
		list = list[n:]
	}
	return nil
}

// ReceiveTaken remembers what another server has taken. It reports whether the
// payload says that.
func (g *Registry) ReceiveTaken(payload []byte) bool {
	if !bytes.HasPrefix(payload, takenPrefix) {
		return false
	}
	if g.reactions == nil {
		return true
	}
	var note takenNote
	if err := json.Unmarshal(payload, &note); err != nil {
		g.opts.Logger.Debug("room: unreadable note of reactions", "error", err)
		return true
	}
	if note.From == g.opts.Node {
		return true
	}
	open := make(map[string]*Room)
	for _, t := range note.Taken {
		m := chat.Message{Seq: t.Seq, ID: t.ID, Author: t.Author, Session: t.Session}
		r := g.Get(t.Room)
		if t.At <= 0 || r != nil && r.hasDeleted(&m) {
			continue // the note is later than the delete
		}
		g.reactions.taken.add(takenReaction{
			room: t.Room, message: m,
			reaction: chat.Reaction{
				Person: t.Person, Author: t.By, Name: t.Name, Emoji: t.Emoji, At: t.At, On: t.On,
			},
			epoch: t.Epoch, when: time.Now(),
		})
		if r != nil {
			open[t.Room] = r
		}
	}
	for name, r := range open { // the log may have gone on in another epoch before
		if at := r.Position(); at.Epoch != "" {
			g.reactions.taken.found(name, at.Epoch)
		}
	}
	return true
}

// hasDeleted reports whether a tombstone is in the place of a message.
func (r *Room) hasDeleted(m *chat.Message) bool {
	there, ok := r.inRing(m.Seq)
	return ok && there.IsDeletedMessage() && there.ID == m.ID
}
