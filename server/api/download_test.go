package api

import (
	"mime"
	"net/http"
	"strings"
	"testing"
)

func TestDownload(t *testing.T) {
	s := newSite(t, nil)
	url := s.put(nil, "cat.png", png)
	w := s.ask(nil, "GET", url, "")
	want(t, w, 200, png)
	etag := w.Header().Get("ETag")
	for name, value := range map[string]string{
		"Content-Type": "image/png", "Content-Disposition": "inline; filename=cat.png",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Accept-Ranges": "bytes",
		"Cache-Control": "private, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-site",
		"Content-Security-Policy": picturePolicy,
	} {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	want(t, s.ask(nil, "GET", url, "", "Range: bytes=1-3"), 206, "PNG")
	want(t, s.ask(nil, "GET", url, "", "Range: bytes=1-3", "If-Range: "+etag), 206, "PNG")
	want(t, s.ask(nil, "GET", url, "", "Range: bytes=1-3", `If-Range: "another"`), 200, png)
	want(t, s.ask(nil, "GET", url, "", "If-None-Match: "+etag), 304, "")
	for headers, refused := range map[string]struct {
		status int
		code   string
	}{
		"Range: bytes=900-":   {416, "bad_range"},
		"Range: bytes=x":      {416, "bad_range"},
		`If-Match: "another"`: {412, "changed"},
	} {
		w := s.ask(nil, "GET", url, "", headers)
		wantProblem(t, w, refused.status, refused.code)
		for _, name := range []string{"ETag", "Content-Disposition", "Content-Length"} {
			if got := w.Header().Get(name); got != "" {
				t.Errorf("%s: %s is %q", headers, name, got)
			}
		}
	}
	if w := s.ask(nil, "GET", url, "", "Range: bytes=900-"); w.Header().Get("Content-Range") != "bytes */14" {
		t.Errorf("Content-Range %q", w.Header().Get("Content-Range"))
	}
	head := s.ask(nil, "HEAD", url, "")
	if want(t, head, 200, ""); head.Header().Get("Content-Length") != "14" {
		t.Errorf("HEAD: Content-Length %q", head.Header().Get("Content-Length"))
	}

	preview := s.ask(nil, "GET", url+"?size=320", "")
	if want(t, preview, 200, "preview 320"); preview.Header().Get("ETag") == etag ||
		preview.Header().Get("Content-Type") != "image/jpeg" {
		t.Errorf("preview: %v", preview.Header())
	}
	want(t, s.ask(nil, "GET", url+"?size=320", "", "If-None-Match: "+preview.Header().Get("ETag")), 304, "")
	want(t, s.ask(nil, "GET", url+"?size=1280", ""), 200, png) // it is smaller
	for _, bad := range []string{"?size=500", "?size=320&size=320", "?size=-1"} {
		wantProblem(t, s.ask(nil, "GET", url+bad, ""), 400, "bad_request")
	}
	want(t, s.ask(nil, "GET", strings.Replace(url, "cat.png", "%2e%2e%2fanything", 1), ""), 200, png)
}

// A file that is no picture, video or audio is saved, never shown.
func TestAttachments(t *testing.T) {
	s := newSite(t, nil)
	for _, name := range []string{
		"a.html", `"quotes" \ and 'more'.svg`, "line\r\nSet-Cookie: a=b", "\u202egpj.exe",
		"ünïcode 🐈.txt",
		strings.Repeat("x", 300) + ".pdf", "a;b=c,d.pdf",
	} {
		id := member(t, s.upload(nil, []string{"file", "x", pdf}), "id")
		s.files.files[id].Name = name
		w := s.ask(nil, "GET", "/api/v1/files/"+id+"/x", "")
		disposition, parameters, err := mime.ParseMediaType(w.Header().Get("Content-Disposition"))
		if err != nil || disposition != "attachment" || parameters["filename"] != name ||
			len(parameters) != 1 ||
			strings.ContainsAny(w.Header().Get("Content-Disposition"), "\r\n") {
			t.Errorf("%q: %q %v", name, w.Header().Get("Content-Disposition"), err)
		}
		if w.Header().Get("Content-Type") != "application/octet-stream" ||
			w.Header().Get("Set-Cookie") != "" ||
			w.Header().Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
			t.Errorf("%q: %v", name, w.Header())
		}
	}
}

// Files of a private chat are for its members, at each request.
func TestPrivateFiles(t *testing.T) {
	s := newSite(t, nil)
	ann, bob := s.register("ann"), s.register("bob")
	id := member(t, s.upload(ann, []string{"file", "cat.png", png}), "id")
	s.files.files[id].members = []int64{1}
	for _, path := range []string{"/api/v1/files/" + id + "/cat.png", "/api/v1/files/" + id + "/"} {
		for range 2 { // nothing is remembered of the first time
			w := s.ask(ann, "GET", path, "")
			if want(t, w, 200, "*"); w.Header().Get("Cache-Control") != "private, no-cache" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			wantProblem(t, s.ask(bob, "GET", path, ""), 404, "unknown_file")
			wantProblem(t, s.ask(nil, "GET", path, ""), 404, "unknown_file")
		}
	}
	path := "/api/v1/files/" + id + "/cat.png"
	wantProblem(t, s.ask(nil, "GET", path, "", "Cookie: livechat_session=forged"), 404, "unknown_file")
	w := s.ask(ann, "GET", path, "")
	s.files.files[id].members = []int64{2} // ann was removed
	wantProblem(t, s.ask(ann, "GET", path, "",
		"If-None-Match: "+w.Header().Get("ETag")), 404, "unknown_file")
}

// Many requests for the same picture ask the database once.
func TestFilesAreRemembered(t *testing.T) {
	s := newSite(t, nil)
	url := s.put(nil, "cat.png", png)
	for range 100 {
		want(t, s.ask(nil, "GET", url, ""), 200, png)
	}
	if s.files.gets > 50 { // about once a second
		t.Errorf("it was looked up %d times", s.files.gets)
	}
	var rows fileRows
	file, now := s.files.files[strings.Split(url, "/")[4]].Stored, startTime
	for i := range 3 * maxFileRows {
		file.ID = http.StatusText(i) + string(rune(i))
		rows.put(file, now)
	}
	if len(rows.rows) > maxFileRows {
		t.Errorf("%d rows are remembered", len(rows.rows))
	}
	if _, ok := rows.get(file.ID, now.Add(fileRowAge)); ok {
		t.Error("a row is remembered for too long")
	}
}

// A page of an allowed origin can upload and show files.
func TestFilesOfOtherOrigins(t *testing.T) {
	s := newSite(t, func(o *Options) { o.AllowedOrigins = []string{"https://app.example.org"} })
	w := s.ask(nil, "OPTIONS", "/api/v1/files/"+anID+"/", "", "Origin: https://app.example.org",
		"Access-Control-Request-Method: PATCH")
	want(t, w, 204, "")
	for _, name := range []string{"Livechat-Guest", "Tus-Resumable", "Upload-Offset", "Idempotency-Key"} {
		if !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("%s is not allowed", name)
		}
	}
	url := s.put(nil, "cat.png", png)
	w = s.ask(nil, "GET", url, "", "Origin: https://app.example.org")
	if w.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" ||
		w.Header().Get("Access-Control-Allow-Origin") != "https://app.example.org" {
		t.Errorf("%v", w.Header())
	}
}
