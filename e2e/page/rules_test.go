package page

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// The operator mutes, slows down and bans by command; who is meant is told why
// nothing goes out, keeps the text, and in the end stays outside.
func TestModeratedGuest(t *testing.T) {
	t.Parallel()
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	database := "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db")
	admin := func(words ...string) error {
		c := exec.CommandContext(t.Context(), binary, append([]string{"admin"}, words...)...)
		c.Env = append(os.Environ(), database)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("admin %q: %w: %s", words, err, out)
		}
		return nil
	}
	p := harness.StartAloneWith(t, map[string]string{"DATABASE_URL": database[len("DATABASE_URL="):]})
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	ann.say("hello")
	bob.shows("hello")
	bob.say("buy something")
	ann.shows("hello", "buy something")

	if err := admin("room", "set", "livechat", "-slow", "20s"); err != nil {
		t.Fatal(err)
	}
	const counts = `document.querySelector("#send").hasAttribute("data-wait")`
	harness.Eventually(t, patience, "slow mode holds", func() error {
		var is bool
		ann.do(chromedp.Evaluate(field+`.select()`, nil), typeIn("#text", "again"), pressEnter(0),
			chromedp.Evaluate(paints, nil, awaited), chromedp.Evaluate(counts, &is))
		return harness.ErrIf(!is)
	})
	ann.is("the seconds stand on the button", `Number(document.querySelector("#send-wait").innerText) <= 20`)
	ann.drafts("and more")
	ann.shootEach("slow-mode")
	ann.is("nothing can be sent meanwhile", `document.querySelector("#send").disabled`)
	if err := admin("room", "set", "livechat", "-slow", "0"); err != nil {
		t.Fatal(err)
	}

	words := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(words, []byte("\\bwatches\\b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := admin("room", "set", "livechat", "-words", words); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, patience, "the word is blocked", func() error {
		var said string
		bob.do(chromedp.Evaluate(field+`.select()`, nil), typeIn("#text", "buy WАTCHES"), // А is Cyrillic
			pressEnter(0), chromedp.Evaluate(paints, nil, awaited))
		bob.waitFor(`!document.querySelector("#messages [data-state=sending]")`)
		bob.do(chromedp.Evaluate(`document.querySelector("#composer-note").innerText`, &said))
		return harness.ErrIf(!strings.Contains(said, "words that are blocked"))
	})
	bob.is("the text is in the field again", field+`.value === "buy WАTCHES"`)
	bob.shootEach("blocked-words")
	bob.do(chromedp.Evaluate(field+`.select()`, nil), typeIn("#text", "buy clocks"), pressEnter(0))
	bob.waitFor(`document.querySelector("#composer-note").innerText === ""`)

	const note = `document.querySelector("#composer-note").innerText`
	// The name is looked for in the archive, and the rules are put beside the log
	// within a second or two.
	harness.Eventually(t, patience, "bob is muted", func() error {
		return admin("ban", "add", "livechat", "bob", "-mute", "-for", "1h", "-reason", "spam")
	})
	harness.Eventually(t, patience, "the mute holds", func() error {
		var said string
		bob.do(chromedp.Evaluate(field+`.select()`, nil), typeIn("#text", "buy more"), pressEnter(0),
			chromedp.Evaluate(paints, nil, awaited))
		bob.waitFor(`!document.querySelector("#messages [data-state=sending]")`) // or one comes back later
		bob.do(chromedp.Evaluate(note, &said))
		return harness.ErrIf(!strings.Contains(said, "muted"))
	})
	bob.waitFor(`/You're muted in this room for another \d+ min/.test(` + note + `)`)
	bob.is("the text is in the field again", field+`.value === "buy more"`)
	bob.shootEach("muted")

	if err := admin("ban", "add", "livechat", "bob", "-reason", "spam"); err != nil {
		t.Fatal(err)
	}
	bob.sees("#door", "You're banned from this room")
	bob.is("no other line says so", `document.querySelector("#banner").hidden`)
	bob.shootEach("banned")
	bob.noErrors()
	ann.noErrors()
}
