package peer

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// gorilla is a connection to the chat example of gorilla/websocket, or to
// anything else that sends each text frame that it receives to everybody. Texts
// that wait for a client may come joined into one frame, separated by newlines.
type gorilla struct {
	*socket
	rest []byte // of the frame that was read last

	opening sync.WaitGroup // reads until the first frame after the pong
	joined  []byte         // what it read; owned by it until it ends, then by Next
	err     error          // its error; owned as joined
}

// dialGorilla waits for the answer to a ping. The example does not say when it
// has added a client to the others, but it does so before it begins to read. The
// library cannot return from a read because of a pong, so a goroutine reads
// until the next frame.
func dialGorilla(ctx context.Context, s *socket, _ Options) (Conn, error) {
	g := &gorilla{socket: s}
	ponged, failed := make(chan struct{}), make(chan struct{})
	s.conn.SetPongHandler(func(string) error {
		s.conn.SetPongHandler(nil)
		close(ponged)
		return nil
	})
	if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)); err != nil {
		return nil, err
	}
	g.opening.Go(func() {
		for {
			frame, err := s.read()
			if err != nil {
				g.err = err
				close(failed)
				return
			}
			g.joined = append(append(g.joined, frame...), '\n')
			select {
			case <-ponged:
				return
			default:
			}
		}
	})
	select {
	case <-ponged:
		return g, nil
	case <-failed:
		return nil, g.err
	case <-ctx.Done():
		_ = g.Close()
		return nil, context.Cause(ctx)
	}
}

func (g *gorilla) Next() (Event, error) {
	g.opening.Wait()
	for {
		if len(g.joined) > 0 {
			g.rest, g.joined = g.joined, nil
		}
		for len(g.rest) > 0 {
			text, rest, _ := bytes.Cut(g.rest, []byte{'\n'})
			if g.rest = rest; len(text) > 0 {
				return Event{Kind: Text, Text: text}, nil
			}
		}
		if g.err != nil {
			return Event{}, g.err
		}
		if g.rest, g.err = g.read(); g.err != nil {
			return Event{}, g.err
		}
	}
}

// Close closes the connection and waits for the goroutine that opened it.
func (g *gorilla) Close() error {
	err := g.socket.Close()
	g.opening.Wait()
	return err
}

func (g *gorilla) Publish(_ uint32, text string) error { return g.write(text) }
func (g *gorilla) Server() string                      { return "" }
func (g *gorilla) Position() *Position                 { return nil }
