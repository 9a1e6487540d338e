package browsers

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"livechat/e2e/harness"
)

// driver controls one browser.
type driver interface {
	// do sends a command, with the id of an element if it concerns one, and reads
	// its result unless result is nil. Commands that change nothing have no params.
	do(ctx context.Context, c command, element string, params map[string]any, result any) error
}

// command is a command of WebDriver: its name in Marionette, and its path in
// HTTP with a place for the element's id.
type command struct{ marionette, path string }

var (
	newSession  = command{"WebDriver:NewSession", "/session"}
	navigate    = command{"WebDriver:Navigate", "/url"}
	refresh     = command{"WebDriver:Refresh", "/refresh"}
	execute     = command{"WebDriver:ExecuteScript", "/execute/sync"}
	findElement = command{"WebDriver:FindElement", "/element"}
	click       = command{"WebDriver:ElementClick", "/element/%s/click"}
	sendKeys    = command{"WebDriver:ElementSendKeys", "/element/%s/value"}
	screenshot  = command{"WebDriver:TakeScreenshot", "/screenshot"}
)

const (
	elementKey = "element-6066-11e4-a52e-4f735466cecf" // WebDriver's name for an element's id
	enterKey   = "\uE007"
)

// window is one user's browser.
type window struct {
	t      *testing.T
	name   string
	driver driver
}

func (w *window) do(c command, element string, params map[string]any, result any) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 40*time.Second)
	defer cancel()
	if err := w.driver.do(ctx, c, element, params, result); err != nil {
		w.t.Fatalf("%s: %s: %v", w.name, c.marionette, err)
	}
}

// evaluate reads the value of an expression in the page.
func (w *window) evaluate(expression string, result any) {
	w.t.Helper()
	w.do(execute, "", map[string]any{"script": "return " + expression, "args": []any{}}, result)
}

// becomes waits until the expression is true in the page.
func (w *window) becomes(expression string) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, w.name+": "+expression, func() error {
		var is bool
		w.evaluate("!!("+expression+")", &is)
		return harness.ErrIf(!is)
	})
}

// find waits for an element.
func (w *window) find(selector string) (id string) {
	w.t.Helper()
	w.becomes(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, selector))
	var found map[string]string
	w.do(findElement, "", map[string]any{"using": "css selector", "value": selector}, &found)
	return found[elementKey]
}

func (w *window) click(selector string) {
	w.t.Helper()
	w.do(click, w.find(selector), map[string]any{}, nil)
}

func (w *window) types(selector, text string) {
	w.t.Helper()
	w.do(sendKeys, w.find(selector), map[string]any{"text": text}, nil)
}

// say writes a message and presses Enter.
func (w *window) say(text string) {
	w.t.Helper()
	w.types("#text", text+enterKey)
}

// shown is a message as the page shows it.
type shown struct {
	State string `json:"state"`
	App   string `json:"app"`
	Text  string `json:"text"`
	Own   bool   `json:"own"`
}

// shows waits until the window shows exactly these texts, in order and as sent.
func (w *window) shows(want []string) (all []shown) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, w.name+"'s window", func() error {
		w.evaluate(`[...document.querySelectorAll("#log li.message")].map(li => ({ state: li.dataset.state,
			app: li.dataset.app, own: "own" in li.dataset, text: li.querySelector(".text").innerText }))`, &all)
		var got []string
		for _, m := range all {
			if m.State != "sent" {
				return fmt.Errorf("%+v is not sent", m)
			}
			got = append(got, m.Text)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("shows %q, want %q", got, want)
		}
		return nil
	})
	return all
}

// shoot saves a screenshot; go test -artifacts -outputdir DIR keeps it.
func (w *window) shoot(name string) {
	w.t.Helper()
	var encoded string
	w.do(screenshot, "", nil, &encoded)
	png, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil {
		err = os.WriteFile(filepath.Join(w.t.ArtifactDir(), name+".png"), png, 0o600)
	}
	if err != nil {
		w.t.Error(err)
	}
}
