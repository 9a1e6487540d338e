package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve starts a real server for the API.
func serve(t *testing.T, s *site) string {
	t.Helper()
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// exchange sends what send writes over a connection and returns the status of the
// answer.
func exchange(t *testing.T, addr string, send func(io.Writer)) int {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	send(conn)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// Clients send uploads in different ways: in chunks of unknown number, or only
// when they are told to.
func TestUploadOverTheNetwork(t *testing.T) {
	s := newSite(t, func(o *Options) { o.StepTimeout = time.Minute; o.Timeout = time.Minute })
	addr := serve(t, s)
	body, contentType := form("file", "a.pdf", pdf)
	head := "POST /api/v1/files/ HTTP/1.1\r\nHost: a\r\nContent-Type: " + contentType + "\r\n"
	status := exchange(t, addr, func(w io.Writer) {
		fmt.Fprintf(w, "%sTransfer-Encoding: chunked\r\n\r\n", head)
		for _, piece := range strings.SplitAfter(body, "\n") {
			if piece != "" {
				fmt.Fprintf(w, "%x\r\n%s\r\n", len(piece), piece)
			}
		}
		_, _ = io.WriteString(w, "0\r\n\r\n")
	})
	if status != 201 {
		t.Errorf("in chunks: %d", status)
	}
	status = exchange(t, addr, func(w io.Writer) { // it has sent nothing yet
		fmt.Fprintf(w, "%sContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", head, 100<<20)
	})
	if status != 413 {
		t.Errorf("a large one that waits: %d", status)
	}
	hasty := serve(t, newSite(t, func(o *Options) { o.StepTimeout = 200 * time.Millisecond }))
	status = exchange(t, hasty, func(w io.Writer) { // it stops in the middle
		fmt.Fprintf(w, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body[:len(body)-10])
	})
	if status != 400 {
		t.Errorf("a stalled one: %d", status)
	}
	long, contentType := form("file", "a.pdf", strings.Repeat("x", int(s.files.most)+(1<<20)))
	status = exchange(t, addr, func(w io.Writer) { // it sends everything before it reads
		fmt.Fprintf(w, "POST /api/v1/files/ HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n", contentType)
		fmt.Fprintf(w, "Content-Length: %d\r\n\r\n%s", len(long), long)
	})
	if status != 413 {
		t.Errorf("one that is too large: %d", status)
	}
}

// A slow upload and a slow download take longer than other requests may, as long
// as they get on.
func TestSlowTransfers(t *testing.T) {
	s := newSite(t, func(o *Options) { o.StepTimeout = 10 * time.Second; o.Timeout = 50 * time.Millisecond })
	addr := serve(t, s)
	content := strings.Repeat("x", 200<<10)
	body, contentType := form("file", "a.pdf", content)
	begin := time.Now()
	status := exchange(t, addr, func(w io.Writer) {
		fmt.Fprintf(w, "POST /api/v1/files/ HTTP/1.1\r\nHost: a\r\n"+
			"Content-Type: %s\r\nContent-Length: %d\r\n\r\n",
			contentType, len(body))
		for i := 0; i < len(body); i += 50 << 10 {
			<-time.After(20 * time.Millisecond) // the pace of the client
			_, _ = io.WriteString(w, body[i:min(i+50<<10, len(body))])
		}
	})
	if status != 201 || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("%d after %v", status, time.Since(begin))
	}
}
