package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// fileStub answers a window's requests for files in place of the server, so that a
// test decides when each of them comes, and whether it comes.
type fileStub struct {
	t *testing.T

	mu     sync.Mutex
	files  map[string]stubbed       // by id
	held   map[string]chan struct{} // ids whose answer waits until this is closed
	failed map[string]bool          // ids that are answered with 503
	asked  []string                 // paths, with their queries
}

type stubbed struct {
	File map[string]any // as in a frame
	body []byte
}

// newFileStub returns a stub that answers w until the test ends. It also gives
// messages files: a message whose text begins with `files [` carries those that
// stand there as JSON.
func newFileStub(t *testing.T, w *window) *fileStub {
	t.Helper()
	s := &fileStub{
		t: t, files: map[string]stubbed{}, held: map[string]chan struct{}{}, failed: map[string]bool{},
	}
	w.before(`(Native => {
		const text = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get
		Object.defineProperty(MessageEvent.prototype, "data", { get() {
			const data = text.call(this)
			if (typeof data !== "string" || !data.includes("files [")) return data
			const frame = JSON.parse(data)
			const end = frame.text?.lastIndexOf("]") ?? -1
			if (!frame.text?.startsWith("files [")) return data
			const files = JSON.parse(frame.text.slice(6, end + 1))
			return JSON.stringify({ ...frame, files, text: frame.text.slice(end + 1).trim() })
		} })
	})()`)
	w.intercepts("*/api/v1/files/*", s.answer)
	return s
}

func (s *fileStub) answer(ctx context.Context, e *paused) chromedp.Action {
	u, err := url.Parse(e.Request.URL)
	if err != nil {
		return nil
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/api/v1/files/"), "/")
	s.mu.Lock()
	s.asked = append(s.asked, u.RequestURI())
	file, ok := s.files[id]
	wait := s.held[id]
	s.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil
		}
	}
	s.mu.Lock()
	failed := s.failed[id]
	s.mu.Unlock()
	if !ok || failed {
		return reply(e, http.StatusServiceUnavailable, "text/plain", nil)
	}
	kind, _ := file.File["type"].(string)
	return reply(e, http.StatusOK, kind, file.body)
}

// put adds a file, and returns what a frame says of it, as JSON. more are
// members of it.
func (s *fileStub) put(name, kind string, body []byte, more map[string]any) (id, file string) {
	s.t.Helper()
	id = harness.NewID()
	of := map[string]any{"id": id, "name": name, "type": kind, "size": len(body)}
	for key, value := range more {
		of[key] = value
	}
	text, err := json.Marshal(of)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[id] = stubbed{of, body}
	return id, string(text)
}

// picture adds a picture of a colour, with both previews.
func (s *fileStub) picture(name string, width, height int, more map[string]any) (id, file string) {
	s.t.Helper()
	body := jpegOf(s.t, painted(width, height, len(s.files)))
	of := map[string]any{"width": width, "height": height, "previews": []int{320, 1280}}
	for key, value := range more {
		of[key] = value
	}
	return s.put(name, "image/jpeg", body, of)
}

// gif adds an animation of two frames.
func (s *fileStub) gif(name string, width, height int) (id, file string) {
	s.t.Helper()
	return s.put(name, "image/gif", gifOf(s.t, width, height),
		map[string]any{"width": width, "height": height, "previews": []int{320}})
}

// hold keeps the answers for a file back until it is released.
func (s *fileStub) hold(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[id] = make(chan struct{})
}

func (s *fileStub) release(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.held[id])
	delete(s.held, id)
}

// fails says whether requests for a file fail from now on.
func (s *fileStub) fails(id string, fails bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[id] = fails
}

// requests returns the paths that were asked for so far.
func (s *fileStub) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// filesText returns the text of a message with files.
func filesText(text string, files ...string) string {
	return fmt.Sprintf("files [%s] %s", strings.Join(files, ","), text)
}
