package client

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

const pictureFrame = `{"type":"message","seq":8,"id":"00000000-0000-4000-8000-000000000001","name":"ann",` +
	`"text":"",` +
	`"files":[{"id":"f","name":"a b.png","type":"image/png","size":5,"width":4,"height":3,"previews":[320],` +
	`"alt":"a \"cat\""}],"at":5}`

// Files go out by their ids, and come in as the server knows them.
func TestFilesInMessages(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(strings.Replace(welcome("e", 7), `"limits":{`, `"limits":{"files":{"size":9,"count":3},`, 1))
		const want = `{"type":"message","id":"00000000-0000-4000-8000-000000000001","text":"",` +
			`"files":[{"id":"f","alt":"a \"cat\""},{"id":"g"}]}`
		if _, b, err := p.ws.ReadMessage(); err != nil || string(b) != want {
			t.Errorf("the client sent %s, %v", b, err)
		}
		p.send(pictureFrame, `{"type":"ack","id":"00000000-0000-4000-8000-000000000001","seq":8,"duplicate":false}`)
		p.untilGone()
	})})
	if _, err := m.SendAs(within(t), "00000000-0000-4000-8000-000000000001", "",
		WithFiles(File{ID: "f", Alt: `a "cat"`}, File{ID: "g"})); err != nil {
		t.Error(err)
	}
	for e := range m.events {
		got, ok := e.(*Message)
		if !ok {
			continue
		}
		want := []File{{ID: "f", Name: "a b.png", Type: "image/png", Size: 5, Width: 4, Height: 3,
			Previews: []int{320}, Alt: `a "cat"`}}
		if !reflect.DeepEqual(got.Files, want) || got.Files[0].Path() != "/api/v1/files/f/a%20b.png" {
			t.Errorf("received %+v at %s", got.Files, got.Files[0].Path())
		}
		break
	}
}

// fileServer answers uploads, and says what it got.
func fileServer(t *testing.T, answer http.HandlerFunc) string {
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func TestUpload(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	address := fileServer(t, func(w http.ResponseWriter, r *http.Request) {
		part, header, err := r.FormFile("file")
		if err != nil {
			t.Errorf("read the upload: %v", err)
			return
		}
		got, err := io.ReadAll(part)
		if err != nil || !bytes.Equal(got, content) || header.Filename != "ä.txt" {
			t.Errorf("the server got %d bytes of %q, %v", len(got), header.Filename, err)
		}
		if r.URL.Path != "/api/v1/files/" || r.Header.Get("Livechat-Guest") != "secret" ||
			r.Header.Get("Idempotency-Key") != "once" || r.Header.Get("X-More") != "1" {
			t.Errorf("the server got %s with %v", r.URL, r.Header)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"files":[{"id":"f","name":"ä.txt","size":1000000}],"id":"f"}`)
	})
	up := Upload{URL: "ws" + strings.TrimPrefix(address, "http") + "/", Name: "ä.txt", GuestKey: "secret",
		Key: "once", Header: http.Header{"X-More": {"1"}}}
	file, err := up.Do(within(t), bytes.NewReader(content))
	if err != nil || file.ID != "f" || file.Size != 1_000_000 {
		t.Errorf("uploaded %+v, %v", file, err)
	}
}

// A server that has read only the beginning may answer, and the upload ends.
func TestRefusedUpload(t *testing.T) {
	address := fileServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, `{"code":"too_large","detail":"too large"}`)
	})
	_, err := Upload{URL: address, Name: "x"}.Do(within(t), strings.NewReader("x"))
	if refusal, ok := errors.AsType[*RefusedError](err); !ok || refusal.Code != "too_large" || !refusal.Final() {
		t.Errorf("a file that is too large: %v", err)
	}
	broken := io.MultiReader(strings.NewReader("x"), failing{})
	address = fileServer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	if _, err := (Upload{URL: address, Name: "x"}).Do(within(t), broken); !errors.Is(err, errFailing) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

var errFailing = errors.New("the disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }
