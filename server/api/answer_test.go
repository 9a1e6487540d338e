package api

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

func TestETag(t *testing.T) {
	each(t, func(t *testing.T, s *site, ann *browser, method, path, body string, status int, _ bool) {
		if strings.HasSuffix(path, "/export/") {
			return // it is made again each time
		}
		w := s.ask(ann, method, path, body)
		tag := w.Header().Get("ETag")
		if method != "GET" {
			if cache := w.Header().Get("Cache-Control"); tag != "" || cache != "no-store" {
				t.Errorf("the answer to a change has ETag %q, Cache-Control %q", tag, cache)
			}
			return
		}
		if wanted := fmt.Sprintf(`"%x"`, sha256.Sum256(w.Body.Bytes())); tag != wanted {
			t.Errorf("ETag %s, want the hash %s", tag, wanted)
		}
		cache := "private, no-cache"
		if strings.HasSuffix(path, "/a.png") {
			cache = cacheForever
		}
		for given, known := range map[string]bool{
			tag: true, "W/" + tag: true, `"x", ` + tag: true, tag + `,"x"`: true, "*": true,
			`"x"`: false, strings.Trim(tag, `"`): false, "": false, strings.ToUpper(tag): false,
		} {
			w := s.ask(ann, "GET", path, "", "If-None-Match: "+given)
			if known {
				want(t, w, 304, "")
			} else {
				want(t, w, 200, "*")
			}
			if w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") != cache {
				t.Errorf("If-None-Match %s: headers %v", given, w.Header())
			}
		}
		head := s.ask(ann, "HEAD", path, "")
		want(t, head, 200, "")
		if head.Header().Get("ETag") != tag ||
			head.Header().Get("Content-Type") != w.Header().Get("Content-Type") {
			t.Errorf("HEAD has other headers: %v", head.Header())
		}
	})
}

func TestETagDependsOnTheUser(t *testing.T) {
	s := newSite(t, nil)
	ann, bob := s.register("ann"), s.register("bob")
	path := s.chat(ann, "bob")
	before := s.ask(ann, "GET", path, "").Header().Get("ETag")
	if bobs := s.ask(bob, "GET", path, "").Header().Get("ETag"); bobs == before {
		t.Error("two users who see different chats have the same tag")
	}
	want(t, s.ask(bob, "POST", path+"messages/", `{"id":"`+anID+`","text":"hi"}`), 201, "*")
	want(t, s.ask(ann, "GET", path, "", "If-None-Match: "+before), 200, "*")
}

// Problems are not cached.
func TestProblemsHaveNoETag(t *testing.T) {
	w := newSite(t, nil).ask(nil, "GET", "/api/v1/me/", "", "If-None-Match: *")
	wantProblem(t, w, 401, "unauthorized")
	if w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", w.Header())
	}
}
