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

// corruption turns a message frame into what a faulty server would send: out is
// sent now, held after the next message.
type corruption func(frame []byte) (out [][]byte, held []byte)

// corruptions is how many messages are corrupted, one in a thousand of the
// first ones. Later ones show what became of them, however many there are.
const corruptions = 5

// The three faults.

func drops([]byte) (out [][]byte, held []byte)            { return nil, nil }
func duplicates(frame []byte) (out [][]byte, held []byte) { return [][]byte{frame, frame}, nil }
func swaps(frame []byte) (out [][]byte, held []byte)      { return nil, frame }

// faulty is a proxy that makes a good server faulty.
type faulty struct {
	url       string
	upstream  string
	corrupt   corruption
	drop      func(name string, n int64) bool // the n-th message of a client; nil: none
	messages  atomic.Int64
	corrupted atomic.Int64
	sent      atomic.Int64 // messages of clients
}

func startFaulty(t *testing.T, upstream string, b corruption) *faulty {
	f := &faulty{upstream: upstream, corrupt: b}
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
	if !websocket.IsWebSocketUpgrade(r) { // a question about the server's build
		http.NotFound(w, r)
		return
	}
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
			if err != nil {
				return
			}
			if bytes.HasPrefix(frame, []byte(`{"type":"message"`)) {
				f.sent.Add(1)
			}
			if up.WriteMessage(kind, frame) != nil {
				return
			}
		}
	})
	f.pump(up, down, r.URL.Query().Get("name"))
	down.Close()
	both.Wait()
}

// isNext reports whether a message that it counts is to be corrupted.
func (f *faulty) isNext() bool {
	n := f.messages.Add(1)
	return n%1000 == 500 && n < 1000*corruptions
}

// pump forwards frames of the server to a client and corrupts every thousandth
// message of all clients together, or drops what is chosen.
func (f *faulty) pump(up, down *websocket.Conn, name string) {
	var held []byte
	var n int64
	for {
		kind, frame, err := up.ReadMessage()
		if err != nil {
			return
		}
		out := [][]byte{frame}
		if bytes.HasPrefix(frame, []byte(`{"type":"message"`)) {
			if n++; f.drop != nil && f.drop(name, n) {
				f.corrupted.Add(1)
				continue
			}
			if held != nil {
				out, held = [][]byte{frame, held}, nil
			} else if f.corrupt != nil && f.isNext() {
				f.corrupted.Add(1)
				out, held = f.corrupt(frame)
			}
		}
		for _, o := range out {
			if down.WriteMessage(kind, o) != nil {
				return
			}
		}
	}
}
