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

	const last = `document.querySelector("#messages > li:last-child").innerText`
	// The name is looked for in the archive, and the rules are put beside the log
	// within a second or two.
	harness.Eventually(t, patience, "bob is muted", func() error {
		return admin("ban", "add", "livechat", "bob", "-mute", "-for", "1h", "-reason", "spam")
	})
	harness.Eventually(t, patience, "the mute holds", func() error {
		bob.say("buy more")
		var said string
		bob.do(chromedp.Evaluate(paints, nil, awaited), chromedp.Evaluate(last, &said))
		return harness.ErrIf(!strings.Contains(said, "muted"))
	})
	bob.waitFor(`/Not sent: you're muted in this room for another \d+ min/.test(` + last + `)`)
	bob.shootEach("muted")

	if err := admin("ban", "add", "livechat", "bob", "-reason", "spam"); err != nil {
		t.Fatal(err)
	}
	bob.waitFor(`document.querySelector("#banner").innerText.includes("You're banned from this room.")`)
	bob.shootEach("banned")
	bob.noErrors()
	ann.noErrors()
}
