package accounts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

const (
	fileSize = 20 << 20
	guestKey = "0123456789abcdef0123456789abcdef"
)

// document returns a file without a known format, which is kept as it is.
func document(seed uint64) []byte {
	content := make([]byte, fileSize)
	r := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = r.Read(content) // never fails
	copy(content, "%PDF-1.7\n")
	return content
}

// edge sends requests as a guest through Nginx and HAProxy.
type edge struct {
	t    *testing.T
	base string
}

// ask returns the answer to a request; status 0 means that there was none.
func (e *edge) ask(method, path string, body io.Reader, headers ...string) testapi.Reply {
	e.t.Helper()
	res, err := testapi.Ask(harness.Within(e.t, 3*time.Minute), method, e.base+path, body,
		append(headers, "Livechat-Guest", guestKey)...)
	if err != nil {
		return testapi.Reply{Status: err.Error()}
	}
	return res
}

// form uploads a file in one go and returns where it is.
func (e *edge) form(content []byte) testapi.Reply {
	e.t.Helper()
	res, err := testapi.Upload(harness.Within(e.t, 3*time.Minute), e.base, "plan.pdf", content,
		"Livechat-Guest", guestKey)
	if err != nil {
		e.t.Fatal(err)
	}
	return res
}

// same checks that a file has these bytes, whole and in part.
func (e *edge) same(url string, content []byte) {
	e.t.Helper()
	res := e.ask("GET", url, nil)
	if res.StatusCode != http.StatusOK || !bytes.Equal(res.Body, content) {
		e.t.Errorf("%s: %s, %d bytes", url, res.Status, len(res.Body))
	}
	const from, to = 12_345_678, 12_400_000
	res = e.ask("GET", url, nil, "Range", fmt.Sprintf("bytes=%d-%d", from, to))
	if res.StatusCode != http.StatusPartialContent || !bytes.Equal(res.Body, content[from:to+1]) {
		e.t.Errorf("a part of %s: %s, %d bytes", url, res.Status, len(res.Body))
	}
	if h := res.Header; h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") {
		e.t.Errorf("headers of %s: %v", url, h)
	}
}

// A file of 20 MB goes through Nginx and HAProxy in one go and comes back as it
// was. One that is too large is refused in the form of all errors.
func TestFilesThroughTheEdge(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1, API: 2, DB: testpg.New(t).Database(), Nginx: true})
	e := &edge{t, strings.TrimSuffix(c.PageURL(), "/")}
	content := document(1)
	res := e.form(content)
	var file struct {
		ID, URL, Name string
		Size          int
	}
	if err := json.Unmarshal(res.Body, &file); err != nil || res.StatusCode != 201 || file.Size != fileSize ||
		file.Name != "plan.pdf" {
		t.Fatalf("%s %.300s", res.Status, res.Body)
	}
	e.same(file.URL, content)
	res = e.form(make([]byte, 27<<20))
	if res.StatusCode != 413 || !strings.Contains(string(res.Body), `"code":"too_large"`) {
		t.Errorf("a file that is too large: %s %.300s", res.Status, res.Body)
	}
	res = e.ask("POST", "/api/v1/login/", bytes.NewReader(make([]byte, 100<<10)), "Content-Type",
		"application/json")
	if res.StatusCode != 413 || !strings.Contains(string(res.Body), `"code":"too_long"`) {
		t.Errorf("another long body: %s %.300s", res.Status, res.Body)
	}
}

// gate is a body that stops in the middle until it is opened.
type gate struct {
	io.Reader
	reached func()
	open    <-chan struct{}
}

// Read implements io.Reader.
func (g *gate) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if err == io.EOF {
		g.reached()
		<-g.open
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// The API process that takes an upload is killed in the middle of it. The other
// one continues it, from what had arrived.
func TestUploadOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1, API: 2, DB: testpg.New(t).Database(), Nginx: true})
	e := &edge{t, strings.TrimSuffix(c.PageURL(), "/")}
	if err := c.APIs[1].Kill(); err != nil {
		t.Fatal(err)
	}
	content := document(2)
	var path string
	harness.Eventually(t, time.Minute, "the upload begins", func() error {
		res := e.ask("POST", "/api/v1/files/", nil, "Tus-Resumable", "1.0.0", "Upload-Length",
			strconv.Itoa(fileSize), "Upload-Metadata", "filename cGxhbi5wZGY=",
			"Idempotency-Key", "0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18")
		if path = res.Header.Get("Location"); res.StatusCode != 201 {
			return fmt.Errorf("%s %s", res.Status, res.Body)
		}
		return nil
	})
	patch := func(offset int64, body io.Reader) testapi.Reply {
		return e.ask("PATCH", path, body, "Tus-Resumable", "1.0.0", "Upload-Offset",
			strconv.FormatInt(offset, 10), "Content-Type", "application/offset+octet-stream")
	}
	offset := func() (n int64) {
		harness.Eventually(t, time.Minute, "the offset is known", func() (err error) {
			res := e.ask("HEAD", path, nil, "Tus-Resumable", "1.0.0")
			if n, err = strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64); err != nil {
				return fmt.Errorf("%s: %w", res.Status, err)
			}
			return nil
		})
		return n
	}
	reached, open, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		patch(0, &gate{bytes.NewReader(content[:fileSize/2]), func() { close(reached) }, open})
	}()
	<-reached
	if err := c.APIs[1].Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, time.Minute, "most of what was sent has arrived", func() error {
		if n := offset(); n < fileSize/4 {
			return fmt.Errorf("%d bytes", n)
		}
		return nil
	})
	if err := c.APIs[0].Kill(); err != nil {
		t.Fatal(err)
	}
	close(open)
	<-ended
	arrived := offset()
	if arrived < fileSize/4 || arrived > fileSize/2 {
		t.Errorf("%d bytes have arrived, of %d that were sent", arrived, fileSize/2)
	}
	for at := arrived; at < fileSize; at = offset() {
		res := patch(at, bytes.NewReader(content[at:]))
		if res.StatusCode == http.StatusNoContent {
			break
		}
		if res.StatusCode != 0 && res.StatusCode < 500 {
			t.Fatalf("%s %s", res.Status, res.Body)
		}
	}
	res := e.ask("GET", path, nil)
	if res.StatusCode != 200 ||
		!strings.Contains(string(res.Body), `"name":"plan.pdf","type":"application/pdf"`) {
		t.Errorf("%s %s", res.Status, res.Body)
	}
	e.same(path+"plan.pdf", content)
}
