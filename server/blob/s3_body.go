package blob

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// When an answer comes before all of a body was read, net/http may go on reading
// the body after it has returned the answer. The S3 client rewinds the one reader
// that it has and sends the request again: two attempts would read from one
// place, and the buffer could be filled with the next part meanwhile. So each
// attempt gets a reader of its own, and a buffer is used again when all of them
// are closed.

// sending is a content that is being sent, in one attempt or more.
type sending struct {
	content []byte

	mu   sync.Mutex
	open int           // guarded by mu: attempts that may still read
	idle chan struct{} // guarded by mu: closed when open is 0; nil: nobody waits
}

type sendingKey struct{}

// withContent returns the context of a request with this body.
func withContent(ctx context.Context, content []byte) (context.Context, *sending) {
	s := &sending{content: content}
	return context.WithValue(ctx, sendingKey{}, s), s
}

// attempt returns the content for one more attempt.
func (s *sending) attempt() io.ReadCloser {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return &body{Reader: bytes.NewReader(s.content), close: s.close}
}

// close ends an attempt.
func (s *sending) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// closed returns when nobody reads the content any more, or ctx has ended. No
// attempt may begin after the call. Only one goroutine may wait.
func (s *sending) closed(ctx context.Context) error {
	s.mu.Lock()
	if s.open == 0 {
		s.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	s.idle = idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// body is the content for one attempt.
type body struct {
	io.Reader
	once  sync.Once
	close func()
}

func (b *body) Close() error {
	b.once.Do(b.close)
	return nil
}

// ownBodies gives each request whose context has a content a reader of it.
type ownBodies struct{ http.RoundTripper }

func (t ownBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if s, ok := r.Context().Value(sendingKey{}).(*sending); ok && r.Body != nil {
		shared := r.Body
		r = r.Clone(r.Context())
		r.Body = s.attempt()
		r.GetBody = nil // which would read the shared one
		defer shared.Close()
	}
	return t.RoundTripper.RoundTrip(r)
}
