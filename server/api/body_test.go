package api

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

func TestStrictJSON(t *testing.T) {
	s := newSite(t, nil)
	s.register("ann")
	for name, test := range map[string]struct {
		body string
		ok   bool
	}{
		"as it should be": {`{"name":"ann","password":"password of ann"}`, true},
		"in another order": {"\t{\n\"password\" : \"password of ann\" ,\r\n \"name\":\"ann\" } ",
			true},
		"escaped":                  {`{"n\u0061me":"\u0061nn","password":"password of ann"}`, true},
		"nothing":                  {` `, false},
		"null":                     {`null`, false},
		"a list":                   {`[{"name":"ann","password":"password of ann"}]`, false},
		"a string":                 {`"ann"`, false},
		"a member missing":         {`{"name":"ann"}`, false},
		"a member null":            {`{"name":"ann","password":null}`, false},
		"a member empty":           {`{"name":"","password":"password of ann"}`, false},
		"a member of another type": {`{"name":"ann","password":1}`, false},
		"a member too much":        {`{"name":"ann","password":"password of ann","admin":true}`, false},
		"a member twice":           {`{"name":"bob","name":"ann","password":"password of ann"}`, false},
		"a member twice, escaped":  {`{"name":"bob","n\u0061me":"ann","password":"password of ann"}`, false},
		"another case":             {`{"Name":"ann","password":"password of ann"}`, false},
		"another case besides":     {`{"name":"ann","NAME":"bob","password":"password of ann"}`, false},
		"something behind":         {`{"name":"ann","password":"password of ann"}{}`, false},
		"a letter behind":          {`{"name":"ann","password":"password of ann"}x`, false},
		"a comma too much":         {`{"name":"ann","password":"password of ann",}`, false},
		"a comment":                {`{"name":"ann",/**/"password":"password of ann"}`, false},
		"simple quotes":            {`{'name':'ann','password':'password of ann'}`, false},
		"not finished":             {`{"name":"ann","password":"password of ann"`, false},
		"no UTF-8":                 {"{\"name\":\"ann\",\"password\":\"password of ann\xff\"}", false},
		"half a surrogate":         {`{"name":"ann","password":"\ud800"}`, false},
		"a line break":             {"{\"name\":\"ann\",\"password\":\"password\nof ann\"}", false},
		"a byte order mark":        {"\ufeff" + `{"name":"ann","password":"password of ann"}`, false},
		"very deep":                {strings.Repeat(`{"name":`, 8000), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.ask(nil, "POST", "/api/v1/login/", test.body)
			if test.ok {
				want(t, w, 200, "*")
				return
			}
			wantProblem(t, w, 400, "bad_request")
		})
	}
}

func TestBodyLimit(t *testing.T) {
	s := newSite(t, nil)
	s.register("ann")
	good := `{"name":"ann","password":"password of ann"}`
	want(t, s.ask(nil, "POST", "/api/v1/login/", good+strings.Repeat(" ", 64<<10-len(good))), 200, "*")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/login/", good+strings.Repeat(" ", 64<<10+1-len(good))), 413,
		"too_long")
	each(t, func(t *testing.T, s *site, ann *browser, method, path, _ string, _ int, _ bool) {
		// uploads have limits of their own
		if method != "GET" && (!strings.HasPrefix(path, base+"/files/") || method == "DELETE") {
			wantProblem(t, s.ask(ann, method, path, strings.Repeat(" ", 64<<10+1)), 413, "too_long")
		}
	})
}

func TestRoutesWithoutBodyRefuseOne(t *testing.T) {
	for _, path := range []string{"/api/v1/logout/", "/api/v1/logout-everywhere/", "/api/v1/ticket/"} {
		for body, ok := range map[string]bool{"": true, "{}": true, " { } ": true, "null": false,
			`{"a":1}`: false, "x": false, "{}{}": false} {
			s := newSite(t, nil)
			w := s.ask(s.register("ann"), "POST", path, body)
			if ok != (w.Code < 300) || !ok && w.Code != 400 {
				t.Errorf("%s with %q: %d %s", path, body, w.Code, w.Body)
			}
		}
	}
}

func TestContentType(t *testing.T) {
	s := newSite(t, nil)
	s.register("ann")
	for given, ok := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "Application/JSON": true,
		"": false, "text/plain": false, "application/x-www-form-urlencoded": false,
		"multipart/form-data; boundary=a": false,
		"application/jsonp":               false, "application/problem+json": false,
		"text/plain; a=application/json": false, "application/json,text/plain": false,
		"application/json; charset": false,
	} {
		w := s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"password of ann"}`,
			"Content-Type: "+given)
		if ok {
			want(t, w, 200, "*")
			continue
		}
		wantProblem(t, w, 415, "unsupported_media_type")
	}
	// An empty form has no invalid body, but the wrong type.
	wantProblem(t, s.ask(nil, "POST", "/api/v1/logout/", "",
		"Content-Type: application/x-www-form-urlencoded"), 415, "unsupported_media_type")
}

func TestTruncatedBody(t *testing.T) {
	s := newSite(t, nil)
	r := httptest.NewRequest("POST", "/api/v1/login/",
		io.MultiReader(strings.NewReader(`{"name":`), iotest.ErrReader(errors.New("the link broke"))))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	wantProblem(t, w, 400, "bad_request")
}

// A client that sends a byte a minute does not hold a connection for hours.
func TestSlowBodyTimesOut(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	server := httptest.NewServer(s.handler)
	defer server.Close()
	for _, path := range []string{"/api/v1/login/", "/api/v1/nothing/"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn,
			"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", path)
		text, err := io.ReadAll(conn) // returns when the server closes
		if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 40") {
			t.Errorf("%s: got %q, %v", path, text, err)
		}
	}
}

// FuzzDecode checks that accepted input can be read in only one way: encoded
// and decoded again it is the same. Errors never quote the body.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"id":"a","text":"b","n":1}`, `{"n":-0}`, `{"n":1e2}`, `null`, ` {} `,
		`{"id":"\ud83d\ude00"}`, `{"text":"a","text":"b"}`, `{"Text":"a"}`, "{}\x00"} {
		f.Add([]byte(seed))
	}
	type body struct {
		ID   string `json:"id"`
		Text string `json:"text"`
		N    int64  `json:"n"`
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second body
		if err := decode(text, &first); err != nil {
			if chat.AsError(err).Code != chat.CodeBadRequest {
				t.Fatalf("not a client error: %v", err)
			}
			if len(text) > 20 && strings.Contains(err.Error(), string(text)) {
				t.Fatalf("the error quotes the body: %v", err)
			}
			return
		}
		again, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("cannot encode what was decoded: %v", err)
		}
		if err := decode(again, &second); err != nil || second != first {
			t.Fatalf("%q is decoded as %+v, then as %+v (%v)", text, first, second, err)
		}
	})
}
