package api

import (
	"encoding/base64"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

const tusResumable = "Tus-Resumable: 1.0.0"

// wantOffset checks status and Upload-Offset of a tus answer.
func wantOffset(t *testing.T, w *httptest.ResponseRecorder, status int, offset string) {
	t.Helper()
	h := w.Header()
	if w.Code != status || h.Get("Upload-Offset") != offset || h.Get("Tus-Resumable") != "1.0.0" {
		t.Errorf("got %d %v %s, want %d and offset %q", w.Code, h, w.Body, status, offset)
	}
}

// begin begins an upload and returns its path.
func (s *site) begin(b *browser, length int, headers ...string) string {
	s.t.Helper()
	w := s.ask(b, "POST", "/api/v1/files/", "", append([]string{tusResumable,
		"Upload-Length: " + strconv.Itoa(length)}, headers...)...)
	wantOffset(s.t, w, 201, "0")
	return w.Header().Get("Location")
}

// patch sends bytes to an upload.
func (s *site) patch(b *browser, path string, offset int, body string, headers ...string,
) *httptest.ResponseRecorder {
	return s.ask(b, "PATCH", path, body, append([]string{tusResumable, "Content-Type: " + tusBody,
		"Upload-Offset: " + strconv.Itoa(offset)}, headers...)...)
}

func TestTus(t *testing.T) {
	s := newSite(t, nil)
	name := base64.StdEncoding.EncodeToString([]byte("naïve plan.pdf"))
	path := s.begin(nil, len(pdf), "Upload-Metadata: filetype eHg=,filename "+name,
		"Idempotency-Key: 0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18")
	if path != "/api/v1/files/0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18/" {
		t.Errorf("Location %s", path)
	}
	wantOffset(t, s.ask(nil, "HEAD", path, "", tusResumable), 200, "0")
	wantOffset(t, s.patch(nil, path, 0, pdf[:7]), 204, "7")
	w := s.ask(nil, "HEAD", path, "", tusResumable)
	if wantOffset(t, w, 200, "7"); w.Header().Get("Upload-Length") != "19" ||
		w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("HEAD: %v", w.Header())
	}
	wantProblem(t, s.patch(nil, path, 0, pdf), 409, "bad_offset")
	wantProblem(t, s.patch(nil, path, 7, pdf), 400, "bad_request") // beyond the length
	wantOffset(t, s.ask(nil, "HEAD", path, "", tusResumable), 200, "7")
	// begun again, after a lost answer
	w = s.ask(nil, "POST", "/api/v1/files/", "", tusResumable, "Upload-Length: 19",
		"Idempotency-Key: 0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18")
	wantOffset(t, w, 201, "7")
	wantOffset(t, s.patch(nil, path, 7, pdf[7:]), 204, "19")
	want(t, s.ask(nil, "GET", path+"x", ""), 200, pdf)
	if got := member(t, s.ask(nil, "GET", path, ""), "name"); got != "naïve plan.pdf" {
		t.Errorf("the name is %q", got)
	}
	wantOffset(t, s.patch(nil, path, 19, ""), 204, "19") // the last answer was lost
}

func TestTusCreationWithUpload(t *testing.T) {
	s := newSite(t, nil)
	create := func(body string) *httptest.ResponseRecorder {
		return s.ask(nil, "POST", "/api/v1/files/", body, tusResumable, "Upload-Length: 19",
			"Content-Type: "+tusBody, "Idempotency-Key: 0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18")
	}
	wantOffset(t, create(pdf[:7]), 201, "7")
	w := create(pdf) // again, and whole: the first bytes are there
	wantOffset(t, w, 201, "19")
	if got := member(t, w, "id"); got != "0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18" {
		t.Errorf("id %s", got)
	}
	want(t, s.ask(nil, "GET", w.Header().Get("Location")+"x", ""), 200, pdf)
}

// A process that was killed between the last byte and the file: asking finishes.
func TestUploadIsFinishedWhenAsked(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	path := s.begin(ann, len(pdf))
	s.files.uploads[strings.Split(path, "/")[4]].content = []byte(pdf)
	wantProblem(t, s.ask(nil, "GET", path, ""), 404, "unknown_file") // another one
	want(t, s.ask(ann, "GET", path, ""), 200, "*")
	want(t, s.ask(nil, "GET", path+"x", ""), 200, pdf)
}

func TestTusRefused(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	path := s.begin(ann, 19)
	post := func(headers ...string) *httptest.ResponseRecorder {
		return s.ask(ann, "POST", "/api/v1/files/", "", headers...)
	}
	w := post("Tus-Resumable: 0.2.2", "Upload-Length: 19")
	if wantProblem(t, w, 412, "tus_version"); w.Header().Get("Tus-Version") != "1.0.0" {
		t.Errorf("%v", w.Header())
	}
	wantProblem(t, post(tusResumable), 400, "bad_request")
	wantProblem(t, post(tusResumable, "Upload-Length: -1"), 400, "bad_request")
	wantProblem(t, post(tusResumable, "Upload-Length: 1", "Upload-Metadata: filename %"), 400, "bad_request")
	wantProblem(t, post(tusResumable, "Upload-Length: 9999999"), 413, "too_large")
	wantProblem(t, s.patch(ann, path, 0, pdf, "Content-Type: application/json"), 415, "unsupported_media_type")
	wantProblem(t, s.patch(ann, path, 0, pdf, "Upload-Offset: x"), 400, "bad_request")
	wantProblem(t, s.patch(nil, path, 0, pdf), 404, "unknown_file") // another one
	wantProblem(t, s.patch(ann, path, 0, pdf, "Origin: https://evil.example"), 403, "forbidden_origin")
	wantProblem(t, s.ask(nil, "DELETE", path, "", tusResumable), 404, "unknown_file")
	wantProblem(t, s.ask(ann, "POST", path, "", tusResumable), 405, "method_not_allowed")

	wantOffset(t, s.ask(ann, "POST", path, pdf[:7], tusResumable, "X-HTTP-Method-Override: PATCH",
		"Content-Type: "+tusBody, "Upload-Offset: 0"), 204, "7")
	wantOffset(t, s.ask(ann, "POST", path, "", tusResumable, "X-HTTP-Method-Override: DELETE"), 204, "")
	wantProblem(t, s.patch(ann, path, 7, pdf), 404, "unknown_file")
	w = s.ask(nil, "OPTIONS", "/api/v1/files/", "")
	if wantOffset(t, w, 204, ""); w.Header().Get("Tus-Max-Size") != "1048576" ||
		w.Header().Get("Tus-Extension") != "creation,creation-with-upload,termination" {
		t.Errorf("%v", w.Header())
	}
}
