package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"livechat/internal/localcluster"
	"livechat/internal/poll"
)

// startForFiles starts a server that takes files, whose messages have no limit.
func startForFiles(t *testing.T, more map[string]string) string {
	env := map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"FILES_URL":       "file:" + t.TempDir(),
		"GUEST_FILES_DAY": "0"}
	for name, value := range more {
		env[name] = value
	}
	return startServer(t, env)
}

// archivedFiles returns how many messages of the room have a file of that size.
func archivedFiles(t *testing.T, addr string, size int) (n int64) {
	t.Helper()
	status, body, err := localcluster.Get(t.Context(),
		"http://"+addr+"/api/v1/rooms/load/messages/?limit=100")
	var page struct {
		Messages []struct{ Files []struct{ Size int } }
	}
	if err != nil || json.Unmarshal([]byte(body), &page) != nil {
		t.Fatalf("read the archive: %d %.300s, %v", status, body, err)
	}
	for _, m := range page.Messages {
		if len(m.Files) == 1 && m.Files[0].Size == size {
			n++
		}
	}
	return n
}

// Messages with files are sent once their files are there, and each of them is
// delivered to everybody.
func TestFiles(t *testing.T) {
	t.Parallel()
	addr := startForFiles(t, nil)
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "20", "-rate", "10", "-for", "2s",
		"-warmup", "0", "-mix", "uploads=40%", "-file-size", "70000")
	if n := r.Totals.Files; err != nil || n == 0 || n >= r.Totals.Sent || r.Totals.Acked != r.Totals.Sent ||
		r.Totals.Delivered != 20*r.Totals.Sent || len(r.Totals.FailedUploads) > 0 {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
	// the archive is a moment behind
	poll.Until(t, fmt.Sprint("the archive has ", r.Totals.Files, " messages with a file"), func() bool {
		return archivedFiles(t, addr, 70000) == r.Totals.Files
	})
	for _, want := range []string{"40 % uploads of 70,000 bytes",
		fmt.Sprint(r.Totals.Files, " with files)")} {
		if !strings.Contains(text, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
}

// Uploads that fail for a while are counted and repeated, and the run passes.
func TestFailedUploadsAreCounted(t *testing.T) {
	t.Parallel()
	target, err := url.Parse("http://" + startForFiles(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	var uploads atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			switch uploads.Add(1) {
			case 1, 2:
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			case 3:
				panic(http.ErrAbortHandler) // the connection ends without an answer
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.Close(); transport.CloseIdleConnections() })
	r, text, err := runLoad(t, "-url", "ws"+strings.TrimPrefix(s.URL, "http"), "-clients", "10",
		"-rate", "20", "-for", "1s", "-warmup", "0", "-mix", "uploads=50%", "-file-size", "1000")
	failed := r.Totals.FailedUploads
	if err != nil || r.Totals.Acked != r.Totals.Sent || len(failed) != 2 || failed["503"] != 2 ||
		failed["no answer"] != 1 {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
	if want := "2 failed (503), 1 failed (no answer), and were tried again"; !strings.Contains(text, want) {
		t.Errorf("the output lacks %q", want)
	}
}

// Files that a server has no room for are refused, which ends no run, and what
// to do is said.
func TestRefusedFilesAreCounted(t *testing.T) {
	t.Parallel()
	addr := startForFiles(t, map[string]string{"GUEST_FILES_DAY": "100000"})
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "10", "-rate", "30", "-for", "1s",
		"-warmup", "0", "-mix", "uploads=50%", "-file-size", "30000")
	n := r.Totals.Refused["429 quota"]
	if !errors.Is(err, errFailed) || n == 0 || r.Totals.Unanswered != 0 || r.Totals.Files-n != 3 ||
		r.Totals.Acked+n != r.Totals.Sent || r.Totals.Delivered != 10*r.Totals.Acked {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
	if !strings.Contains(text, "GUEST_FILES_DAY=0") {
		t.Error("the output gives no advice")
	}
}
