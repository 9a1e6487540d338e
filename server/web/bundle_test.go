package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"livechat/static"
)

// fetched checks the headers of a file and returns its text, unpacked.
func fetched(t *testing.T, site http.Handler, path, cacheControl string) (text string, size int) {
	t.Helper()
	w := ask(site, "GET", path, "Accept-Encoding: br, gzip")
	h := w.Header()
	if w.Code != http.StatusOK || h.Get("Cache-Control") != cacheControl {
		t.Fatalf("%s: %d, Cache-Control %q, want %q", path, w.Code, h.Get("Cache-Control"), cacheControl)
	}
	plain := ask(site, "GET", path, "Accept-Encoding: gzip;q=0")
	if plain.Header().Get("Content-Encoding") != "" {
		t.Errorf("%s: compressed for a client that refuses gzip", path)
	}
	size = w.Body.Len()
	body := io.Reader(w.Body)
	if h.Get("Content-Encoding") == "gzip" {
		if h.Get("Vary") != "Accept-Encoding" || h.Get("ETag") == plain.Header().Get("ETag") {
			t.Errorf("%s: both forms look the same to caches: %v", path, h)
		}
		var err error
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	b, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(b, plain.Body.Bytes()) {
		t.Errorf("%s: the compressed form differs: %v", path, err)
	}
	if again := ask(site, "GET", path, "Accept-Encoding: gzip", "If-None-Match: "+h.Get("ETag")); again.Code !=
		http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("%s: a copy that is up to date gets %d", path, again.Code)
	}
	return string(b), size
}

// The real page: what its HTML asks for is there, little, and kept for good.
func TestBundledPage(t *testing.T) {
	site := newSite(t, func(d *Deps) { d.Static = static.Files })
	for _, path := range []string{"/", "/cluster.html", "/404.html"} {
		html, total := fetched(t, site, path, "no-cache")
		refs := regexp.MustCompile(`(?:src|<link [^>]*href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
		versions := map[string]bool{}
		for _, ref := range refs {
			ref[1] = strings.TrimPrefix(ref[1], "/")
			if !strings.HasPrefix(ref[1], "v/") { // resolved against its own address: it stays
				if ref[1] != "manifest.webmanifest" {
					t.Errorf("%s asks for %s at every visit", path, ref[1])
				}
				fetched(t, site, "/"+ref[1], "no-cache")
				continue
			}
			text, size := fetched(t, site, "/"+ref[1], "public, max-age=31536000, immutable")
			total += size
			version, name, _ := strings.Cut(strings.TrimPrefix(ref[1], "v/"), "/")
			versions[version] = true
			if strings.HasSuffix(name, ".js") &&
				regexp.MustCompile(`(?m)^(import|export)\b`).MatchString(text) {
				t.Errorf("%s asks for more modules", name)
			}
			// Another version's path has this version's file, for now.
			if other, _ := fetched(t, site, "/v/0123/"+name, "no-cache"); other != text {
				t.Errorf("%s differs under the path of another version", name)
			}
		}
		if len(versions) != 1 || len(refs) > 8 || total > 110_000 {
			t.Errorf("%s: %d references, %d bytes, versions %v", path, len(refs), total, versions)
		}
	}
	// Comments and indentation are left out, which must not be part of a text:
	// texts in backquotes end on their line.
	for _, page := range []string{"index", "cluster"} {
		html, _ := fetched(t, site, "/"+page+".html", "no-cache")
		script := regexp.MustCompile(`"(v/[^"]+main\.js)"`).FindStringSubmatch(html)
		text, _ := fetched(t, site, "/"+script[1], "public, max-age=31536000, immutable")
		text = regexp.MustCompile("\\[[^\\]\n]*`").ReplaceAllString(text, "[") // in a regular expression
		for line := range strings.Lines(text) {
			if strings.Count(line, "`")%2 != 0 {
				t.Errorf("a text runs over its line, where it could have what looks like a comment: %s", line)
			}
		}
	}
	fetched(t, site, "/js/model/clock.js", "no-cache") // by its own name, as ever
	wantProblem(t, ask(site, "GET", "/v/0123/nothing.js"), http.StatusNotFound, "not_found")
	// Somebody at a wrong address gets a page that works at any depth.
	missing := ask(site, "GET", "/some/where", "Accept: text/html,application/xhtml+xml,*/*;q=0.8")
	if missing.Code != http.StatusNotFound || missing.Header().Get("Cache-Control") != "no-cache" ||
		missing.Header().Get("ETag") != "" || !strings.Contains(missing.Body.String(), "nothing here") ||
		strings.Contains(missing.Body.String(), `"v/`) {
		t.Errorf("a browser at a wrong address gets %d %v\n%s", missing.Code, missing.Header(), missing.Body)
	}
}

func TestBundle(t *testing.T) {
	files := map[string][]byte{
		"index.html": []byte("<!doctype html>\n<!--\n  Why -- and\n  how.\n-->\n" +
			"<link rel=\"stylesheet\" href=\"a.css\">\n" +
			"<link rel=\"stylesheet\" href=\"b.css\">\n" +
			"<link rel=\"stylesheet\" href=\"dark.css\" media=\"print\">\n<link rel=\"stylesheet\" href=\"c.css\">\n" +
			"<script type=\"module\" src=\"js/main.js\"></script>\n"),
		"a.css": []byte("/* Why. */\na"), "b.css": []byte("b"), "c.css": []byte("c"), "dark.css": []byte("d"),
		"js/main.js": []byte("// Why.\n/**\n * More.\n */\nimport { one as two } from './x/one.js'\n" +
			"import { both } from './both.js'\nuse(two, both)\n"),
		"js/both.js":  []byte("import {\n  one,\n} from './x/one.js'\nexport function both() {}\n"),
		"js/x/one.js": []byte("export const one = 1 // why\nfunction two() {\n\tuse('a // b', /a // b/)\n}\n"),
	}
	prefix, err := bundle(files)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"css/index-1.css": "a\nb\n", "css/index-2.css": "c\n", "dark.css": "d",
		"js/main.js": "const module$1 = (() => {\nconst one = 1\nfunction two() {\n" +
			"use('a // b', /a // b/)\n}\n\nreturn { one }\n})()\n" +
			"const module$2 = (() => {\nconst { one } = module$1\nfunction both() {}\n\n" +
			"return { both }\n})()\n" +
			"const { one: two } = module$1\nconst { both } = module$2\nuse(two, both)\n",
	} {
		if got := string(files[prefix+name]); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
	html := string(files["index.html"])
	if strings.Count(html, `"`+prefix) != 4 || strings.Contains(html, "--") ||
		strings.Index(html, "dark.css") > strings.Index(html, "index-2") {
		t.Errorf("the HTML is\n%s", html)
	}
}

// A page that a bundle would change does not start.
func TestBundleRefuses(t *testing.T) {
	for _, module := range []string{
		"import x from './x.js'", "import './x.js'", "import { y } from './x.js'",
		"import { x } from './none.js'",
		"import { x } from './circle.js'", "export let a = 1", "export default 1", "export { x }",
		"import { a } from './waits.js'",
		"export const { a: c } = b", "use(import.meta.url)",
	} {
		_, err := loadPage(fstest.MapFS{
			"index.html": {Data: []byte(`<script type="module" src="main.js">`)},
			"main.js":    {Data: []byte(module + "\n")},
			"x.js":       {Data: []byte("export const x = 1\n")},
			"waits.js":   {Data: []byte("export const a = 1\nconst b = await a\n")},
			"circle.js":  {Data: []byte("import { a } from './main.js'\n")},
		})
		if err == nil {
			t.Errorf("%s: bundled", module)
		}
	}
}
