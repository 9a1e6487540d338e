package page

import (
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

// Files on their way and in the log, as assistive technology gets them.
func TestAccessibleFiles(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server, browser := harness.StartAloneWith(t, map[string]string{"MAX_FILE": "1000000"}), browse(t)
	w := openWindow(t, browser, "ann", "http://"+server.Addr+"/")
	w.registers()
	letThrough := w.holdsUp("*/api/v1/files/")
	const room = inRoom + " list image"
	for _, s := range []accessState{
		{name: "attached, on their way", until: "#attached progress", arrange: func() {
			w.attaches(pictureOf(t, "cat.png", 400, 300), fileOf(t, "notes.txt", []byte("notes")),
				fileOf(t, "large.bin", make([]byte, 1000001)))
			w.hasAttached("cat.png: going", "notes.txt: going", "large.bin: failed")
		}, roles: inRoom + " list progressbar", stops: userStops, inLog: 2},
		{name: "attached", until: "#attached [data-state=done] .alt", arrange: func() {
			letThrough()
			w.hasAttached("cat.png: done", "notes.txt: done", "large.bin: failed")
		}, roles: inRoom + " list", stops: userStops, inLog: 2},
		{name: "attached, narrow", width: 390, until: "#attached .alt", roles: "log status textbox list"},
		{name: "picture and document", until: "#messages .gallery", arrange: func() {
			w.do(chromedp.Evaluate(`[...document.querySelectorAll("#attached .remove")].at(-1).click()`, nil))
			w.hasAttached("cat.png: done", "notes.txt: done")
			w.do(chromedp.Click("#send", chromedp.ByQuery))
			w.messagesAre(1)
		}, roles: room, stops: userStops, inLog: 1},
		{name: "gallery, recording and video", until: "#messages video", arrange: func() {
			w.attaches(pictureOf(t, "one.png", 300, 300), pictureOf(t, "two.png", 300, 200),
				pictureOf(t, "three.png", 200, 300), fileOf(t, "quiet.mp3", silence(2)),
				fileOf(t, "film.webm", w.film()))
			w.becomes(`document.querySelectorAll('#attached [data-state="done"]').length === 5`)
			w.do(chromedp.Click("#send", chromedp.ByQuery))
			w.messagesAre(2)
			w.becomes(`document.querySelector("#messages video").readyState > 0`)
		}, roles: room + " group", stops: userStops, inLog: 1},
		{name: "files of the message with the focus", until: nth(2, ".actions .reply"), arrange: func() {
			w.do(chromedp.Focus(nth(2, ""), chromedp.ByQuery))
		}, roles: room + " group"},
		{name: "lightbox", click: tile(2, 2), until: "#lightbox img", modal: "lightbox"},
		{name: "lightbox, narrow", width: 390, click: tile(1, 1), until: "#lightbox img", modal: "lightbox"},
		{name: "answer to pictures", until: "#reply-quote", arrange: func() {
			w.do(chromedp.Focus(nth(2, ""), chromedp.ByQuery),
				chromedp.Click(nth(2, ".actions .reply"), chromedp.ByQuery))
		}, roles: room, stops: userStops, inLog: 1},
	} {
		w.checkState(s)
	}
	w.noErrors()
}
