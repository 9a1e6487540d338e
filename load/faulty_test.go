package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// bend makes out of a message frame what a faulty server would send: what goes out now, and what is held back until
// the next message has gone out.
type bend func(frame []byte) (out [][]byte, held []byte)

// The three faults; each takes one message in a thousand.

func drops([]byte) (out [][]byte, held []byte)         { return nil, nil }
func doubles(frame []byte) (out [][]byte, held []byte) { return [][]byte{frame, frame}, nil }
func swaps(frame []byte) (out [][]byte, held []byte)   { return nil, frame }

// faulty stands between clients and a good server and makes it a bad one.
type faulty struct {
	url      string
	upstream string
	bend     bend
	messages atomic.Int64
	bent     atomic.Int64
}

func startFaulty(t *testing.T, upstream string, b bend) *faulty {
	f := &faulty{upstream: upstream, bend: b}
	var handlers sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		f.serve(t, w, r)
	}))
	t.Cleanup(func() { s.Close(); handlers.Wait() })
	f.url = "ws" + strings.TrimPrefix(s.URL, "http")
	return f
}

func (f *faulty) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	up, answer, err := websocket.DefaultDialer.Dial("ws://"+f.upstream+r.URL.RequestURI(), nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	defer up.Close()
	down, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer down.Close()
	var both sync.WaitGroup
	both.Go(func() {
		defer up.Close()
		for {
			kind, frame, err := down.ReadMessage()
			if err != nil || up.WriteMessage(kind, frame) != nil {
				return
			}
		}
	})
	f.pump(up, down)
	down.Close()
	both.Wait()
}

// pump passes on what the server says, and does wrong to every thousandth message of all clients together.
func (f *faulty) pump(up, down *websocket.Conn) {
	var held []byte
	for {
		kind, frame, err := up.ReadMessage()
		if err != nil {
			return
		}
		out := [][]byte{frame}
		if bytes.HasPrefix(frame, []byte(`{"type":"message"`)) {
			if held != nil {
				out, held = [][]byte{frame, held}, nil
			} else if f.bend != nil && f.messages.Add(1)%1000 == 500 {
				f.bent.Add(1)
				out, held = f.bend(frame)
			}
		}
		for _, o := range out {
			if down.WriteMessage(kind, o) != nil {
				return
			}
		}
	}
}
