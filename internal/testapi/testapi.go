// Package testapi uses the REST API as a browser does: with cookies, from a
// page of the same origin.
package testapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"
)

// Password is the password of all test accounts.
const Password = "correct horse battery staple"

// Person is a browser. Its methods may be called from any goroutine.
type Person struct {
	// Forwarded is sent as X-Forwarded-For, as a proxy would for a client there;
	// empty: no proxy. Set before the first request.
	Forwarded string

	base func() string
	http http.Client
}

// oneHost is a cookie jar to which all servers are one host, as they are behind
// a balancer.
type oneHost struct{ http.CookieJar }

var place = &url.URL{Scheme: "http", Host: "livechat.test", Path: "/"}

// SetCookies implements http.CookieJar.
func (j oneHost) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.CookieJar.SetCookies(place, cookies)
}

// Cookies implements http.CookieJar.
func (j oneHost) Cookies(*url.URL) []*http.Cookie { return j.CookieJar.Cookies(place) }

// New returns a browser that is not logged in. base returns the
// http://host:port of an API server. It is called for each request; all
// servers get the same cookies.
func New(t testing.TB, base func() string) *Person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &Person{base: base, http: http.Client{Jar: oneHost{jar}, Timeout: 20 * time.Second}}
	t.Cleanup(p.http.CloseIdleConnections)
	return p
}

// Do sends a request to a path below /api/v1. It returns the status and the
// decoded JSON of the response. A nil body sends none.
func (p *Person) Do(
	ctx context.Context,
	method, path string,
	body any,
) (status int, answer map[string]any, err error) {
	status, text, err := p.Fetch(ctx, method, path, body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &answer)
	}
	return status, answer, err
}

// Fetch is Do for answers of any type, which it returns as they are.
func (p *Person) Fetch(ctx context.Context, method, path string, body any) (
	status int, answer []byte, err error,
) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(text)
	}
	base := p.base()
	r, err := http.NewRequestWithContext(ctx, method, base+"/api/v1"+path, in)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Origin", base)
	r.Header.Set("Content-Type", "application/json")
	if p.Forwarded != "" {
		r.Header.Set("X-Forwarded-For", p.Forwarded)
	}
	resp, err := p.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}
