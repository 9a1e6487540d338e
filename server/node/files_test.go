package node

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
	"livechat/server/chat"
	"livechat/server/store"
)

// uploaded adds a file of an author to a server's database, as an upload does.
func uploaded(t *testing.T, n *Node, author string, user int64) (id string) {
	t.Helper()
	id = uuid.NewString()
	_, err := n.services.store.BeginUpload(t.Context(), store.FileUpload{ID: id, Owner: author, User: user,
		Name: "a.png", Size: 5}, store.FileLimits{}, time.Now())
	if err == nil {
		_, _, err = n.services.store.AddFile(t.Context(), store.StoredFile{
			File: chat.File{
				ID: id, Name: "a.png", Type: "image/png", Size: 5, Width: 4, Height: 3, Previews: []int{320},
			},
			Kinds: []string{"image/png"}, Owner: author, User: user, Hash: strings.Repeat("ab", 32),
			Stored: 6, Created: time.Now(),
		}, "", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sendsFile sends a message with one file.
func (p *peer) sendsFile(id, text, file string) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"message","id":"%s",%s"files":[{"id":"%s","alt":"a cat"}]}`, id, text, file))
}

// filed is what a frame says of its files.
func filed(e event) string {
	b, err := json.Marshal(e.Files)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func fileFrame(id string) string {
	return `[{"id":"` + id + `","name":"a.png","type":"image/png","size":5,"width":4,"height":3,` +
		`"previews":[320],"alt":"a cat"}]`
}

// fileCluster is a server with sockets and one with the API, on PostgreSQL.
type fileCluster struct {
	pg      *testpg.Server
	ws, api *Node
}

func startFileCluster(t *testing.T) (c fileCluster) {
	t.Helper()
	r := testredis.New(t)
	r.Start()
	c.pg = testpg.New(t)
	common := []string{"REDIS_URL=" + r.URL, "DATABASE_URL=" + c.pg.Database(), "MESSAGE_RATE=0"}
	c.api = start(t, append(common, "ROLE=api", "APPID=1")...)
	c.ws = start(t, append(common, "ROLE=ws", "APPID=2")...)
	return c
}

// A file is in the frame, in every replay and in the archive, until its message
// is deleted.
func TestFilesInRooms(t *testing.T) {
	t.Parallel()
	c := startFileCluster(t)
	author, err := chat.GuestAuthor(annKey)
	if err != nil {
		t.Fatal(err)
	}
	ann, bob := dialAs(t, c.ws, annKey, "name=ann", "history=0"), dial(t, c.ws, "name=bob", "history=0")
	if l := ann.welcome.Limits.Files; l == nil || l.Size != 26214400 || l.Count != chat.MaxFiles {
		t.Errorf("the welcome says %+v", l)
	}
	file, id := uploaded(t, c.api, author, 0), uuid.NewString()
	var first event
	for i, duplicate := range []bool{false, true} {
		ann.sendsFile(id, "", file)
		if ack := ann.next("ack"); ack.Seq != 1 || ack.Duplicate != duplicate {
			t.Errorf("attempt %d: %+v", i, ack)
		}
	}
	if first = bob.next("message"); first.Text != "" || filed(first) != fileFrame(file) {
		t.Errorf("received %+v", first)
	}
	late := dial(t, c.ws, "after="+bob.welcome.Epoch+":0")
	if again := late.next("message"); fmt.Sprint(again) != fmt.Sprint(first) {
		t.Errorf("replayed as %+v, want %+v", again, first)
	}

	for what, f := range map[string]string{
		"a file of another message": file, "another's": uploaded(t, c.api, "@eve", 1),
		"unknown": uuid.NewString(),
	} {
		ann.sendsFile(uuid.NewString(), `"text":"x",`, f)
		ann.refused(what, "unknown_file")
	}
	bob.says(uuid.NewString(), "nice", `"reply":`+target(first))
	if e := bob.next("message"); e.Reply.Text != "a cat" {
		t.Errorf("the reply quotes %q", e.Reply.Text)
	}
	ann.edits(target(first), "")
	if e := bob.next("edit"); e.Text != "" || e.Target.Seq != 1 {
		t.Errorf("edited: %+v", e)
	}
	bob.send("plain")
	plain := bob.next("message")
	bob.edits(target(plain), "")
	bob.refused("an empty text without files", "bad_text")

	page := func() string {
		resp, err := http.Get("http://" + c.api.Addr() + "/api/v1/rooms/livechat/messages/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	poll.Until(t, "it is archived", func() bool { return strings.Contains(page(), `"text":"plain"`) })
	if body := page(); !strings.Contains(body, `"text":"","files":`+fileFrame(file)) {
		t.Errorf("the archive has %s", body)
	}
	ann.deletes(target(first))
	bob.next("delete")
	poll.Until(t, "the file is deleted", func() bool {
		f, err := c.api.services.store.AnyFile(t.Context(), file)
		return err == nil && f.Deleted
	})
	if body := page(); strings.Contains(body, file) {
		t.Errorf("the archive has %s", body)
	}
	late = dial(t, c.ws, "after="+bob.welcome.Epoch+":0")
	if e := late.next("tombstone"); e.Seq != 1 || e.Files != nil {
		t.Errorf("replayed as %+v", e)
	}
	// The client never got its ack, and cannot know that another one deleted it.
	ann.sendsFile(id, "", file)
	for ack := ann.next("ack"); ; ack = ann.next("ack") {
		if ack.ID == id {
			if ack.Seq != 1 || !ack.Duplicate {
				t.Errorf("sent again after the delete: %+v", ack)
			}
			break
		}
	}
}

// While the database is away a message with files is refused for now, and the
// others go on. Sent again with its id it has its file.
func TestFilesWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	c := startFileCluster(t)
	ann := dialAs(t, c.ws, annKey, "name=ann", "history=0")
	file, id := uploaded(t, c.api, ann.welcome.Author, 0), uuid.NewString()
	c.pg.Kill()
	ann.sendsFile(id, "", file)
	if e := ann.nextError(); e.ID != id || e.Code != "unavailable" || !e.Retryable || e.RetryAfterMS == 0 {
		t.Errorf("while it is away: %+v", e)
	}
	ann.send("plain")
	if e := ann.next("message"); e.Text != "plain" {
		t.Errorf("received %+v", e)
	}
	c.pg.Start()
	var e event
	poll.Until(t, "the file can be sent", func() bool {
		ann.sendsFile(id, "", file)
		for e = ann.any(); e.Type != "ack" && e.Type != "error"; e = ann.any() {
		}
		return e.Type == "ack"
	})
	if e.Seq != 2 || e.Duplicate {
		t.Errorf("sent again: %+v", e)
	}
}

// Where files cannot be sent the welcome says so, and an error what to do.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"off": {"MAX_FILE=0"}, "guests": {"GUEST_FILES=false"},
	} {
		n := start(t, settings...)
		ann := dialAs(t, n, annKey, "name=ann", "history=0")
		if ann.welcome.Limits.Files != nil {
			t.Errorf("%s: the welcome has %+v", name, ann.welcome.Limits.Files)
		}
		ann.sendsFile(uuid.NewString(), `"text":"x",`, uuid.NewString())
		ann.refused(name, "forbidden")
	}
	n := start(t, "GUEST_FILES=false")
	ann := newAPIUser(t, n, "ann")
	ann.register()
	if ann.socket(n, "/ws").welcome.Limits.Files == nil {
		t.Error("an account cannot send files")
	}
}

// A private message has its files in the answer, in the history and in the feed.
func TestFilesInPrivateChats(t *testing.T) {
	t.Parallel()
	n := start(t)
	ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
	ann.register()
	bob.register()
	me, _, err := n.services.store.UserByName(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	of := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/messages/"
	feed := bob.socket(n, "/feed")
	file := uploaded(t, n, "@ann", me.ID)
	body := map[string]any{"id": uuid.NewString(),
		"files": []any{map[string]string{"id": file, "alt": "a cat"}}}
	first := ann.do(http.StatusCreated, "POST", of, body)
	again := ann.do(http.StatusOK, "POST", of, body)
	if fmt.Sprint(first) != fmt.Sprint(again) || !strings.Contains(fmt.Sprint(first), file) {
		t.Errorf("answered %v, then %v", first, again)
	}
	e := feed.next("message")
	for e.Message == "" {
		e = feed.next("message")
	}
	if e.Text != "" || filed(e) != fileFrame(file) {
		t.Errorf("the feed tells %+v", e)
	}
	for what, c := range map[string]struct {
		body any
		code string
	}{
		"taken":    {map[string]any{"text": "x", "files": []string{file}}, "unknown_file"},
		"no text":  {map[string]any{"files": []string{}}, "bad_request"},
		"too many": {map[string]any{"files": slices.Repeat([]string{file}, 11)}, "bad_request"},
	} {
		status := http.StatusNotFound
		if c.code == "bad_request" {
			status = http.StatusBadRequest
		}
		if got := ann.do(status, "POST", of, c.body)["code"]; got != c.code {
			t.Errorf("%s: %v", what, got)
		}
	}
	at := of + first["id"].(string) + "/"
	ann.do(http.StatusOK, "PATCH", at, map[string]string{"text": ""})
	ann.do(http.StatusBadRequest, "PATCH", at, map[string]any{"text": "x", "files": []string{file}})
	status, _, err := ann.Do(t.Context(), "DELETE", at, nil)
	if err != nil || status != http.StatusNoContent {
		t.Fatal(status, err)
	}
	if list := bob.do(http.StatusOK, "GET", of, nil); strings.Contains(fmt.Sprint(list), file) {
		t.Errorf("after the delete: %v", list)
	}
	if f, err := n.services.store.AnyFile(t.Context(), file); err == nil && !f.Deleted {
		t.Errorf("the file is still there: %+v", f)
	}
}
