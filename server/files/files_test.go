package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"livechat/internal/testpg"
	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/store"
)

var shared = &testpg.Shared{Prepare: func(url string) error {
	s, err := store.Open(context.Background(), url)
	if err != nil {
		return err
	}
	return s.Close()
}}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		shared.Close()
		os.Exit(code)
	}))
}

// world is a database and a folder, and a server that uses them.
type world struct {
	*Service
	t     *testing.T
	url   string
	dir   string
	db    *store.Store
	blobs blob.Store
	began time.Time     // the clock stands but for pass
	clock *atomic.Int64 // added to the time, ns
	ann   Owner
}

// each runs a test on both databases.
func each(t *testing.T, run func(*testing.T, *world)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "livechat.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, newWorld(t, shared.Database(t)))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{
		t: t, url: url, dir: filepath.Join(t.TempDir(), "files"), began: time.Now(), clock: new(atomic.Int64),
	}
	w.open()
	ann, err := w.db.CreateUser(t.Context(), "ann", "~ann", "hash")
	w.must(err)
	w.ann = Owner{Author: "@ann", User: ann.ID}
	w.Service = w.server(nil)
	return w
}

// open opens the database and the folder.
func (w *world) open() {
	w.t.Helper()
	var err error
	w.db, err = store.Open(w.t.Context(), w.url)
	w.must(err)
	w.blobs, err = blob.Open(w.t.Context(), "file:"+w.dir, blob.Keys{})
	w.must(err)
	w.t.Cleanup(func() {
		w.must(w.blobs.Close())
		w.must(w.db.Close())
	})
}

// server returns another server on the same database and folder.
func (w *world) server(change func(*Options)) *Service {
	o := Options{
		Store: w.db, Blobs: w.blobs, MaxFile: 3 << 20, GuestAge: 720 * time.Hour,
		Now: func() time.Time { return w.began.Add(time.Duration(w.clock.Load())) },
	}
	if change != nil {
		change(&o)
	}
	return New(o)
}

// pass moves the clock on.
func (w *world) pass(d time.Duration) { w.clock.Add(int64(d)) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// code fails the test unless err has a code.
func (w *world) code(what string, err error, want chat.Code) {
	w.t.Helper()
	e, ok := errors.AsType[*chat.Error](err)
	if !ok || e.Code != want {
		w.t.Fatalf("%s: got %v, want %s", what, err, want)
	}
}

// keys lists what the blob store has.
func (w *world) keys() (all []string) {
	w.t.Helper()
	for info, err := range w.blobs.List(w.t.Context(), "") {
		w.must(err)
		all = append(all, info.Key)
	}
	return all
}

// empty fails the test unless nothing is stored, counted or reserved.
func (w *world) empty(what string) {
	w.t.Helper()
	if keys := w.keys(); len(keys) > 0 {
		w.t.Errorf("%s: left %q", what, keys)
	}
	u, err := w.db.FileUsage(w.t.Context())
	w.must(err)
	same(w.t, what+": usage", u, store.FileUsage{})
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// picture returns a PNG.
func picturePNG(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) read(f Stored, size int) (content, mediaType string) {
	w.t.Helper()
	object, mediaType, err := w.Open(w.t.Context(), f, size)
	w.must(err)
	defer object.Close()
	all, err := io.ReadAll(object)
	w.must(err)
	return string(all), mediaType
}

func (w *world) upload(o Owner, content string) Stored {
	w.t.Helper()
	f, created, err := w.Store(w.t.Context(), Upload{Name: "a.txt", Size: -1, Owner: o},
		strings.NewReader(content))
	w.must(err)
	same(w.t, "created", created, true)
	return f
}

func sum(content string) string {
	all := sha256.Sum256([]byte(content))
	return hex.EncodeToString(all[:])
}

func TestUploadsAreKeptAndServed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		text := w.upload(w.ann, "hello")
		same(t, "text", fmt.Sprint(text.Name, text.Type, text.Size, text.Previews, text.Hash),
			fmt.Sprint("a.txt", text.Type, 5, []int{}, sum("hello")))
		content, mediaType := w.read(text, 0)
		same(t, "content", content, "hello")
		same(t, "type", mediaType, text.Type)

		photo := picturePNG(t, 1500, 1000)
		f, _, err := w.Store(t.Context(), Upload{Name: "../p.png", Size: int64(len(photo)), Owner: w.ann},
			bytes.NewReader(photo))
		w.must(err)
		same(t, "picture", fmt.Sprint(f.Name, f.Type, f.Width, f.Height, f.Previews),
			fmt.Sprint("p.png", "image/png", 1500, 1000, []int{320, 1280}))
		original, _ := w.read(f, 0)
		same(t, "size", f.Size, int64(len(original)))
		same(t, "hash", f.Hash, sum(original))
		for _, size := range f.Previews {
			content, mediaType := w.read(f, size)
			m, _, err := image.DecodeConfig(strings.NewReader(content))
			w.must(err)
			same(t, "preview", fmt.Sprint(m.Width, strings.HasPrefix(mediaType, "image/")),
				fmt.Sprint(size, true))
		}
		_, _, err = w.Open(t.Context(), f, 64)
		w.code("no such preview", err, chat.CodeUnknownFile)
		again, err := w.Get(t.Context(), f.ID, 0)
		w.must(err)
		same(t, "read back", fmt.Sprint(again), fmt.Sprint(f))
		same(t, "keys", len(w.keys()), 4)
		same(t, "files", w.Usage(t.Context()).Files, 2)

		w.must(w.Cancel(t.Context(), f.ID, w.ann))
		w.must(w.Cancel(t.Context(), text.ID, w.ann))
		_, err = w.Get(t.Context(), f.ID, w.ann.User)
		w.code("cancelled", err, chat.CodeUnknownFile)
		w.must(w.removeDeleted(t.Context()))
		w.empty("after the removal")
	})
}

func TestUploadsAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := Upload{ID: uuid.NewString(), Name: "a", Size: -1, Owner: w.ann}
		first, created, err := w.Store(t.Context(), u, strings.NewReader("once"))
		w.must(err)
		same(t, "created", created, true)
		again, created, err := w.server(nil).Store(t.Context(), u, strings.NewReader("another"))
		w.must(err)
		same(t, "created again", created, false)
		same(t, "again", fmt.Sprint(again), fmt.Sprint(first))
		u.Owner = Owner{Author: "@bob", User: 7}
		_, _, err = w.Store(t.Context(), u, strings.NewReader("once"))
		w.code("another owner", err, chat.CodeIDConflict)
		w.code("cancelled by another owner", w.Cancel(t.Context(), u.ID, u.Owner), chat.CodeUnknownFile)
		u.ID = "short"
		_, _, err = w.Store(t.Context(), u, strings.NewReader("once"))
		w.code("no UUID", err, chat.CodeBadRequest)
	})
}

// Until a room has a file, it may get into a private chat, so nobody may keep a
// copy to serve to others.
func TestFilesWithoutARoomArePrivate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.upload(w.ann, "hello")
		f, err := w.Get(t.Context(), f.ID, 0)
		w.must(err)
		same(t, "private", f.Private, true)
		_, err = w.db.ClaimFiles(t.Context(), chat.Claim{Room: "livechat", Message: uuid.NewString(),
			Author: "@ann", Files: []chat.FileRef{{ID: f.ID}}}, w.Now())
		w.must(err)
		f, err = w.Get(t.Context(), f.ID, 0)
		w.must(err)
		same(t, "private in a room", f.Private, false)
	})
}
