package blob

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands before a fake S3 server.
type proxy struct {
	fake http.Handler
	mu   sync.Mutex
	log  []string // guarded by mu: method, path and range of each request
	sent atomic.Int64
	// answer may answer a request, the nth, instead of the fake. Guarded by mu.
	answer func(w http.ResponseWriter, r *http.Request, n int) bool
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	key := strings.TrimPrefix(r.URL.Path, "/"+testBucket+"/")
	p.log = append(p.log, strings.TrimSpace(r.Method+" "+key+" "+r.Header.Get("Range")))
	n, answer := len(p.log), p.answer
	p.mu.Unlock()
	if answer == nil || !answer(w, r, n) {
		p.fake.ServeHTTP(&countingWriter{w, &p.sent}, r)
	}
}

// requests returns what came in since the last call.
func (p *proxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.log = nil }()
	return p.log
}

// answering sets how requests are answered from now on.
func (p *proxy) answering(answer func(w http.ResponseWriter, r *http.Request, n int) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

type countingWriter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// openBehindProxy opens a bucket of a fake, and returns what stands before it.
func openBehindProxy(t *testing.T) (*bucket, *proxy) {
	t.Helper()
	p := &proxy{}
	s := startFakeBehind(t, func(fake http.Handler) http.Handler {
		p.fake = fake
		return p
	})
	return open(t, s.address(""), testKeys).(*bucket), p
}
