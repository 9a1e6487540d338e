package page

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// The pictures of the documents: LIVECHAT_SHOTS names the folder that they go
// to. See CONTRIBUTING.md.
func TestPictures(t *testing.T) {
	folder := os.Getenv("LIVECHAT_SHOTS")
	if folder == "" {
		t.Skip("takes the pictures of the documents if LIVECHAT_SHOTS names a folder")
	}
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{API: 1, Env: map[string]string{"REGISTER_RATE": "0"}})
	browser := browse(t)
	open := func(name string) *window { return openWindow(t, browser, name, c.PageURL()) }
	mira, priya, lea := open("mira"), open("priya"), open("lea")
	mira.registers()
	priya.registers()
	lea.enter()
	take := func(w *window, name string, width, height int64, scale float64) {
		t.Helper()
		var png []byte
		w.do(prefers("light"),
			chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)),
			chromedp.Evaluate(paints, nil, awaited),
			chromedp.Poll(`document.getAnimations().every(a => a.playState !== "running")`, nil),
			chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
			t.Error(err)
		}
	}
	said := 0
	say := func(w *window, text string) {
		t.Helper()
		w.say(text)
		said++
		for _, one := range []*window{mira, priya, lea} {
			one.messagesAre(said)
		}
	}
	say(lea, "Good morning! Who restarted Redis in the night?")
	say(priya, "Me, at three. Did anybody notice?")
	say(mira, "My page said reconnecting for two seconds, then it went on where it was.")
	say(mira, "Nothing is missing, and nothing came twice.")
	say(priya, "Then a server next? With kill -9, as ever.")
	say(lea, "Yes please. The four of them: http://localhost:1007/cluster.html")
	say(priya, "Done. It is gone, and you are all on the others.")
	say(mira, "I did not even see it. Lunch?")
	for _, w := range []*window{mira, lea} {
		w.becomes(`document.querySelector("#people-count").innerText === "3"`)
		w.becomes(`document.querySelectorAll("#names li").length === 3 || !document.querySelector("#roster").open`)
	}
	take(mira, "room", 1280, 800, 1.5)
	take(lea, "phone", 390, 760, 2)

	mira.beginsChat("priya")
	mira.do(chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	mira.say("Shall we tell her that it was a test?")
	priya.do(chromedp.WaitVisible(chatOf("mira")+`[data-unread="1"]`, chromedp.ByQuery),
		chromedp.EmulateViewport(1280, 860), chromedp.Click(chatOf("mira")+" > button", chromedp.ByQuery))
	priya.say("After lunch. She is so proud of her alerts.")
	mira.messagesAre(2)
	mira.say("They did go off. Twice.")
	priya.messagesAre(3)
	mira.do(chromedp.WaitVisible(`#messages li[data-state="read"]`, chromedp.ByQuery))
	mira.do(chromedp.MouseEvent(input.MouseMoved, 700, 200)) // on nothing that would show it
	take(mira, "private", 1280, 860, 1.5)
}

// messagesAre waits until the window shows so many messages, all of them sent.
func (w *window) messagesAre(n int) {
	w.t.Helper()
	w.becomes(`(all => all.length === ` + fmt.Sprint(n) + ` && all.every(li => li.dataset.seq))(
		[...document.querySelectorAll("#messages li.message")])`)
}
