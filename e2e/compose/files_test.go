package compose

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/client"
)

// keepsFiles: a picture and a document of 20 MB go through Nginx and HAProxy
// into the volume that both API servers have, come with their message, and are
// there after both servers were killed.
func (s *stack) keepsFiles(t *testing.T) {
	key := strings.ReplaceAll(uuid.NewString(), "-", "")
	picture := photo(t, 1600, 900)
	document := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{'c'}).Read(document)
	pic := s.upload(t, key, "holiday.jpg", picture)
	doc := s.upload(t, key, "minutes.bin", document)
	if pic.Width != 1600 || len(pic.Previews) == 0 || doc.Size != int64(len(document)) {
		t.Fatalf("stored are %+v and %+v", pic, doc)
	}

	sender, _ := s.dial(t, client.Options{Name: "files", GuestKey: key})
	receiver, _ := s.dial(t, client.Options{Name: "sees"})
	if err := sender.Post(uuid.NewString(), "", client.WithFiles(pic, doc)); err != nil {
		t.Fatal(err)
	}
	got := await(t, receiver, func(m *client.Message) bool { return len(m.Files) == 2 }).Files
	s.serves(t, got, document)

	for _, args := range [][]string{{"kill", "-s", "SIGKILL", "api"}, {"up", "-d", "--no-build", "api"}} {
		if out, err := s.command(t.Context(), s.compose(args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", args, err, out)
		}
	}
	s.serves(t, got, document)
	if check := s.run(t, s.compose("run", "--rm", "-T", "api", "admin", "files", "check")...); check == "" {
		t.Error("livechat admin files check says nothing")
	}
	s.copiesOut(t, document)
}

// photo returns a JPEG picture that does not compress to nothing.
func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(x * y), uint8(x + y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload uploads through Nginx, again while no API server answers.
func (s *stack) upload(t *testing.T, key, name string, content []byte) (f client.File) {
	t.Helper()
	up := client.Upload{URL: "http://" + s.page, Name: name, GuestKey: key, Key: uuid.NewString()}
	eventually(t, time.Minute, "upload "+name, func(ctx context.Context) (err error) {
		f, err = up.Do(ctx, bytes.NewReader(content))
		return err
	})
	return f
}

// serves: the preview of a picture, and every byte of a document.
func (s *stack) serves(t *testing.T, files []client.File, document []byte) {
	t.Helper()
	eventually(t, time.Minute, "the files of a message", func(ctx context.Context) error {
		preview, err := s.get(ctx, files[0].Path()+"?size=320")
		if err != nil {
			return err
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(preview)); err != nil || c.Width != 320 {
			t.Fatalf("the preview is %d pixels wide, %v", c.Width, err)
		}
		got, err := s.get(ctx, files[1].Path())
		if err == nil && !bytes.Equal(got, document) {
			t.Fatalf("the document has other bytes: %d of them", len(got))
		}
		return err
	})
}

// get returns the body of an answer of 200 from behind Nginx.
func (s *stack) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.page+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// copiesOut: the bytes can be backed up with the engine alone, as
// docs/operations.md says.
func (s *stack) copiesOut(t *testing.T, document []byte) {
	t.Helper()
	dir := t.TempDir()
	s.run(t, "docker", "cp", s.containers(t, "api")[0]+":/files/.", dir)
	found := false
	if err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || found {
			return err
		}
		content, err := os.ReadFile(path)
		found = bytes.Equal(content, document)
		return err
	}); err != nil || !found {
		t.Errorf("the copy of the volume has the document: %t, %v", found, err)
	}
}
