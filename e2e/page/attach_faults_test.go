package page

import (
	"bytes"
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	intercept "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

// A message is written while its file cannot be uploaded. It holds no other one
// up, survives reloads, and is sent once when the way is free.
func TestAttachSurvivesReload(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p, ann := enterAlone(t)
	ann.do(chromedp.WaitVisible("#attach", chromedp.ByQuery),
		network.SetBlockedURLs([]string{"*/api/v1/files/"}))
	ann.attaches(pictureOf(t, "picture.png", 40, 30))
	ann.hasAttached("picture.png: going")
	ann.say("with a picture")
	ann.say("without")
	ann.becomes(`document.querySelector("#log li.message[data-state=sent] .text")?.innerText === "without"`)
	ann.attaches(fileOf(t, "draft.txt", []byte("draft")))
	ann.hasAttached("draft.txt: going")
	ann.shootAll("waiting-for-files")
	for range 2 {
		ann.reload()
		ann.holds("with a picture")
		ann.hasAttached("draft.txt: going")
	}
	ann.do(network.SetBlockedURLs([]string{}))
	ann.hasAttached("draft.txt: done")
	ann.shows("without", "with a picture")
	all := archive(t, p, 2)
	if len(all[0].Files) != 0 || len(all[1].Files) != 1 || all[1].Files[0].Name != "picture.png" {
		t.Errorf("the archive has %+v", all)
	}
	ann.say("and the draft")
	if all := archive(t, p, 3); len(all[2].Files) != 1 {
		t.Errorf("the draft's message is %+v", all[2])
	}
	ann.noErrors("net::ERR_", "/api/v1/files/") // which it asks whether it has them
}

// The server is killed while it takes a file, and goes on with it afterwards.
func TestAttachOverAKilledServer(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p, ann := enterAlone(t)
	ann.do(chromedp.WaitVisible("#attach", chromedp.ByQuery),
		network.EmulateNetworkConditions(false, 0, -1, 2<<20)) // bytes a second
	ann.attaches(fileOf(t, "large.bin", bytes.Repeat([]byte("0123456789abcdef"), 1<<19)))
	ann.becomes(`document.querySelector("#attached progress")?.value > 0.2`)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	ann.hasAttached("large.bin: done")
	ann.state("connected")
	ann.say("there")
	ann.becomes(`document.querySelector("#log li.message[data-state=sent]")`)
	// A server without a disk has forgotten it, and is asked.
	ann.noErrors(append([]string{"net::ERR_", "/api/v1/files/"}, brokenLink...)...)
}

// A server that asks who uploads, in the middle of a file, gets an answer and
// the rest of the file.
func TestAttachGoesOnWhenAskedWhoItIs(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.registers()
	var asked atomic.Int32
	ann.intercepts("*/api/v1/files/*", func(_ context.Context, e *paused) chromedp.Action {
		if e.Request.Method == "PATCH" && asked.Add(1) == 1 {
			return refuse(e, http.StatusUnauthorized, "unauthorized")
		}
		return intercept.ContinueRequest(e.RequestID)
	})
	ann.attaches(fileOf(t, "notes.txt", []byte("notes")))
	ann.hasAttached("notes.txt: done")
	if n := asked.Load(); n != 2 {
		t.Errorf("the file was sent %d times", n)
	}
	ann.state("connected")
	ann.noErrors("401")
}
