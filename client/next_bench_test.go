package client

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// BenchmarkNext measures the cost of a message in a program with many
// connections under one context, when the server writes many messages at once.
func BenchmarkNext(b *testing.B) {
	const conns, burst = 256, 32
	text := []byte(message(1))
	// RFC 6455, section 5.2: final, text, shorter than 126 bytes
	frame := append([]byte{0x81, byte(len(text))}, text...)
	frames := bytes.Repeat(frame, burst)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		for {
			if _, err := ws.NetConn().Write(frames); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	all := make([]*Conn, conns)
	for i := range all {
		conn, err := Dial(ctx, Options{URL: server.URL, Load: LoadOptions{Skim: true, ReadBuffer: 8192}})
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		all[i] = conn
	}
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for _, conn := range all {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := conn.Next(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
