package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A server that has used up its files, through sockets and idle connections,
// still answers /readyz. Otherwise HAProxy would consider it dead and cut off
// its clients.
func TestServerWithoutFilesLeft(t *testing.T) {
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	limited := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(limited, fmt.Appendf(nil, "#!/bin/sh\nulimit -n 200\nexec '%s'\n", binary),
		0o700); err != nil {
		t.Fatal(err)
	}
	part, err := localcluster.Alone(limited, nil, harness.LogTo(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := part.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := part.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	kept := harness.Join(t, client.Options{URL: "ws://" + part.Addr + "/"})
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
			"13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		"GET / HTTP/1.1\r\n", "",
	} {
		for range 300 {
			conn, err := net.DialTimeout("tcp", part.Addr, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, text) // it may have been closed already
		}
		for range 5 {
			if status, body, err := localcluster.Get(harness.Within(t, time.Minute),
				"http://"+part.Addr+"/readyz"); err != nil ||
				status != http.StatusOK {
				t.Fatalf("after 300 times %.20q /readyz answers %d %s, %v", text, status, body, err)
			}
		}
	}
	if _, err := kept.Send(t.Context(), "still here"); err != nil {
		t.Errorf("a client from before: %v", err)
	}
}
