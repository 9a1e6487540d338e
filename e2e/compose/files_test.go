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
	s.copiesFiles(t, document)
	s.serves(t, got, document)
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

// copiesFiles: the bytes can be backed up and put back with the engine alone, as
// docs/operations.md says. The API servers are stopped meanwhile.
func (s *stack) copiesFiles(t *testing.T, document []byte) {
	t.Helper()
	dir, name := t.TempDir(), ""
	s.run(t, "docker", "cp", s.containers(t, "api")[0]+":/files/.", dir)
	if err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name != "" {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Equal(content, document) {
			name, err = filepath.Rel(dir, path)
		}
		return err
	}); err != nil || name == "" {
		t.Fatalf("the copy of the volume has the document as %q, %v", name, err)
	}
	s.run(t, s.compose("stop", "api")...)
	broken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(broken, filepath.Dir(name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, name), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.putBack(t, broken)
	check := s.compose("run", "--rm", "-T", "api", "admin", "files", "check")
	if out, err := s.command(t.Context(), check...).CombinedOutput(); err == nil {
		t.Errorf("with another document livechat admin files check says %s", out)
	}
	s.putBack(t, dir)
	s.run(t, check...)
	s.run(t, s.compose("start", "api")...)
}

// putBack copies a folder into the volume of files through a stopped container.
func (s *stack) putBack(t *testing.T, dir string) {
	t.Helper()
	stopped := strings.Fields(s.run(t, s.compose("ps", "-aq", "api")...))[0]
	s.run(t, "sh", "-c", `tar -C "$1" --exclude=./.tmp --numeric-owner --owner=65532 --group=65532 -cf - . |
		docker cp - "$2":/files`, "sh", dir, stopped)
}
