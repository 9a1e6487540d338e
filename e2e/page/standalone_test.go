package page

import (
	"path/filepath"
	"testing"
	"time"

	"livechat/e2e/harness"
)

func TestStandalonePage(t *testing.T) {
	t.Parallel()
	_, ann := enterAlone(t)
	ann.say("hello myself")
	ann.shows("hello myself")
	ann.noErrors()
}

// Redis of a standalone server ends with it, the archive does not: a newcomer
// sees what was said before.
func TestStandalonePageAfterARestart(t *testing.T) {
	t.Parallel()
	server, ann := openAlone(t)
	server.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "livechat.db"))
	restart := func() {
		if err := server.Stop(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := server.Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	restart() // with the file
	ann.enter()
	for _, text := range []string{"one", "two", "three"} {
		ann.say(text)
	}
	ann.shows("one", "two", "three")
	restart()
	bob := openWindow(t, ann.browser, "bob", "http://"+server.Addr+"/")
	bob.enter()
	bob.shows("one", "two", "three")
	bob.noErrors()
}
