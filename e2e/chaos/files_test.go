package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/history"
)

// A message that lacks its file, or has another one, is noticed.
func TestFilesOfMessages(t *testing.T) {
	var f filed
	f.attach("m", client.File{ID: "f", Size: 3}, "sum")
	for name, c := range map[string]struct {
		m  client.Message
		ok bool
	}{
		"as sent":          {client.Message{ID: "m", Files: []client.File{{ID: "f", Size: 3}}}, true},
		"without":          {client.Message{ID: "m"}, false},
		"another":          {client.Message{ID: "m", Files: []client.File{{ID: "g", Size: 3}}}, false},
		"another size":     {client.Message{ID: "m", Files: []client.File{{ID: "f", Size: 2}}}, false},
		"one without":      {client.Message{ID: "n"}, true},
		"one that has one": {client.Message{ID: "n", Files: []client.File{{ID: "f", Size: 3}}}, false},
	} {
		if err := f.check(&c.m); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// In the end the bytes of all acked messages are fetched.
func TestFilesAreFetched(t *testing.T) {
	content, status := "abc", http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, content)
	}))
	defer server.Close()
	c := &Crowd{History: history.New(), Files: server.URL}
	c.filed.attach("never acked", client.File{ID: "x", Name: "x"}, "x")
	sum := sha256.Sum256([]byte(content))
	c.filed.attach("m", client.File{ID: "f", Name: "a"}, hex.EncodeToString(sum[:]))
	c.filed.acked("m")
	c.History.Sending("m", time.Now())
	check := func(what string, ok bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := c.checkFiles(ctx); (err == nil) != ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("whole", true)
	content = "abd"
	check("other bytes", false)
	content, status = "abc", http.StatusNotFound
	check("gone", false)
	c.History.SendingContent(history.Send{ID: "d", Deletes: "m", Sent: time.Now()})
	c.History.Answered("d", history.Ack{At: history.Position{Seq: 2}, When: time.Now()})
	check("deleted, and gone", true)
	status = http.StatusOK
	check("deleted, and still there", false)
}
