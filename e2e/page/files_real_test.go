package page

import (
	"bytes"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/need"
)

// A picture that is uploaded to a server is seen in the page: by its author and
// by others, in the log and in the lightbox. The preview comes first.
func TestFilesFromTheServer(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server, ann := enterAlone(t)
	photo := jpegOf(t, painted(1600, 1200, 1))
	key := client.NewGuestKey()
	conn := harness.Dial(t, client.Options{URL: "ws://" + server.Addr, Name: "bob", GuestKey: key})
	upload := func(name string, body []byte) client.File {
		t.Helper()
		file, err := client.Upload{URL: "http://" + server.Addr, Name: name, GuestKey: key}.
			Do(t.Context(), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	picture, document := upload("harbour.jpg", photo), upload("notes.txt", []byte("notes"))
	picture.Alt = "The harbour"
	if err := conn.Post(harness.NewID(), "", client.WithFiles(picture, document)); err != nil {
		t.Fatal(err)
	}
	harness.Await[*client.Ack](t, conn, nil)
	ann.messagesAre(1)
	ann.becomes(`(img => img.complete && img.naturalWidth > 0 && img.currentSrc.includes("?size=") &&
		img.alt === "The harbour")(document.querySelector("#messages img"))`)
	var saved string
	ann.do(chromedp.Evaluate(`(a => fetch(a.href).then(async answer => a.download + ": " +
		answer.headers.get("Content-Disposition").split(";")[0] + ": " + await answer.text())
	)(document.querySelector("#messages a.document"))`, &saved, awaited))
	if saved != "notes.txt: attachment: notes" {
		t.Errorf("the document is %q", saved)
	}
	ann.do(chromedp.Click(tile(1, 1), chromedp.ByQuery))
	ann.looksAt("harbour.jpg")
	ann.do(chromedp.Click("#lightbox .close", chromedp.ByQuery), chromedp.Poll(lightboxGone, nil))

	// One's own is seen at once, and stays when it is sent.
	ann.attaches(fileOf(t, "mine.jpg", photo))
	ann.do(chromedp.WaitEnabled("#send", chromedp.ByQuery), chromedp.Click("#send", chromedp.ByQuery))
	ann.messagesAre(2)
	ann.becomes(`(img => img.complete && img.naturalWidth > 0)(
		document.querySelector("#messages li:last-child img"))`)
	ann.reload()
	ann.state("connected")
	ann.messagesAre(2)
	ann.becomes(`[...document.querySelectorAll("#messages img")].every(img =>
		img.complete && img.naturalWidth > 0 && img.currentSrc.includes("/api/v1/files/"))`)
	ann.shootEach("files-real")
	ann.noErrors()
}
