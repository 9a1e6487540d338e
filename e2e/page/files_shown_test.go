package page

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

// openWithFiles opens the page of a server alone in a window of ann with stubbed files, and a
// second one without, in which bob posts.
func openWithFiles(t *testing.T) (s *fileStub, ann, bob *window) {
	t.Helper()
	need.Program(t, "chromium")
	browser := browse(t)
	address := "http://" + harness.StartAlone(t).Addr + "/"
	ann, bob = openWindow(t, browser, "ann", "about:blank"), openWindow(t, browser, "bob", address)
	s = newFileStub(t, ann)
	ann.do(chromedp.Navigate(address))
	ann.enter()
	bob.enter()
	return s, ann, bob
}

// loaded waits until every picture of the log that is on the screen is there.
const loaded = `[...document.querySelectorAll("#messages img")].every(img => img.complete)`

// This is how a conversation with files looks, on phones and desktops.
func TestFilesLook(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	many := func(n int) (files []string) {
		for i := range n {
			_, file := s.picture(fmt.Sprint("p", i, ".jpg"), 300+100*(i%3), 300+100*(i%2), nil)
			files = append(files, file)
		}
		return files
	}
	said := 0
	say := func(w *window, text string, files ...string) {
		t.Helper()
		if len(files) > 0 {
			text = filesText(text, files...)
		}
		w.say(text)
		said++
		ann.messagesAre(said)
	}
	_, wide := s.picture("harbour at night.jpg", 1600, 900, map[string]any{"alt": "The harbour by night"})
	_, tall := s.picture("tall.jpg", 300, 2000, nil)
	_, tiny := s.picture("tiny.jpg", 16, 16, nil)
	_, moving := s.gif("loop.gif", 400, 300)
	_, pdf := s.put("Quarterly report of the harbour office, final version 3.pdf",
		"application/pdf", make([]byte, 2_400_000), nil)
	_, rtl := s.put("דוח רבעוני של משרד הנמל גרסה סופית.pdf",
		"application/pdf", make([]byte, 12_345), nil)
	_, bare := s.put("Makefile", "text/plain", make([]byte, 17), nil)
	_, song := s.put("song.mp3", "audio/mpeg", []byte("x"), nil)
	_, clip := s.put("clip.mp4", "video/mp4", []byte("x"), nil)
	say(bob, "", wide)
	say(bob, "A picture with words", many(1)...)
	for _, n := range []int{2, 3, 4, 5, 7, 10} {
		say([]*window{ann, bob}[n%2], fmt.Sprint(n, " pictures"), many(n)...)
	}
	say(bob, "", tall, tiny)
	say(ann, "", tiny)
	say(bob, "", moving)
	say(bob, "Two documents", pdf, rtl)
	say(ann, "", bare, pdf)
	say(bob, "", song, clip)
	for _, view := range []struct {
		width, height int64
		scheme        string
	}{{390, 844, "light"}, {1280, 800, "dark"}, {320, 700, "dark"}, {1280, 800, "light"}} {
		ann.do(chromedp.EmulateViewport(view.width, view.height), prefers(view.scheme))
		for part := range 5 {
			ann.do(chromedp.Evaluate(fmt.Sprintf(`document.querySelector("#log").scrollTop =
					document.querySelector("#log").scrollHeight * %d / 5`, part), nil),
				chromedp.Evaluate(paints, nil, awaited), chromedp.Poll(loaded, nil))
			ann.shoot(fmt.Sprint("files-", view.width, "-", view.scheme, "-", part))
		}
		ann.fitsAcross(fmt.Sprint(view.width))
	}
}

// places are where the messages stand in the log.
const places = `[...document.querySelectorAll("#messages > li")].map(li => li.getBoundingClientRect().top)`

// arrived: no message still moves to its place.
const arrived = `[...document.querySelectorAll("#messages > li")].every(li => li.getAnimations().length === 0)`

// moved reports whether anything moved by what can be seen: places are fractions
// of a pixel.
func moved(before, after []float64) bool {
	return !slices.EqualFunc(before, after, func(a, b float64) bool { return math.Abs(a-b) < 1 })
}

// Nothing moves when pictures come, whether the reader is at the end of the log or
// further up, and none that nobody has reached is asked for.
func TestFilesDoNotMoveTheLog(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	var ids []string
	said := 0
	post := func(text string, files ...string) {
		t.Helper()
		bob.say(filesText(text, files...))
		said++
		ann.messagesAre(said)
	}
	for i := range 12 {
		var files []string
		for j := range []int{1, 3, 1, 4}[i%4] {
			id, file := s.picture(fmt.Sprint(i, "-", j, ".jpg"), 500+300*(i%3), 700-100*j, nil)
			s.hold(id)
			ids = append(ids, id)
			files = append(files, file)
		}
		post(fmt.Sprint("message ", i), files...)
	}
	release := func() {
		for _, id := range ids {
			s.release(id)
		}
	}
	compare := func(where string, act func()) {
		t.Helper()
		var before, after []float64
		ann.waitFor(arrived)
		ann.do(chromedp.Evaluate(paints, nil, awaited), chromedp.Evaluate(places, &before))
		act()
		ann.do(chromedp.Evaluate(paints, nil, awaited), chromedp.Evaluate(places, &after))
		if moved(before, after) {
			t.Errorf("%s, pictures move the log:\n%v\n%v", where, before, after)
		}
	}
	ann.is("the log is at its end, and nothing has come",
		`(log => log.scrollHeight - log.scrollTop - log.clientHeight < 2)(document.querySelector("#log")) &&
			![...document.querySelectorAll("#messages img")].some(img => img.naturalWidth)`)
	first := strings.Count(strings.Join(s.requests(), "\n"), "/")
	compare("at the end", func() {
		release()
		ann.do(chromedp.Poll(
			`[...document.querySelectorAll("#messages li:last-child img")].every(i => i.naturalWidth)`, nil))
	})
	if first == 0 {
		t.Error("no picture was asked for")
	}

	// Further up.
	for _, id := range ids {
		s.hold(id)
	}
	ann.reload()
	ann.state("connected")
	ann.messagesAre(said)
	ann.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop = 900`, nil),
		chromedp.Evaluate(paints, nil, awaited))
	ann.is("nothing has come", `![...document.querySelectorAll("#messages img")].some(img => img.naturalWidth)`)
	compare("in the middle", func() {
		release()
		ann.do(chromedp.Poll(
			`[...document.querySelectorAll("#messages img")].filter(i => i.naturalWidth).length > 3`, nil))
	})
	ann.noErrors()
}

// A file that cannot be loaded says so in its place, and comes when it is asked
// for again.
func TestFilesThatFail(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	id, file := s.picture("cat.jpg", 800, 600, nil)
	other, clip := s.put("clip.mp4", "video/mp4", []byte("no video"), nil)
	s.fails(id, true)
	s.fails(other, true)
	bob.say(filesText("", file, clip))
	ann.messagesAre(1)
	failed := `document.querySelectorAll("#messages .tile[data-failed] .unloaded:not([hidden])").length`
	ann.becomes(failed + ` === 2`)
	ann.is("they say what failed, where the picture would be", `(notes =>
		notes[0].innerText.replace(/[\u2066-\u2069]/g, "") === "Couldn't load cat.jpg." &&
		notes[1].innerText.replace(/[\u2066-\u2069]/g, "") === "Couldn't play clip.mp4.")(
			[...document.querySelectorAll("#messages .unloaded span")])`)
	var height float64
	tall := `document.querySelector("#messages .tile").getBoundingClientRect().height`
	ann.do(chromedp.Evaluate(tall, &height))
	ann.shootEach("files-failed")
	ann.do(chromedp.EmulateViewport(1200, 800))
	s.fails(id, false)
	ann.do(chromedp.Click("#messages .gallery .reload", chromedp.ByQuery))
	ann.becomes(failed + ` === 1 && ` + loaded)
	ann.is("it has its place, and the focus", fmt.Sprintf(
		`%s === %v && document.activeElement.matches(".picture")`, tall, height))

	// In the lightbox as well.
	s.fails(id, true)
	ann.do(chromedp.Click(tile(1, 1), chromedp.ByQuery))
	ann.becomes(lightboxOpen)
	ann.becomes(`!document.querySelector("#lightbox .lightbox-trouble").hidden`)
	s.fails(id, false)
	ann.do(chromedp.Click("#lightbox .lightbox-trouble button", chromedp.ByQuery))
	ann.looksAt("cat.jpg")
	ann.noErrors("503")
}

// Names are text, whatever is in them, and lead nowhere else.
func TestFilesWithHostileNames(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	names := []string{
		`<img src=x onerror=alert(1)>.pdf`, `"><script>alert(1)</script>`, `../../../config.json`,
		"photo\u202egpj.exe", `//evil.example/x.pdf`, "דוח\u2066.pdf", strings.Repeat("long ", 50) + ".pdf",
	}
	var files []string
	for _, name := range names {
		_, file := s.put(name, "text/html", []byte("x"), nil)
		files = append(files, file)
	}
	bob.say(filesText("", files...))
	ann.messagesAre(1)
	ann.is("all of them are cards that save the file from this server", fmt.Sprintf(`(cards =>
		cards.length === %d && cards.every(a => a.hasAttribute("download") && a.origin === location.origin &&
			/^\/api\/v1\/files\/[0-9a-f-]{36}\/[^/]+$/.test(a.pathname) && a.search === "" &&
			a.querySelector(".file-name").childElementCount === 2)
		)([...document.querySelectorAll("#messages a.document")])`,
		len(names)))
	ann.is("nothing of a name became an element", `!document.querySelector("#messages script, #messages a img")`)
	ann.is("nothing turns a name around",
		`document.querySelectorAll("#messages .file-name")[3].innerText === "photogpj.exe"`)
	for _, width := range []int64{320, 1280} {
		ann.do(chromedp.EmulateViewport(width, 800), chromedp.Evaluate(paints, nil, awaited))
		ann.fitsAcross(fmt.Sprint(width))
		ann.is("cards are no wider than the log", `[...document.querySelectorAll("#messages a.document")].every(a =>
			a.getBoundingClientRect().right <= document.querySelector(".column").getBoundingClientRect().right)`)
		ann.shoot(fmt.Sprint("files-hostile-", width))
	}
	ann.noErrors()
}

// A deleted message has no files any more, nor has the lightbox.
func TestFilesGoWithTheirMessage(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	_, file := s.picture("cat.jpg", 800, 600, nil)
	bob.say(filesText("", file))
	ann.messagesAre(1)
	ann.do(chromedp.Click(tile(1, 1), chromedp.ByQuery))
	ann.looksAt("cat.jpg")
	bob.bar(1, "remove")
	ann.do(chromedp.Poll(lightboxGone, nil))
	ann.becomes(`!document.querySelector("#messages .files") &&
		document.querySelector("#messages .text").innerText === "Message deleted"`)
	ann.becomes(`document.activeElement === document.querySelector("#messages li")`)
	ann.noErrors()
}
