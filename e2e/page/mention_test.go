package page

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/client"
	"livechat/e2e/harness"
)

const (
	who    = `document.querySelector("#who")`
	chosen = `document.getElementById(` + field + `.getAttribute("aria-activedescendant"))?.innerText`
)

// An at sign opens a list of the people who are here, to choose from by keys,
// by the mouse or a finger.
func TestCompletion(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	names := []string{"bea", "bob", "Zoë Lee"}
	harness.JoinAll(t, len(names), func(i int) client.Options {
		return client.Options{URL: "ws://" + p.Addr + "/ws", Name: names[i]}
	})
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.enter()
	ann.waitFor(`document.querySelectorAll("#names li").length === 4`)
	offers := func(want string) {
		t.Helper()
		ann.becomes(`[...document.querySelectorAll("#who li")]
			.map(li => li.querySelector(".option-name").innerText).join() === "` +
			want + `"`)
		ann.becomes(who + `.hidden === ` + map[bool]string{true: "true", false: "false"}[want == ""])
	}
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("hi @"))
	offers("bea,bob,Zoë Lee")
	ann.becomes(chosen + `.includes("bea")`)
	ann.do(chromedp.KeyEvent(kb.ArrowDown))
	ann.becomes(chosen + `.includes("bob")`)
	ann.shootBoth("completion")
	ann.do(chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp))
	ann.becomes(chosen + `.includes("Zoë Lee")`)
	ann.do(pressEnter(0))
	ann.becomes(field + `.value === "hi @Zoë Lee " && !` + field + `.hasAttribute("aria-activedescendant")`)
	offers("")

	ann.do(input.InsertText("@b"))
	offers("bea,bob")
	ann.do(chromedp.KeyEvent(kb.Escape))
	offers("")
	ann.do(input.InsertText("o"))
	offers("")
	ann.do(input.InsertText(" @bo"))
	offers("bob")
	ann.do(chromedp.KeyEvent(kb.Tab))
	ann.becomes(field + `.value === "hi @Zoë Lee @bo @bob " && document.activeElement.id === "text"`)
	ann.do(input.InsertText("@lee"))
	offers("Zoë Lee")
	ann.do(chromedp.Click("#who-0", chromedp.ByQuery))
	ann.becomes(field + `.value.endsWith("@Zoë Lee ") && document.activeElement.id === "text"`)
	ann.do(input.InsertText("mail@b"))
	offers("")

	// By a finger.
	ann.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateTouch, chromedp.EmulateMobile),
		chromedp.Evaluate(paints, nil, awaited),
		chromedp.Focus("#text", chromedp.ByQuery), // which the other kind of window may have taken
		input.InsertText(" @be"))
	offers("bea")
	ann.is("a finger hits it", who+`.querySelector("li").getBoundingClientRect().height >= 44`)
	ann.do(chromedp.Evaluate(`document.querySelector("#who-0").click()`, nil))
	ann.becomes(field + `.value.endsWith("mail@b @bea ")`)
	ann.noErrors()
}

// A message that names the reader stands out, counts in the title, and a button
// leads to it.
func TestMentions(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	bob := harness.JoinAll(t, 1, func(int) client.Options {
		return client.Options{URL: "ws://" + p.Addr + "/ws", Name: "bob"}
	})[0]
	say := func(text string) {
		t.Helper()
		if _, err := bob.Send(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.enter()
	say("hello @bob and @nobody, not `@ann`")
	ann.shows("hello @bob and @nobody, not @ann")
	ann.is("code names nobody", `!document.querySelector("[data-mentions-me]")`)
	ann.is("who is named is marked",
		`[...document.querySelectorAll("#messages .at")].map(e => e.innerText).join() === "@bob"`)

	say("where are you, @Ann?")
	ann.waitFor(newest + `.querySelector(".at.me")?.innerText === "@Ann"`)
	ann.is("it stands out", newest+`.hasAttribute("data-mentions-me")`)
	ann.is("what is on the screen needs no button", `document.querySelector("#mentioned").hidden`)
	ann.shootBoth("mention")

	// Far above the newest, while the reader reads there.
	for range 40 {
		say("much\nis\nsaid")
	}
	ann.waitFor(`document.querySelectorAll("#messages li").length === 42`)
	ann.do(chromedp.Evaluate(`document.querySelector("#messages li").scrollIntoView()`, nil))
	ann.becomes(`!document.querySelector("#newer").hidden`)
	say("@ann, one")
	say("a line")
	say("@ann, two")
	ann.waitFor(`document.querySelector("#mentioned").innerText.trim() === "@ 2"`)
	ann.is("a screen reader knows", `document.querySelector("#mentioned").getAttribute("aria-label") ===
		"Jump to the next of 2 mentions of you"`)
	ann.shootBoth("mention-pill")
	ann.do(chromedp.Click("#mentioned", chromedp.ByQuery))
	ann.becomes(focusedText + ` === "@ann, one"`)
	ann.becomes(`document.querySelector("#mentioned").hidden`) // both are on the screen

	// In the title while nobody looks.
	ann.do(emulation.SetFocusEmulationEnabled(false),
		chromedp.Evaluate(`Object.defineProperty(document, "hidden",
		{configurable: true, get: () => true}), document.dispatchEvent(new Event("visibilitychange"))`, nil))
	say("a line")
	ann.waitFor(`document.title.startsWith("(1) ")`)
	say("@ann, three")
	ann.waitFor(`document.title.startsWith("(@1) ")`)
	ann.noErrors()
}
