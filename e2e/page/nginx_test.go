package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// fetched is an answer of Nginx, checked for what every answer has.
type fetched struct {
	status int
	header http.Header
	body   string
}

func fetch(t *testing.T, url, accept string) fetched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "gzip")
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body := io.Reader(response.Body)
	if response.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatalf("%s: %v", url, err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
		if len(response.Header.Values(name)) != 1 {
			t.Errorf("%s: %s is %q", url, name, response.Header.Values(name))
		}
	}
	return fetched{response.StatusCode, response.Header, string(text)}
}

// Nginx answers as the server itself does: bundled files are for good, the rest
// is revalidated, and a wrong address is explained.
func TestNginxServesTheBundledPage(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1, Nginx: true})
	site, own := c.PageURL(), "http://"+c.Servers[0].Addr+"/"
	const forGood, revalidate = "public, max-age=31536000, immutable", "no-cache"
	is := func(path, accept string, status int, caching, contentType string) fetched {
		t.Helper()
		got := fetch(t, site+path, accept)
		if got.status != status || got.header.Get("Cache-Control") != caching ||
			got.header.Get("Content-Type") != contentType {
			t.Errorf("%s: %d, %s, %s; want %d, %s, %s", path, got.status, got.header.Get("Cache-Control"),
				got.header.Get("Content-Type"), status, caching, contentType)
		}
		return got
	}
	page := is("", "text/html", 200, revalidate, "text/html; charset=utf-8")
	if page.body != fetch(t, own, "text/html").body {
		t.Error("Nginx and the server have different pages")
	}
	script := regexp.MustCompile(`"(v/[0-9a-f]+/(js/main\.js))"`).FindStringSubmatch(page.body)
	if script == nil {
		t.Fatalf("the page is not bundled:\n%.1000s", page.body)
	}
	const javascript = "text/javascript; charset=utf-8"
	bundle := is(script[1], "*/*", 200, forGood, javascript)
	if h := bundle.header; h.Get("Content-Encoding") != "gzip" ||
		!strings.Contains(h.Get("Vary"), "Accept-Encoding") {
		t.Errorf("the bundle is not compressed: %v", bundle.header)
	}
	// The path of another version has this version's file, for now.
	if other := is("v/0123/"+script[2], "*/*", 200, revalidate, javascript); other.body != bundle.body {
		t.Error("another version's path has another file")
	}
	is("js/main.js", "*/*", 200, revalidate, javascript) // by its own name, as ever
	is("icons/icon.svg", "*/*", 200, revalidate, "image/svg+xml; charset=utf-8")

	for _, path := range []string{"v/0123/nothing.js", "nothing", "test/", "v/", "embed.go"} {
		problem := is(path, "*/*", 404, revalidate, "application/problem+json")
		if !strings.Contains(problem.body, `"code":"not_found"`) {
			t.Errorf("%s: the problem is %s", path, problem.body)
		}
	}
	missing := is("some/where", "text/html,*/*;q=0.8", 404, revalidate, "text/html; charset=utf-8")
	if missing.body != fetch(t, own+"some/where", "text/html").body ||
		!strings.Contains(missing.body, `href="/v/`) {
		t.Errorf("a browser at a wrong address sees\n%s", missing.body)
	}
}

// For work on the page, Nginx serves the folder static itself.
func TestPageThatIsNotBundled(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c := harness.Start(t, localcluster.Options{Servers: 1, Nginx: true, LivePage: true})
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.do(typeIn("#name", "ann"), chromedp.Click("#subscribe", chromedp.ByQuery))
	w.state("connected")
	w.say("hello")
	w.shows("hello")
	w.noErrors()
}
