package node

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
)

// Connections without a complete request do not delay the end of a node:
// neither a body of which one byte arrived, nor answers that nobody reads.
func TestShutdownWithHalfARequest(t *testing.T) {
	t.Parallel()
	// The limits of a running server are longer than this test.
	n := start(t, "HEADER_TIMEOUT=5m", "WRITE_TIMEOUT=5m")
	const headers = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
	for _, text := range []string{
		"", "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n" + headers,
		"POST /api/v1/login/ HTTP/1.1\r\n" + headers,
		strings.Repeat("GET /js/main.js HTTP/1.1\r\nHost: x\r\n\r\n", 3000),
	} {
		conn, err := net.Dial("tcp", n.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() { _, _ = io.WriteString(conn, text) }() // the last one may not fit
	}
	dial(t, n, "name=ann") // by now the others have been read
	ctx, cancel := context.WithTimeout(t.Context(), pollTime)
	defer cancel()
	if err := n.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}
