package node

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testapi"
)

const guestHeader = "Livechat-Guest"

// unzip returns the files of an export by their names.
func unzip(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%v: %.200s", err, b)
	}
	all := make(map[string]string)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		all[f.Name] = string(content)
	}
	return all
}

// asGuest sends a request of a guest to the API.
func asGuest(t *testing.T, n *Node, method, path, key, body string) testapi.Reply {
	t.Helper()
	var in io.Reader
	headers := []string{guestHeader, key}
	if body != "" {
		in, headers = strings.NewReader(body), append(headers, "Content-Type", "application/json")
	}
	res, err := testapi.Ask(t.Context(), method, "http://"+n.Addr()+"/api/v1"+path, in, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A guest is known by the key, gets what is kept of it alone, and erases that.
func TestGuestIsErased(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, database string) {
		s := newErasing(t, database)
		ann := dialAs(t, s.one, annKey, "name=ann", "history=0")
		eve := dialAs(t, s.two, otherKey, "name=ann", "history=0")
		s.epoch = ann.welcome.Epoch
		file, err := testapi.Upload(t.Context(), "http://"+s.one.Addr(), "../a secret.txt", []byte("secret bytes"),
			guestHeader, annKey)
		if err != nil || file.StatusCode != http.StatusCreated {
			t.Fatalf("%s %v", file.Body, err)
		}
		var up struct{ ID, URL string }
		if err := json.Unmarshal(file.Body, &up); err != nil {
			t.Fatal(err)
		}
		ann.says(uuid.NewString(), "a secret walrus", `"files":[{"id":"`+up.ID+`"}]`)
		m := ann.next("message")
		eve.send("eve stays")
		last := eve.receives("eve stays")
		s.seq = last.Seq
		s.archived(last.ID)

		got := asGuest(t, s.one, "GET", "/guests/export/", annKey, "")
		all := unzip(t, got.Body)
		if all["files/"+up.ID+"/a secret.txt"] != "secret bytes" || all["chat-messages.ndjson"] != "" ||
			!strings.Contains(all["room-messages.ndjson"], `"text":"a secret walrus"`) ||
			strings.Contains(all["room-messages.ndjson"], "eve") || !strings.Contains(all["files.ndjson"], up.ID) ||
			!strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment; filename=livechat-") {
			t.Errorf("%v %q", got.Header["Content-Disposition"], all)
		}
		files := unzip(t, asGuest(t, s.two, "GET", "/guests/export/", strings.Repeat("0", 32), "").Body)
		if files["room-messages.ndjson"] != "" || files["files.ndjson"] != "" {
			t.Errorf("a key that nobody has: %v", files)
		}
		for _, bad := range []struct {
			key, body string
			status    int
		}{
			{"x", `{"messages":"erase"}`, 400}, {annKey, `{"messages":"some"}`, 400}, {annKey, `{}`, 400},
		} {
			if res := asGuest(t, s.one, "POST", "/guests/erase/", bad.key, bad.body); res.StatusCode != bad.status {
				t.Errorf("%v: %s %s", bad, res.Status, res.Body)
			}
		}
		if res := asGuest(t, s.one, "GET", "/guests/erase/", annKey, ""); res.StatusCode != 404 {
			t.Errorf("asked before: %s", res.Body)
		}
		res := asGuest(t, s.one, "POST", "/guests/erase/", annKey, `{"messages":"erase"}`)
		if res.StatusCode != http.StatusAccepted {
			t.Fatalf("%s %s", res.Status, res.Body)
		}
		if d := eve.next("delete"); d.Target.ID != m.ID || d.Author != m.Author {
			t.Errorf("the room got %+v", d)
		}
		s.finished()
		s.nowhere("secret")
		res = asGuest(t, s.one, "GET", "/guests/erase/", annKey, "")
		if !strings.Contains(string(res.Body), `"messages":"erase"`) ||
			!strings.Contains(string(res.Body), `"done":1`) || !strings.Contains(string(res.Body), "finished_at") {
			t.Errorf("asked afterwards: %s", res.Body)
		}
		poll.Until(t, "the file is gone", func() bool { return fetchFile(t, s.one, up.URL).StatusCode == 404 })
		ann.send("and on")
		again := ann.receives("and on")
		s.archived(again.ID)
	})
}
