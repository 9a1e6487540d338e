package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// S3 may fail for a moment; a part that failed is sent again.
func TestRetries(t *testing.T) {
	s, p := openBehindProxy(t)
	p.answering(func(w http.ResponseWriter, _ *http.Request, n int) bool {
		if n%2 == 1 {
			http.Error(w, "", http.StatusServiceUnavailable)
		}
		return n%2 == 1
	})
	want := content(partSize + 5)
	if err := s.Put(t.Context(), "ab/x", stream{bytes.NewReader(want)}, -1); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, "ab/x"); !bytes.Equal(got, want) {
		t.Errorf("got %d bytes", len(got))
	}
	p.answering(func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		http.Error(w, "", http.StatusServiceUnavailable)
		return true
	})
	p.requests()
	_, err := s.Open(t.Context(), "ab/x")
	if err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if got := p.requests(); len(got) != attempts {
		t.Errorf("requests: %q", got)
	}
}

// An S3 that takes requests and answers nothing is given up.
func TestSilentServer(t *testing.T) {
	s, p := openBehindProxy(t)
	put(t, s, "ab/x", content(1<<20))
	p.answering(func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "ab/y") {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			_, _ = w.Write(content(10))
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		return true
	})
	s.patience = 50 * time.Millisecond
	ctx := context.Background()
	if err := s.Put(ctx, "ab/x", strings.NewReader("x"), 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("put: %v", err)
	}
	if err := s.Delete(ctx, "ab/x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("delete: %v", err)
	}
	if _, err := s.Open(ctx, "ab/x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v", err)
	}
	var last error
	for _, last = range s.List(ctx, "") {
	}
	if !errors.Is(last, errStalled) {
		t.Errorf("list: %v", last)
	}
	object := &remote{ctx: ctx, bucket: s, key: "ab/x", size: 1000, etag: "x"}
	if _, err := io.ReadAll(object); !errors.Is(err, errStalled) {
		t.Errorf("read without an answer: %v", err)
	}
	object = &remote{ctx: ctx, bucket: s, key: "ab/y", size: 1000, etag: "x"}
	if all, err := io.ReadAll(object); err == nil {
		t.Errorf("read without an end: %d bytes", len(all))
	}
}

func TestServerIsAway(t *testing.T) {
	fake := httptest.NewServer(http.NotFoundHandler())
	fake.Close()
	s := open(t, server{fake.URL}.address(""), testKeys)
	for name, err := range map[string]error{
		"put":    s.Put(t.Context(), "ab/secret-id", strings.NewReader("x"), 1),
		"delete": s.Delete(t.Context(), "ab/secret-id"),
		"open": func() error {
			_, err := s.Open(t.Context(), "ab/secret-id")
			return err
		}(),
	} {
		if err == nil || callers(err) || strings.Contains(err.Error(), "secret-id") ||
			strings.Contains(err.Error(), testKeys.Secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMissingBucketAndWrongKeys(t *testing.T) {
	gateway := startGateway(t)
	other := strings.Replace(gateway.address(""), testBucket, "other", 1)
	for name, s := range map[string]Store{
		"NoSuchBucket":          open(t, other, testKeys),
		"SignatureDoesNotMatch": open(t, gateway.address(""), Keys{testKeys.ID, "wrong secret"}),
		"XAdminUserNotFound":    open(t, gateway.address(""), Keys{"nobody", "wrong secret"}),
	} {
		err := s.Put(t.Context(), "ab/x", strings.NewReader("x"), 1)
		if err == nil || !strings.Contains(err.Error(), name) ||
			strings.Contains(err.Error(), "wrong secret") {
			t.Errorf("%s: put: %v", name, err)
		}
		if _, err := s.Open(t.Context(), "ab/x"); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%s: open: %v", name, err)
		}
		var last error
		for _, last = range s.List(t.Context(), "") {
		}
		if last == nil || errors.Is(last, ErrNotFound) || !strings.Contains(last.Error(), name) {
			t.Errorf("%s: list: %v", name, last)
		}
	}
}
