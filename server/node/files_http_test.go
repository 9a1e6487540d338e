package node

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testapi"
)

// uploadFile uploads a file to a node and returns the answer.
func uploadFile(t *testing.T, n *Node, name string, content []byte) testapi.Reply {
	t.Helper()
	res, err := testapi.Upload(t.Context(), "http://"+n.Addr(), name, content)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// fetchFile asks a node for a file and returns the answer.
func fetchFile(t *testing.T, n *Node, path string, headers ...string) testapi.Reply {
	t.Helper()
	res, err := testapi.Ask(t.Context(), http.MethodGet, "http://"+n.Addr()+path, nil, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// picturePNG returns a picture with so many pixels.
func picturePNG(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A picture goes through a server and comes back, with its previews.
func TestUploadAndDownload(t *testing.T) {
	n := start(t)
	res := uploadFile(t, n, "cat.png", picturePNG(t, 800, 600))
	var file struct {
		ID, URL, Type string
		Width, Height int
		Previews      []int
	}
	if err := json.Unmarshal(res.Body, &file); err != nil || res.StatusCode != 201 ||
		file.Type != "image/png" || file.Width != 800 || file.Height != 600 || len(file.Previews) != 1 ||
		file.Previews[0] != 320 {
		t.Fatalf("%s %s", res.Status, res.Body)
	}
	for query, width := range map[string]int{"": 800, "?size=320": 320, "?size=1280": 800} {
		res := fetchFile(t, n, file.URL+query)
		c, _, err := image.DecodeConfig(bytes.NewReader(res.Body))
		if err != nil || res.StatusCode != 200 || c.Width != width ||
			!strings.HasPrefix(res.Header.Get("Content-Type"), "image/") {
			t.Errorf("%q: %s %s, %d pixels, %v", query, res.Status, res.Header.Get("Content-Type"), c.Width,
				err)
		}
		res = fetchFile(t, n, file.URL+query, "If-None-Match", res.Header.Get("ETag"))
		if res.StatusCode != http.StatusNotModified {
			t.Errorf("%q again: %s", query, res.Status)
		}
	}
	res = uploadFile(t, n, "cat.png", append(picturePNG(t, 8, 8)[:40], "<script>alert(1)</script>"...))
	if res.StatusCode != 422 || !strings.Contains(string(res.Body), `"code":"bad_image"`) {
		t.Errorf("a broken picture: %s %s", res.Status, res.Body)
	}
	for series, want := range map[string]float64{
		`livechat_file_uploads_total{result="taken"}`:     1,
		`livechat_file_uploads_total{result="bad_image"}`: 1,
		`livechat_file_bytes_limit{of="all"}`:             10737418240,
		`livechat_file_store_failures_total{op="put"}`:    0,
	} {
		if got := scrape(t, n)[series]; got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	poll.Until(t, "the files are counted", func() bool {
		return scrape(t, n)[`livechat_files{of="guests"}`] == 1 &&
			scrape(t, n)[`livechat_file_bytes{of="all"}`] > 0
	})
}

func TestFilesAreOff(t *testing.T) {
	n := start(t, "MAX_FILE=0")
	if res := uploadFile(t, n, "a.txt", []byte("hi")); res.StatusCode != 403 {
		t.Errorf("without files: %s %s", res.Status, res.Body)
	}
	n = start(t, "GUEST_FILES=false")
	if res := uploadFile(t, n, "a.txt", []byte("hi")); res.StatusCode != 403 {
		t.Errorf("without guests: %s %s", res.Status, res.Body)
	}
}

// By default files are beside the database, and gone with it if it is in memory.
func TestFolderOfFiles(t *testing.T) {
	dir := t.TempDir()
	n := start(t, "FILES_URL=", "DATABASE_URL=sqlite:"+dir+"/chat.db")
	if res := uploadFile(t, n, "a.txt", []byte("hi")); res.StatusCode != 201 {
		t.Errorf("%s %s", res.Status, res.Body)
	}
	if found, err := os.ReadDir(dir + "/livechat-files"); err != nil || len(found) == 0 {
		t.Errorf("beside the database: %v, %v", found, err)
	}
	n = startUnowned(t, slog.DiscardHandler, "FILES_URL=")
	folder := n.services.files.folder
	if _, err := os.Stat(folder); err != nil {
		t.Errorf("the temporary folder: %v", err)
	}
	stop(t, n)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is left: %v", err)
	}
}
