package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// attaches chooses files as the user does.
func (w *window) attaches(paths ...string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible("#attach", chromedp.ByQuery),
		chromedp.SetUploadFiles("#attach-input", paths, chromedp.ByQuery))
}

// hasAttached waits until exactly these are attached, each as name: state.
func (w *window) hasAttached(want ...string) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, w.name+"'s files", func() error {
		var got []string
		w.do(chromedp.Evaluate(`[...document.querySelectorAll("#attached li")].map(
			li => li.querySelector(".file-name").innerText + ": " + li.dataset.state)`, &got))
		if !slices.Equal(got, want) {
			return fmt.Errorf(" are %q, want %q", got, want)
		}
		return nil
	})
}

// archived is a message as the archive of the room has it.
type archived struct {
	ID, Text string
	Files    []struct {
		ID, Name, Type, Alt string
		Width, Height       int
	}
}

// archive waits until the archive has that many messages and returns them.
func archive(t *testing.T, p *localcluster.Part, count int) (all []archived) {
	t.Helper()
	harness.Eventually(t, time.Minute, "the archive", func() error {
		answer, err := http.Get("http://" + p.Addr + "/api/v1/rooms/livechat/messages/")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		var page struct{ Messages []archived }
		if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
			return err
		}
		if all = page.Messages; len(all) != count {
			return fmt.Errorf(" has %+v, want %d messages", all, count)
		}
		return nil
	})
	return all
}

// Files are chosen, the same one twice, described, and sent with a text.
func TestAttachByPicker(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p, ann := enterAlone(t)
	small, notes := pictureOf(t, "small.png", 40, 30), fileOf(t, "notes.txt", []byte("hello"))
	ann.attaches(small, notes)
	ann.attaches(small)
	ann.hasAttached("small.png: done", "notes.txt: done", "small.png: done")
	ann.do(chromedp.WaitVisible("#attached li img", chromedp.ByQuery),
		typeIn("#attached li .alt", "A colourful square"), pressEnter(0))
	ann.is("Enter leads to the field, and sends nothing",
		`document.activeElement.id === "text" && document.querySelectorAll("#log li.message").length === 0`)
	ann.shootAll("attached")
	ann.say("look")
	ann.hasAttached()
	ann.shows("look")
	files := archive(t, p, 1)[0].Files
	if len(files) != 3 || files[0].Alt != "A colourful square" || files[0].Width != 40 ||
		files[1].Name != "notes.txt" || files[0].ID == files[2].ID {
		t.Errorf("the message has %+v", files)
	}
	// Nothing else is needed.
	ann.attaches(notes)
	ann.hasAttached("notes.txt: done")
	ann.do(chromedp.Click("#send", chromedp.ByQuery))
	if files := archive(t, p, 2)[1].Files; len(files) != 1 {
		t.Errorf("the message without a text has %+v", files)
	}
	ann.noErrors()
}

// Files are pasted into the field and dropped anywhere, but not on a dialog. A
// pasted text stays text.
func TestAttachByPasteAndDrop(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, ann := enterAlone(t)
	ann.do(chromedp.WaitVisible("#attach", chromedp.ByQuery))
	const log = `document.querySelector("#log")`
	text := strings.ReplaceAll(file, "x.png", "pasted.txt")
	text = strings.ReplaceAll(text, "image/png", "text/plain")
	ann.is("a pasted file is attached", drop(field, "paste", text))
	ann.is("a pasted text is not", "!"+drop(field, "paste", `data.setData("text/plain", "hi")`))
	ann.is("the page takes what is over it", drop(log, "dragover", text))
	ann.do(chromedp.WaitVisible("#drop", chromedp.ByQuery))
	ann.shootAll("drop")
	ann.is("a dropped file is attached", drop(log, "drop", strings.ReplaceAll(text, "pasted", "dropped")))
	ann.hasAttached("pasted.txt: done", "dropped.txt: done")
	ann.do(chromedp.WaitNotVisible("#drop", chromedp.ByQuery))
	ann.is("a text that is dragged is not the page's",
		"!"+drop(log, "dragover", `data.setData("text/plain", "hi")`))
	ann.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#menu-keys", chromedp.ByQuery),
		chromedp.WaitVisible("#keys-dialog", chromedp.ByQuery))
	ann.is("a file over a dialog opens nothing", drop(`document.querySelector("#keys-dialog")`, "drop", text))
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.hasAttached("pasted.txt: done", "dropped.txt: done")
	ann.noErrors()
}

// A file that is too large is refused before it is sent, ten files are the
// most, and each can be removed. All of it works by keyboard.
func TestAttachRefusesAndRemoves(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAloneWith(t, map[string]string{"MAX_FILE": "1024"})
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.enter()
	large, ok := fileOf(t, "large.bin", make([]byte, 1025)), fileOf(t, "ok.txt", []byte("ok"))
	ann.attaches(large, ok)
	ann.hasAttached("large.bin: failed", "ok.txt: done")
	ann.becomes(`document.querySelector("#attached .file-state").innerText.includes("is the most")`)
	ann.shootAll("refused-file")
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), pressEnter(0))
	ann.saysOf("#composer-note", "A file couldn't be uploaded. Try it again, or remove it, then send.")
	ann.do(chromedp.Focus("#attached .remove", chromedp.ByQuery), chromedp.KeyEvent(" "))
	ann.hasAttached("ok.txt: done")
	ann.is("the next one has the focus", `document.activeElement.matches("#attached .remove")`)
	ann.is("it is said", `document.querySelector("#attached-said").innerText === "large.bin removed"`)
	ann.do(chromedp.KeyEvent(" "))
	ann.hasAttached()
	ann.is("the field has the focus", `document.activeElement.id === "text"`)
	ann.attaches(slices.Repeat([]string{ok}, 10)...)
	ann.attaches(ok)
	ann.hasAttached(slices.Repeat([]string{"ok.txt: done"}, 10)...)
	ann.saysOf("#composer-note", "A message can have 10 files. The others weren't attached.")
	ann.noErrors()
}

// A picture larger than any screen is made smaller, unless that is switched off.
func TestAttachMakesPicturesSmaller(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p, ann := enterAlone(t)
	large := pictureOf(t, "large.png", 3000, 300)
	for i, want := range []int{2560, 3000} {
		ann.attaches(large)
		ann.hasAttached("large.png: done")
		if i == 1 {
			ann.do(chromedp.Click(".smaller input", chromedp.ByQuery))
			ann.hasAttached("large.png: done")
		}
		ann.do(chromedp.Click("#send", chromedp.ByQuery))
		if files := archive(t, p, i+1)[i].Files; len(files) != 1 || files[0].Width != want {
			t.Errorf("the picture is %+v, want %d pixels", files, want)
		}
	}
	ann.noErrors()
}

// On a phone, with a guest's or an account's finger.
func TestAttachOnPhone(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAlone(t)
	ann := openOnPhone(t, "http://"+p.Addr+"/")
	ann.enterByTouch()
	ann.attaches(pictureOf(t, "small.png", 40, 30),
		fileOf(t, "a rather long name of a document.pdf", []byte("%PDF-1.7")))
	ann.hasAttached("small.png: done", "a rather long name of a document.pdf: done")
	ann.is("a finger hits what can be done", `[...document.querySelectorAll(
		"#attach, #attached .remove, #attached .alt:not([hidden])")]
		.every(e => e.getBoundingClientRect().height >= 44)`)
	ann.fitsAcross("phone")
	ann.shoot("attached-on-phone")
	ann.do(chromedp.Evaluate(`document.querySelector("#send").click()`, nil))
	archive(t, p, 1)
	ann.noErrors()
}

// In a private chat, too: the other one sees it, and nobody else gets it.
func TestAttachInPrivateChat(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	url := "http://" + harness.StartAloneWith(t, map[string]string{"REGISTER_RATE": "0"}).Addr + "/"
	browser := browse(t)
	ann, bob := openWindow(t, browser, "ann", url), openWindow(t, browser, "bob", url)
	ann.registers()
	bob.registers()
	ann.beginsChat("bob")
	ann.do(chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	ann.attaches(pictureOf(t, "secret.png", 40, 30))
	ann.hasAttached("secret.png: done")
	ann.say("between us")
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="1"]`, chromedp.ByQuery),
		chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	bob.messagesAre(1)
	ann.do(chromedp.WaitVisible(`#messages li[data-state="read"]`, chromedp.ByQuery))
	bob.becomes(`document.querySelector("#messages img")?.naturalWidth > 0`)
	var address string
	bob.do(chromedp.Evaluate(`document.querySelector("#messages img").src`, &address))
	about := strings.TrimSuffix(address, "secret.png")
	for what, link := range map[string]string{"the picture": address, "what it is": about} {
		answer, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusNotFound {
			t.Errorf("a guest asks for %s: %s", what, answer.Status)
		}
	}
	for _, w := range []*window{ann, bob} { // as the server has it
		w.reload()
		w.becomes(`document.querySelector("#messages img")?.naturalWidth > 0`)
	}
	ann.shootEach("private-with-a-picture")
	// Bob answers with a document, and deletes it.
	bob.attaches(fileOf(t, "answer.txt", []byte("an answer")))
	bob.hasAttached("answer.txt: done")
	bob.do(chromedp.Click("#send", chromedp.ByQuery))
	ann.becomes(`document.querySelector("#messages a.document")?.download === "answer.txt"`)
	bob.do(chromedp.Focus(nth(2, ""), chromedp.ByQuery),
		chromedp.Click(nth(2, ".actions .remove"), chromedp.ByQuery))
	ann.do(chromedp.WaitNotPresent("#messages a.document", chromedp.ByQuery))
	ann.noErrors()
	bob.noErrors()
}
