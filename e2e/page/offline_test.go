package page

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/server/web"
	"livechat/static"
)

// inCache returns the paths that the service worker keeps.
func (w *window) inCache() (paths []string) {
	w.t.Helper()
	w.do(chromedp.Evaluate(`(async () => {
		const cache = await caches.open('livechat-page')
		return (await cache.keys()).map(({ url }) => new URL(url).pathname)
	})()`, &paths, awaited))
	return paths
}

// keepsPage waits until the page is kept in this version, and in no other.
func (w *window) keepsPage(version string) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, w.name+"'s browser keeps the page", func() error {
		paths := strings.Join(w.inCache(), " ")
		// The HTML is put last, before the version before is deleted.
		if !strings.Contains(paths+" ", "/ ") ||
			strings.Count(paths, "/v/") != strings.Count(paths, "/v/"+version) {
			return fmt.Errorf("it keeps %s, want %s", paths, version)
		}
		return nil
	})
}

// While the server is away a reload shows the page as it was, with the messages
// that wait. They go out when the server is back.
func TestPageReloadedWithoutServer(t *testing.T) {
	t.Parallel()
	p, w := enterAlone(t)
	w.keepsPage("")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	w.state("reconnecting")
	w.say("are you there?")
	w.holds("are you there?")
	w.waitKept(1)
	for range 2 {
		w.reload()
		w.holds("are you there?")
		w.state("reconnecting")
	}
	w.shoot("reloaded-without-server")
	if err := p.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.state("connected")
	w.shows("are you there?")
	w.noErrors(append([]string{"net::ERR_"}, brokenLink...)...)
}

// A draft with files is there after a reload without a server, and can be
// finished.
func TestAttachedReloadedWithoutServer(t *testing.T) {
	t.Parallel()
	p, w := enterAlone(t)
	w.keepsPage("")
	w.attaches(fileOf(t, "notes.txt", []byte("notes")))
	w.hasAttached("notes.txt: done")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	w.reload()
	w.hasAttached("notes.txt: going") // it is asked whether it is there
	w.say("with notes")
	w.holds("with notes")
	if err := p.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if all := archive(t, p, 1); len(all[0].Files) != 1 {
		t.Errorf("the archive has %+v", all)
	}
	w.noErrors(append([]string{"net::ERR_", "/api/v1/files/"}, brokenLink...)...)
}

// A new version is shown at the first visit after it is there, and then kept
// instead of the one before. While another server's file comes under its path,
// nothing of it is kept.
func TestPageUpdated(t *testing.T) {
	t.Parallel()
	old, oldVersion := siteSaying(t, "old words")
	now, nowVersion := siteSaying(t, "new words")
	var handler atomic.Pointer[http.Handler]
	handler.Store(&old)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		(*handler.Load()).ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w := openWindow(t, browse(t), "ann", server.URL)
	says := func(words string) {
		t.Helper()
		w.do(chromedp.WaitVisible(`//main[contains(., "`+words+`")]`, chromedp.BySearch))
	}
	says("old words")
	w.keepsPage(oldVersion)

	// Half of an update: the HTML is new, the files are not.
	mixed := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		site := old
		if r.URL.Path == "/" {
			site = now
		}
		site.ServeHTTP(rw, r)
	}))
	handler.Store(&mixed)
	w.do(chromedp.Reload())
	says("new words")
	w.keepsPage(oldVersion)

	handler.Store(&now)
	w.do(chromedp.Reload())
	says("new words")
	w.keepsPage(nowVersion)

	server.CloseClientConnections()
	server.Close()
	w.do(chromedp.Reload())
	says("new words")
	w.noErrors("net::ERR_", "WebSocket")
}

// siteSaying returns a site whose page differs from others in its words, and the
// version of that page.
func siteSaying(t *testing.T, words string) (site http.Handler, version string) {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(static.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(static.Files, name)
		files[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	html := files["templates/card.html"]
	html.Data = bytes.ReplaceAll(html.Data, []byte("Pick a name"), []byte(words+": pick a name"))
	css := files["css/join.css"]
	css.Data = append(css.Data, "\n.of-"+words[:3]+" { color: red; }\n"...)
	site = web.New(web.Deps{
		Room: http.NotFoundHandler(), Watch: http.NotFoundHandler(), Feed: http.NotFoundHandler(),
		Static: files,
		Online: func(string, int) (int, []string, bool) { return 0, nil, true },
		Logger: slog.New(slog.DiscardHandler),
	})
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	_, after, _ := strings.Cut(w.Body.String(), `"v/`)
	version, _, _ = strings.Cut(after, "/")
	return site, version
}
