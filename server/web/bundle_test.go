package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
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
	again := ask(site, "GET", path, "Accept-Encoding: gzip", "If-None-Match: "+h.Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("%s: a copy that is up to date gets %d", path, again.Code)
	}
	return string(b), size
}

// The real page: what its HTML asks for is there, little, and kept for good.
func TestBundledPage(t *testing.T) {
	site := newSite(t, func(d *Deps) { d.Static = static.Files })
	for _, path := range []string{"/", "/admin.html", "/cluster.html", "/404.html"} {
		html, total := fetched(t, site, path, "no-cache")
		refs := regexp.MustCompile(`(?:src|<link [^>]*href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
		versions := map[string]bool{}
		for _, ref := range refs {
			ref[1] = strings.TrimPrefix(ref[1], "/")
			if !strings.HasPrefix(ref[1], "v/") { // resolved against its own address: it stays
				switch ref[1] {
				case "config.json": // of this server, whose settings may change
				case "manifest.webmanifest":
					fetched(t, site, "/"+ref[1], "no-cache")
				default:
					t.Errorf("%s asks for %s at every visit", path, ref[1])
				}
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
		if len(versions) != 1 || len(refs) > 9 || total > 110_000 {
			t.Errorf("%s: %d references, %d bytes, versions %v", path, len(refs), total, versions)
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
			"<link rel=\"stylesheet\" href=\"dark.css\" media=\"print\">\n" +
			"<link rel=\"stylesheet\" href=\"c.css\">\n" +
			"<script type=\"module\" src=\"js/main.js\"></script>\n" +
			"  <link rel=\"preload\" href=\"templates/x.html\" as=\"fetch\" crossorigin>\n</body>\n"),
		"templates/x.html": []byte("<!--\n  Why -- too.\n-->\n<template id=\"x\">\n  $1\n</template>\n"),
		"a.css":            []byte("/* Why. */\n.a {\n  color: red;\n}\n"), "b.css": []byte(".b { top: 0 }"),
		"c.css": []byte(".c { top: 1px }"), "dark.css": []byte("d"),
		"js/main.js": []byte("// Why.\n/**\n * More.\n */\nimport { one as two } from './x/one.js'\n" +
			"import { both } from './both.js'\nuse(two, both, await later())\n"),
		"js/both.js": []byte("import {\n  one,\n} from './x/one.js'\nexport function both() { one() }\n"),
		"js/x/one.js": []byte("export const one = () => use('a // b', /a \\/\\/ b/) // why\n" +
			"function unused() {}\n"),
	}
	prefix, err := bundle(files)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"css/index-1.css": ".a{color:red}\n.b{top:0}\n", "css/index-2.css": ".c{top:1px}\n", "dark.css": "d",
		"js/main.js": `var o=()=>use("a // b",/a \/\/ b/);function t(){o()}use(o,t,await later());` + "\n",
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
	if want := "</script>\n<template id=\"x\">\n$1\n</template>\n</body>\n"; !strings.HasSuffix(html, want) {
		t.Errorf("the HTML ends with\n%s\nwant\n%s", html, want)
	}
}

// A script that is loaded later is a file under the version's path, and the
// service worker knows all of them.
func TestBundledLater(t *testing.T) {
	site := newSite(t, func(d *Deps) { d.Static = static.Files })
	html, _ := fetched(t, site, "/", "no-cache")
	version := regexp.MustCompile(`v/[0-9a-f]+/`).FindString(html)
	worker, _ := fetched(t, site, "/sw.js", "no-cache")
	list := regexp.MustCompile(`const later = \['(.+)'\]`).FindStringSubmatch(worker)
	if len(list) != 2 {
		t.Fatalf("the service worker knows of nothing:\n%s", worker)
	}
	names := strings.Split(list[1], "', '")
	if !slices.Contains(names, "js/files/strip.js") || !slices.Contains(names, "emoji.json") {
		t.Errorf("the service worker has %q", names)
	}
	for _, name := range names {
		text, _ := fetched(t, site, "/"+version+name, "public, max-age=31536000, immutable")
		if strings.HasSuffix(name, ".js") && regexp.MustCompile(`(?m)(^|;)import\b[^(]`).MatchString(text) {
			t.Errorf("%s asks for more modules", name)
		}
	}
}

// A page that cannot be bundled does not start, and says where it is wrong.
func TestBundleRefuses(t *testing.T) {
	for _, wrong := range []struct{ module, says string }{
		{"use(1", "main.js:2: "}, {"import { y } from './x.js'\nuse(y)", `"y"`},
		{"import { x } from './none.js'", "none.js is missing"}, {"import { x } from 'x.js'", `"x.js"`},
	} {
		_, err := loadPage(fstest.MapFS{
			"index.html": {Data: []byte(`<script type="module" src="main.js">`)},
			"main.js":    {Data: []byte(wrong.module + "\n")},
			"x.js":       {Data: []byte("export const x = 1\n")},
		})
		if err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %v, want an error that has %q", wrong.module, err, wrong.says)
		}
	}
}

func TestBundleRefusesMissingTemplates(t *testing.T) {
	_, err := loadPage(fstest.MapFS{"index.html": {
		Data: []byte(`<link rel="preload" href="templates/none.html" as="fetch" crossorigin>` + "\n"),
	}})
	if err == nil || !strings.Contains(err.Error(), "templates/none.html is missing") {
		t.Errorf("%v, want an error of templates/none.html", err)
	}
}

func TestBundleRefusesWorkerWithoutList(t *testing.T) {
	_, err := loadPage(fstest.MapFS{
		"index.html": {Data: []byte(`<script type="module" src="main.js">`)},
		"main.js":    {Data: []byte("importLater('x.js')\n")},
		"x.js":       {Data: []byte("export const x = 1\n")},
		"sw.js":      {Data: []byte("const latter = []\n")},
	})
	if err == nil || !strings.Contains(err.Error(), "sw.js") {
		t.Errorf("%v, want an error of sw.js", err)
	}
}

func TestBundleRefusesBrokenStyles(t *testing.T) {
	_, err := loadPage(fstest.MapFS{
		"index.html": {Data: []byte("<link rel=\"stylesheet\" href=\"a.css\">\n" +
			"<link rel=\"stylesheet\" href=\"b.css\">\n")},
		"a.css": {Data: []byte(".a { color: red")},
		"b.css": {Data: []byte(".b { top: 0 }")},
	})
	if err == nil || !strings.Contains(err.Error(), "a.css:1: ") {
		t.Errorf("%v, want an error of a.css", err)
	}
}
