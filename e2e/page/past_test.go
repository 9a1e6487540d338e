package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A past of days with many messages each, so that the newest are far from the
// first.
const (
	pastDays = 30
	perDay   = 60
)

// startWithPast starts a server whose room has a past, which ended yesterday:
// message n was said by ann or by Bob Lee, and every 100th is about a walrus.
func startWithPast(t *testing.T) *localcluster.Part {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "past.db")
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, "import")
	command.Env = append(os.Environ(), "DATABASE_URL="+url)
	command.Stdin = bytes.NewReader(pastExport(t))
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("import: %v: %s", err, out)
	}
	return harness.StartAloneWith(t, map[string]string{"DATABASE_URL": url})
}

// pastExport returns the past as `livechat export` would write it.
func pastExport(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	write := func(line map[string]any) {
		if err := lines.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	write(map[string]any{"type": "livechat", "version": 1})
	for n := range pastDays * perDay {
		name, text := "ann", fmt.Sprint("message ", n+1)
		if n%2 == 0 {
			name = "Bob Lee"
		}
		if (n+1)%100 == 0 {
			text += ", about a Walrus"
		}
		write(map[string]any{"type": "room_message", "room": "livechat", "epoch": "0123456789abcdef",
			"seq": n + 1, "id": pastID(n + 1), "app": "1000", "session": "s" + name, "name": name, "text": text,
			"at": pastTime(n + 1).UnixMilli()})
	}
	write(map[string]any{"type": "end", "lines": pastDays * perDay})
	return out.Bytes()
}

// pastID returns the id of the nth message.
func pastID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// pastTime returns when the nth message was said: from noon on, one a minute.
func pastTime(n int) time.Time {
	year, month, day := time.Now().Date()
	return time.Date(year, month, day-pastDays+(n-1)/perDay, 12, (n-1)%perDay, 0, 0, time.Local)
}

// joins says so many messages as another guest, so that the live end has some.
func joinsPast(t *testing.T, p *localcluster.Part, count int) *harness.Member {
	t.Helper()
	m := harness.JoinAll(t, 1, func(int) client.Options {
		return client.Options{URL: "ws://" + p.Addr + "/ws", Name: "carol"}
	})[0]
	for n := range count {
		if _, err := m.Send(t.Context(), fmt.Sprint("today ", n+1)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// entersPast has carol write and dora enter a room with a past, and waits until
// dora sees the newest message.
func entersPast(t *testing.T, count int) (*harness.Member, *window) {
	t.Helper()
	p := startWithPast(t)
	carol := joinsPast(t, p, count)
	w := openWindow(t, browse(t), "dora", "http://"+p.Addr+"/")
	w.enter()
	w.waitFor(fmt.Sprintf(
		`document.querySelector("#messages li:last-child .text")?.innerText === "today %d"`, count))
	return carol, w
}

const focusedText = `(document.activeElement?.querySelector?.(".text")?.innerText ?? "")`

// A link leads to a message however far back it is, and what is said meanwhile
// comes at the end.
func TestLinkToAMessageFarBack(t *testing.T) {
	t.Parallel()
	carol, w := entersPast(t, 5)
	w.do(chromedp.Evaluate(`location.hash = "#m/1300/`+pastID(1300)+`"`, nil))
	w.waitFor(focusedText + ` === "message 1300, about a Walrus"`)
	if _, err := carol.Send(t.Context(), "today 6"); err != nil {
		t.Fatal(err)
	}
	w.waitFor(`document.querySelector("#newer").innerText === "1 new message"`)
	w.waitFor(`![...document.querySelectorAll("#messages .text")].some(e => e.innerText.startsWith("today"))`)

	// All of it is in order, as the reader scrolls down to the end.
	w.do(chromedp.Evaluate(`window.down = setInterval(() => {
		document.querySelector("#log").scrollTop += 2000
	}, 30)`, nil))
	w.waitFor(`document.querySelector("#messages li:last-child .text").innerText === "today 6"`)
	w.waitFor(`document.querySelector("#newer").hidden`)
	w.do(chromedp.Evaluate(`clearInterval(window.down)`, nil))
	w.inOrder()

	w.noErrors()
}

// inOrder checks that the messages in the page have consecutive numbers.
func (w *window) inOrder() {
	w.t.Helper()
	all := w.messages()
	for i := 1; i < len(all); i++ {
		var before, seq int
		if _, err := fmt.Sscan(all[i-1].Seq, &before); err != nil {
			w.t.Fatal(err)
		}
		if _, err := fmt.Sscan(all[i].Seq, &seq); err != nil || seq != before+1 {
			w.t.Errorf("%q (%s) follows %q (%s)", all[i].Text, all[i].Seq, all[i-1].Text, all[i-1].Seq)
		}
	}
}

// A day leads to what was said on it, and the way back to the newest, while
// others go on writing.
func TestJumpToADay(t *testing.T) {
	t.Parallel()
	carol, w := entersPast(t, 3)

	// The day of what scrolls by opens the dialog.
	// (It is there for a moment only: on a busy machine too short for a mouse.)
	w.do(chromedp.Evaluate(`{
		const log = document.querySelector("#log")
		const click = () => document.querySelector("#log-day[data-shown] button")?.click()
		log.addEventListener("scroll", () => requestAnimationFrame(click), { once: true })
		log.scrollBy(0, -2000)
	}`, nil), chromedp.WaitVisible("#date-dialog", chromedp.ByQuery))
	w.shootAll("dates")
	w.waitFor(`document.querySelector("#date").value === "` +
		pastTime(pastDays*perDay).Format(time.DateOnly) + `"`)
	day := perDay*10 + 1 // its first message
	w.do(chromedp.SetValue("#date", pastTime(day).Format(time.DateOnly), chromedp.ByQuery),
		chromedp.Click("#date-go", chromedp.ByQuery))
	w.waitFor(focusedText + fmt.Sprintf(` === "message %d"`, day))
	w.waitFor(`document.activeElement.querySelector(".day") !== null`)
	w.waitFor(`!document.querySelector("#newer").hidden &&
		document.querySelector("#newer").innerText === "Jump to latest"`)
	w.shootAll("day")

	// Messages sent meanwhile are not shown here, and are there on the way
	// back.
	for n := 4; n <= 6; n++ {
		if _, err := carol.Send(t.Context(), fmt.Sprint("today ", n)); err != nil {
			t.Fatal(err)
		}
	}
	w.waitFor(`document.querySelector("#newer").innerText === "3 new messages"`)
	w.inOrder()
	w.do(chromedp.Click("#newer", chromedp.ByQuery))
	w.waitFor(`document.querySelector("#messages li:last-child .text").innerText === "today 6"`)
	w.waitFor(`document.querySelector("#newer").hidden`)
	w.inOrder()

	// The menu offers it, too.
	choose := func(day string) {
		t.Helper()
		w.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#go-date", chromedp.ByQuery),
			chromedp.Click(`#date-dialog [data-day="`+day+`"]`, chromedp.ByQuery))
	}
	choose("beginning")
	w.waitFor(focusedText + ` === "message 1"`)
	w.waitFor(`document.querySelector("#log-start").innerText === "This is the beginning of livechat."`)
	choose("week")
	w.waitFor(focusedText + fmt.Sprintf(` === "message %d"`, perDay*(pastDays-7)+1))
	choose("yesterday")
	w.waitFor(focusedText + fmt.Sprintf(` === "message %d"`, perDay*(pastDays-1)+1))
	w.inOrder()

	// A day on which nobody wrote leads to the next one.
	w.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#go-date", chromedp.ByQuery),
		chromedp.SetValue("#date", "2001-01-01", chromedp.ByQuery), chromedp.Click("#date-go", chromedp.ByQuery))
	w.waitFor(focusedText + ` === "message 1"`)
	w.waitFor(`document.querySelector("#log-note").innerText === "Nobody wrote that day. These came next."`)

	// Writing leads back to the newest message.
	w.say("here I am")
	w.waitFor(`document.querySelector("#messages li:last-child[data-state=sent] .text")
		?.innerText === "here I am"`)
	w.inOrder()
	w.noErrors()
}
