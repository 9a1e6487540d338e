package api

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"livechat/server/chat"
)

const (
	pdf      = "%PDF-1.7 a document"
	png      = "\x89PNG a picture"
	guestKey = "0123456789abcdef0123456789abcdef"
)

// form returns a multipart body and its type. Parts are triples: the part's
// name, the file's name ("" for none), and the content.
func form(parts ...string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 3 {
		var part io.Writer
		if parts[i+1] == "" {
			part, _ = w.CreateFormField(parts[i])
		} else {
			part, _ = w.CreateFormFile(parts[i], parts[i+1])
		}
		_, _ = io.WriteString(part, parts[i+2])
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// upload uploads parts.
func (s *site) upload(b *browser, parts []string, headers ...string) *httptest.ResponseRecorder {
	body, contentType := form(parts...)
	headers = append([]string{"Content-Type: " + contentType}, headers...)
	return s.ask(b, "POST", "/api/v1/files/", body, headers...)
}

// put uploads one file and returns its path.
func (s *site) put(b *browser, name, content string) string {
	s.t.Helper()
	w := s.upload(b, []string{"file", name, content})
	if w.Code != http.StatusCreated {
		s.t.Fatalf("got %d %s, want a file", w.Code, w.Body)
	}
	return member(s.t, w, "url")
}

func TestUpload(t *testing.T) {
	s := newSite(t, nil)
	w := s.upload(nil, []string{"file", `my "cat" 100%.pdf`, pdf})
	id := member(t, w, "id")
	one := `"id":"` + id + `","name":"my \"cat\" 100%.pdf","type":"application/pdf","size":19,` +
		`"url":"/api/v1/files/` + id + `/my%20%22cat%22%20100%25.pdf"`
	want(t, w, 201, `{`+one+`,"files":[{`+one+`}]}`)
	if got := w.Header().Get("Location"); got != "/api/v1/files/"+id+"/" {
		t.Errorf("Location %q", got)
	}
	want(t, s.ask(nil, "GET", w.Header().Get("Location"), ""), 200, `{`+one+`}`)

	two := s.upload(nil, []string{"file", "a.pdf", pdf, "file", "", "only text"})
	if strings.Count(two.Body.String(), `"id"`) != 2 || two.Code != 201 ||
		two.Header().Get("Location") != "" {
		t.Errorf("two files: %d %s", two.Code, two.Body)
	}
	if got := len(s.files.files); got != 3 {
		t.Errorf("%d files", got)
	}
	for _, method := range []string{"GET", "DELETE", "HEAD"} {
		if w := s.ask(nil, method, "/api/v1/files/"+anID+"/", ""); w.Code != 404 {
			t.Errorf("%s of an unknown file: %d", method, w.Code)
		}
	}
	wantProblem(t, s.ask(nil, "GET", "/api/v1/files/x/", ""), 404, "unknown_file")
	wantProblem(t, s.ask(nil, "GET", "/api/v1/files/x/y", ""), 404, "unknown_file")
}

// A refused form leaves nothing behind, whatever it had before.
func TestUploadRefused(t *testing.T) {
	s := newSite(t, nil)
	long := strings.Repeat("x", int(s.files.most)+1)
	eleven := []string{}
	for range 11 {
		eleven = append(eleven, "file", "a.pdf", pdf)
	}
	for name, test := range map[string]struct {
		parts  []string
		status int
		code   string
	}{
		"none":         {nil, 400, "bad_request"},
		"another name": {[]string{"file", "a.pdf", pdf, "photo", "b.pdf", pdf}, 400, "bad_request"},
		"too many":     {eleven, 400, "bad_request"},
		"too large":    {[]string{"file", "a.pdf", pdf, "file", "b.pdf", long}, 413, "too_large"},
	} {
		t.Run(name, func(t *testing.T) { wantProblem(t, s.upload(nil, test.parts), test.status, test.code) })
	}
	body, contentType := form("file", "a.pdf", pdf)
	header := "Content-Type: " + contentType
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", body[:len(body)/2], header), 400, "bad_request")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", body[:len(body)-8], header), 400, "bad_request")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", "{}", ""), 415, "unsupported_media_type")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", body, "Content-Type: multipart/form-data"), 415,
		"unsupported_media_type")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", "no boundary in it", header), 400, "bad_request")
	two, contentType := form("file", "a.pdf", pdf, "file", "b.pdf", pdf)
	boundary := two[:strings.Index(two, "\r\n")]
	cut := two[:strings.Index(two, "\r\n"+boundary)+2+len(boundary)]
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", cut, "Content-Type: "+contentType), 400,
		"bad_request")
	headers := strings.Replace(body, "\r\n\r\n", "\r\nX: "+strings.Repeat("x", 100<<10)+"\r\n\r\n", 1)
	wantProblem(t, s.ask(nil, "POST", "/api/v1/files/", headers, header), 400, "bad_request")
	for code, status := range map[chat.Code]int{
		chat.CodeQuota: 507, chat.CodeBadImage: 422, chat.CodeUnsupportedType: 415, chat.CodeUnavailable: 503,
	} {
		s.files.broken = chat.Errorf(code, "no")
		wantProblem(t, s.upload(nil, []string{"file", "a.pdf", pdf}), status, string(code))
	}
	s.files.broken = &chat.Error{Code: chat.CodeQuota, Message: "later", Retryable: true,
		RetryAfterMS: 60_000}
	w := s.upload(nil, []string{"file", "a.pdf", pdf})
	wantProblem(t, w, 429, "quota")
	if w.Header().Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
	if got := len(s.files.files); got != 0 {
		t.Errorf("%d files are left", got)
	}
}

// A form that ends anywhere before its end is refused, and one that ends right
// after its last boundary is not.
func TestUploadsAreNotCutOff(t *testing.T) {
	s := newSite(t, nil)
	body, contentType := form("file", "a.pdf", pdf, "file", "b.pdf", pdf)
	header := "Content-Type: " + contentType
	end := len(body) - len("\r\n")
	for cut := 1; cut < end; cut++ {
		w := s.ask(nil, "POST", "/api/v1/files/", body[:cut], header)
		if w.Code != http.StatusBadRequest || len(s.files.files) != 0 {
			t.Fatalf("cut off after %q: %d %s, and %d files", body[:cut], w.Code, w.Body, len(s.files.files))
		}
	}
	for _, whole := range []string{body[:end], body, body + "an epilogue"} {
		want(t, s.ask(nil, "POST", "/api/v1/files/", whole, header), 201, "*")
	}
}

func TestUploader(t *testing.T) {
	s := newSite(t, func(o *Options) { o.ClientAddr = func(*http.Request) string { return "192.0.2.7" } })
	ann := s.register("ann")
	guest, err := chat.GuestAuthor(guestKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		b       *browser
		headers []string
		author  string
		user    int64
	}{
		{nil, nil, "", 0},
		{nil, []string{"Origin:"}, "", 0},
		{ann, nil, "@ann", 1},
		{nil, []string{"Livechat-Guest: " + guestKey}, guest, 0},
		{nil, []string{"Origin:", "Livechat-Guest: " + guestKey}, guest, 0},
		{ann, []string{"Livechat-Guest: " + guestKey}, guest, 0}, // the header wins
	} {
		w := s.upload(test.b, []string{"file", "a.pdf", pdf}, test.headers...)
		if w.Code != 201 {
			t.Fatalf("%v: %d %s", test.headers, w.Code, w.Body)
		}
		if o := s.files.files[member(t, w, "id")].owner; o.Author != test.author || o.User != test.user ||
			o.Addr != "192.0.2.7" {
			t.Errorf("%v: the owner is %+v", test.headers, o)
		}
	}
	parts := []string{"file", "a.pdf", pdf}
	wantProblem(t, s.upload(nil, parts, "Livechat-Guest: x"), 400, "bad_request")
	wantProblem(t, s.upload(nil, parts, "Cookie: livechat_session=forged"), 401, "unauthorized")
	wantProblem(t, s.upload(ann, parts, "Origin: https://evil.example"), 403, "forbidden_origin")
	wantProblem(t, s.upload(ann, parts, "Origin:"), 403, "forbidden_origin")

	path := "/api/v1/files/" + member(t, s.upload(ann, parts), "id") + "/"
	wantProblem(t, s.ask(nil, "DELETE", path, ""), 404, "unknown_file")
	want(t, s.ask(ann, "DELETE", path, ""), 204, "")
	wantProblem(t, s.ask(ann, "GET", path, ""), 404, "unknown_file")
}

// An upload whose answer was lost can be repeated.
func TestUploadOnce(t *testing.T) {
	s := newSite(t, nil)
	key := "Idempotency-Key: 0B9D6A52-8F4E-4C1D-9A37-5B2F0C7E6D18"
	long := []string{"file", "a.pdf", pdf + strings.Repeat("x", 200<<10)}
	first := s.upload(nil, long, key)
	if got := member(t, first, "id"); first.Code != 201 || got != "0b9d6a52-8f4e-4c1d-9a37-5b2f0c7e6d18" {
		t.Errorf("%d %s", first.Code, first.Body)
	}
	want(t, s.upload(nil, long, key), 200, strings.TrimSpace(first.Body.String()))
	wantProblem(t, s.upload(nil, []string{"file", "a.pdf", pdf, "file", "b.pdf", pdf}, key), 400,
		"bad_request")
	for _, bad := range []string{"a key", "4a2f0f0c-52a9-5c0b-9f2e-1a6b8c4d5e90"} {
		wantProblem(t, s.upload(nil, []string{"file", "a.pdf", pdf}, "Idempotency-Key: "+bad), 400,
			"bad_request")
	}
}

func TestNoFiles(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Files = nil })
	wantProblem(t, s.ask(nil, "GET", "/api/v1/files/"+anID+"/a.png", ""), 404, "not_found")
}

// A store that fails in the middle does not pass a part for the whole.
func TestErrorsOfTheStoreAreHidden(t *testing.T) {
	s := newSite(t, nil)
	url := s.put(nil, "a.pdf", pdf)
	s.files.broken = errors.New("connect to 10.0.0.7: refused")
	for _, path := range []string{url, strings.TrimSuffix(url, "a.pdf")} {
		if w := s.ask(nil, "GET", path, ""); w.Code != 500 || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
