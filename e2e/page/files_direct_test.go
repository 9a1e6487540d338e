package page

import (
	"fmt"
	"image"
	"testing"

	"github.com/chromedp/chromedp"
)

// A user who opens the address of a picture or a film sees it, although the
// policy of the answer forbids nearly everything.
func TestFilesOpenedDirectly(t *testing.T) {
	t.Parallel()
	server, ann := openAlone(t)
	base := "http://" + server.Addr
	recorded := ann.film()
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 300, 200)))
	ann.do(chromedp.Navigate(uploadTo(t, base, "cat.png", picture)),
		chromedp.Poll(`document.images.length === 1 && document.images[0].naturalWidth === 300`, nil))
	ann.do(chromedp.Navigate(uploadTo(t, base, "film.webm", recorded)),
		chromedp.Poll(`document.querySelector('video')?.videoWidth === 160`, nil))
}

// A file that could run a script is saved instead, whatever it is called.
func TestFilesRunNoScript(t *testing.T) {
	t.Parallel()
	server, ann := openAlone(t)
	base := "http://" + server.Addr
	script := `<script>document.cookie = 'owned=1; path=/'</script>`
	for name, content := range map[string]string{
		"a.html": "<!doctype html>" + script,
		"a.svg":  `<svg xmlns="http://www.w3.org/2000/svg">` + script + `</svg>`,
		"a.xml":  `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">` + script + `</html>`,
		"a.png":  "<html>" + script,
		"a.txt":  script,
	} {
		url := uploadTo(t, base, name, []byte(content))
		// a download is no navigation, which Chromium calls an error
		ann.do(chromedp.Evaluate(fmt.Sprintf(`void window.open(%q)`, url), nil))
		ann.do(chromedp.Evaluate(fmt.Sprintf(
			`fetch(%q).then((r) => r.headers.get('Content-Disposition'))`, url), &content, awaited))
		if len(content) < 10 || content[:10] != "attachment" {
			t.Errorf("%s: %q", name, content)
		}
	}
	var cookies string
	ann.do(chromedp.Evaluate(`document.cookie`, &cookies))
	if cookies != "" {
		t.Errorf("a script has run: %s", cookies)
	}
}
