package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	lightboxOpen = `document.querySelector("#lightbox")?.matches(":modal") === true`
	lightboxGone = `document.querySelector("#lightbox")?.open !== true`
)

// looksAt waits until the lightbox shows the picture with that name, in full.
func (w *window) looksAt(name string) {
	w.t.Helper()
	w.becomes(fmt.Sprintf(`%s && (box => box.querySelector(".lightbox-name").innerText.startsWith(%q) &&
		(img => img.complete && img.naturalWidth > 0)(box.querySelector(".lightbox-stage img")))(
			document.querySelector("#lightbox"))`, lightboxOpen, name))
}

// tile selects the nth picture of a message.
func tile(message, n int) string {
	return nth(message, fmt.Sprintf(".tile:nth-child(%d) .picture", n))
}

// The lightbox is loaded when it is wanted. Arrows lead through the pictures of
// the conversation; Escape, Back and its button close it, and what opened it has
// the focus again.
func TestLightboxByKeyboard(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	var files []string
	for _, name := range []string{"one", "two", "three"} {
		_, file := s.picture(name+".jpg", 800, 600, map[string]any{"alt": "The picture " + name})
		files = append(files, file)
	}
	_, last := s.picture("four.jpg", 600, 1200, nil)
	bob.say(filesText("look", files...))
	bob.say(filesText("", last))
	ann.messagesAre(2)
	ann.is("nothing of it is loaded",
		`!performance.getEntriesByType("resource").some(e => e.name.includes("lightbox"))`)

	// Tab leads from a message to its pictures.
	ann.do(chromedp.Focus("#log", chromedp.ByQuery), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.ArrowUp))
	ann.press("Tab", "Tab", 0)
	for range 3 { // the name, maybe, and the bar
		ann.do(chromedp.Evaluate(paints, nil, awaited))
		var on bool
		ann.do(chromedp.Evaluate(`document.activeElement.matches(".picture")`, &on))
		if on {
			break
		}
		ann.press("Tab", "Tab", 0)
	}
	ann.is("a picture has the focus, and says what it shows",
		`document.activeElement.matches(".picture") &&
			document.activeElement.querySelector("img").alt === "The picture one"`)
	ann.do(pressEnter(0))
	ann.looksAt("one.jpg")
	ann.is("it says whose it is", `(box => box.querySelector(".lightbox-who").innerText === "bob" &&
		box.querySelector(".lightbox-alt").innerText === "The picture one" &&
		box.querySelector(".lightbox-count").innerText === "1 of 4" &&
		box.querySelector("a[download]").getAttribute("download") === "one.jpg" &&
		box.querySelector(".lightbox-stage").ariaLabel.startsWith("The picture one")
	)(document.querySelector("#lightbox"))`)
	ann.isAtPlace(1)
	ann.shootEach("lightbox")
	for _, name := range []string{"two", "three", "four"} {
		ann.do(chromedp.KeyEvent(kb.ArrowRight))
		ann.looksAt(name + ".jpg")
	}
	ann.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowLeft))
	ann.looksAt("three.jpg")
	ann.do(chromedp.KeyEvent(kb.Escape), chromedp.Poll(lightboxGone, nil))
	ann.becomes(`document.activeElement === document.querySelector("` + tile(1, 1) + `")`)
	ann.isAtPlace(0)

	// Back closes it, Forward opens it where it was.
	ann.do(chromedp.Click(tile(1, 2), chromedp.ByQuery))
	ann.looksAt("two.jpg")
	ann.do(chromedp.KeyEvent(kb.ArrowRight))
	ann.looksAt("three.jpg")
	ann.goes(-1)
	ann.do(chromedp.Poll(lightboxGone, nil))
	ann.becomes(`document.activeElement === document.querySelector("` + tile(1, 2) + `")`)
	ann.goes(1)
	ann.looksAt("three.jpg")

	// A click zooms, arrows then move the picture, another click zooms out.
	ann.do(chromedp.Click("#lightbox .lightbox-stage", chromedp.ByQuery))
	ann.becomes(`document.querySelector("#lightbox img").style.transform.includes("scale(2.5)")`)
	ann.do(chromedp.KeyEvent(kb.ArrowRight))
	ann.becomes(`document.querySelector("#lightbox img").style.transform.includes("translate(-80px")`)
	ann.do(chromedp.Click("#lightbox .lightbox-stage", chromedp.ByQuery))
	ann.becomes(`document.querySelector("#lightbox img").style.transform === ""`)
	ann.do(chromedp.Click("#lightbox .close", chromedp.ByQuery), chromedp.Poll(lightboxGone, nil))
	ann.noErrors()
}

// A finger turns the page, and a swipe down leaves. A long press on a picture
// opens the sheet of its message.
func TestLightboxByTouch(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	_, one := s.picture("one.jpg", 800, 600, nil)
	_, two := s.picture("two.jpg", 800, 600, nil)
	bob.say(filesText("", one, two))
	ann.messagesAre(1)
	ann.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateTouch, chromedp.EmulateMobile),
		emulation.SetTouchEmulationEnabled(true))
	ann.do(chromedp.Click(tile(1, 1), chromedp.ByQuery))
	ann.looksAt("one.jpg")
	swipe := func(dx, dy float64) {
		t.Helper()
		touch := func(kind input.TouchType, x, y float64) chromedp.Action {
			points := []*input.TouchPoint{{X: x, Y: y}}
			if kind == input.TouchEnd {
				points = []*input.TouchPoint{}
			}
			return input.DispatchTouchEvent(kind, points)
		}
		ann.do(touch(input.TouchStart, 195, 400), touch(input.TouchMove, 195+dx/2, 400+dy/2),
			touch(input.TouchMove, 195+dx, 400+dy), touch(input.TouchEnd, 0, 0))
	}
	swipe(-150, 10)
	ann.looksAt("two.jpg")
	swipe(150, 10)
	ann.looksAt("one.jpg")
	swipe(10, 200)
	ann.do(chromedp.Poll(lightboxGone, nil))
	ann.hold(tile(1, 2))
	ann.do(chromedp.WaitVisible("#message-sheet", chromedp.ByQuery))
	ann.is("there is no text to copy", `document.querySelector("#message-sheet .copy-text").hidden &&
		`+lightboxGone)
	ann.noErrors()
}

// A reader who wants less motion sees a still, and plays it.
func TestFilesCalm(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	ann.do(emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	id, file := s.gif("loop.gif", 400, 300)
	bob.say(filesText("", file))
	ann.messagesAre(1)
	ann.do(chromedp.Poll(loaded, nil))
	img := fmt.Sprintf(`document.querySelector(%q)`, nth(1, "img"))
	ann.is("it stands still", img+`.src.endsWith("?size=320")`)
	for _, path := range s.requests() {
		if strings.Contains(path, id) && !strings.HasSuffix(path, "?size=320") {
			t.Errorf("the page asks for %s", path)
		}
	}
	play := nth(1, ".play")
	ann.do(chromedp.Click(play, chromedp.ByQuery))
	ann.becomes(img + `.src.endsWith("loop.gif") && ` + img + `.complete`)
	ann.is("it can be stopped", fmt.Sprintf(`document.querySelector(%q).ariaLabel.startsWith("Pause")`, play))
	ann.do(chromedp.Click(play, chromedp.ByQuery))
	ann.becomes(img + `.src.endsWith("?size=320")`)
	ann.do(chromedp.Click(tile(1, 1), chromedp.ByQuery))
	ann.looksAt("loop.gif")
	ann.is("there, too", `document.querySelector("#lightbox img").src.endsWith("?size=320")`)
	ann.do(chromedp.Click("#lightbox .lightbox-play", chromedp.ByQuery))
	ann.becomes(`document.querySelector("#lightbox img").src.endsWith("loop.gif")`)
	ann.noErrors()
}

// A PNG that moves is a still there as well, wherever it is looked at, until
// somebody plays it. One that does not move is seen in full.
func TestFilesCalmPNG(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	ann.do(emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	size := map[string]any{"width": 800, "height": 600, "previews": []int{320}}
	id, moving := s.put("loop.png", "image/png", movingPNG(t, 800, 600), size)
	_, still := s.put("still.png", "image/png", pngOf(t, painted(800, 600, 1)), size)
	_, small := s.put("small.png", "image/png", movingPNG(t, 200, 200),
		map[string]any{"width": 200, "height": 200})
	bob.say(filesText("", moving, still, small))
	ann.messagesAre(1)
	ann.becomes(`document.querySelectorAll("#messages .play:not([hidden])").length === 1`)
	ann.is("those that move stand still", `(([moving, , small]) => moving.currentSrc.endsWith("?size=320") &&
		!small.hasAttribute("src"))([...document.querySelectorAll("#messages img")])`)
	img := `document.querySelector("#lightbox .lightbox-stage img")`
	ann.do(chromedp.Click(tile(1, 1), chromedp.ByQuery),
		chromedp.WaitVisible("#lightbox .lightbox-play", chromedp.ByQuery))
	ann.is("there, too", img+`.src.endsWith("loop.png?size=320")`)
	ann.do(chromedp.Click("#lightbox .lightbox-stage", chromedp.ByQuery),
		chromedp.Evaluate(paints, nil, awaited))
	ann.is("looking closely starts nothing", img+`.src.endsWith("loop.png?size=320")`)
	ann.do(chromedp.Click("#lightbox .lightbox-stage", chromedp.ByQuery),
		chromedp.Click("#lightbox .lightbox-play", chromedp.ByQuery))
	ann.becomes(img + `.src.endsWith("loop.png")`)
	ann.do(chromedp.KeyEvent(kb.ArrowRight))
	ann.becomes(img + `.src.endsWith("still.png") &&
		document.querySelector("#lightbox .lightbox-play").hidden`)
	ann.is("the next one is said", `document.querySelector("#lightbox [role=status]").innerText
		.replace(/[\u2066-\u2069]/g, "") === "2 of 3: Picture still.png"`)
	asked := 0
	for _, path := range s.requests() {
		if strings.Contains(path, id) && !strings.Contains(path, "size") {
			asked++
		}
	}
	if asked > 2 { // its first bytes, and to play it
		t.Errorf("the page asks %d times for all of it", asked)
	}
	ann.noErrors()
}
