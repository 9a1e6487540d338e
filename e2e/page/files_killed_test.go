package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

// noisy returns a photo of 20 MB: noise, which cannot be packed.
func noisy(t *testing.T) []byte {
	t.Helper()
	m := image.NewYCbCr(image.Rect(0, 0, 3600, 2700), image.YCbCrSubsampleRatio420)
	r := rand.NewChaCha8([32]byte{7})
	for _, plane := range [][]byte{m.Y, m.Cb, m.Cr} {
		_, _ = r.Read(plane) // never fails
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	if mb := b.Len() >> 20; mb < 18 || mb > 22 {
		t.Fatalf("the photo has %d MB", mb)
	}
	return b.Bytes()
}

// paged returns a PDF with that many pages of 40 KB of text each.
func paged(pages int) []byte {
	var b bytes.Buffer
	var at []int // of each object
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format+"\nendobj\n", args...)
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 4+2*i)
	}
	object("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids.String())
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	for i := range pages {
		object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"+
			"/Resources<</Font<</F 3 0 R>>>>>>", len(at)+2)
		var text strings.Builder
		text.WriteString("BT /F 8 Tf 9 TL 40 800 Td\n")
		for line := range 400 {
			fmt.Fprintf(&text, "(page %03d, line %03d, %s) Tj T*\n", i+1, line+1,
				strings.Repeat("of the plan ", 6))
		}
		text.WriteString("ET")
		object("<</Length %d>>\nstream\n%s\nendstream", text.Len(), text.String())
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return b.Bytes()
}

// filesOf waits until a client has received that many messages, each with one
// file, and returns those by their names.
func filesOf(t *testing.T, m *harness.Member, count int) map[string]client.File {
	t.Helper()
	harness.Eventually(t, time.Minute, "a client", func() error {
		if n := len(m.Received()); n < count {
			return fmt.Errorf("has %d messages, want %d", n, count)
		}
		return nil
	})
	files := map[string]client.File{}
	all := m.Received()
	for _, e := range all {
		for _, file := range m.Files(e.ID) {
			files[file.Name] = file
		}
		if n := len(m.Files(e.ID)); n != 1 {
			t.Errorf("message %q has %d files", e.Text, n)
		}
	}
	if len(all) != count || len(files) != count {
		t.Fatalf("received %v with the files %v, want %d", all, files, count)
	}
	return files
}

// resumed notes where each upload of the window is sent from: the offsets by the
// path of the upload.
func (w *window) resumed() func() map[string][]string {
	var mu sync.Mutex
	from := map[string][]string{}
	chromedp.ListenTarget(w.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && e.Request.Method == http.MethodPatch {
			mu.Lock()
			defer mu.Unlock()
			from[e.Request.URL] = append(from[e.Request.URL], fmt.Sprint(e.Request.Headers["Upload-Offset"]))
		}
	})
	return func() map[string][]string {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(from)
	}
}

// get fetches what a file's address has.
func get(t *testing.T, url string) []byte {
	t.Helper()
	res, err := testapi.Ask(harness.Within(t, time.Minute), http.MethodGet, url, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, res.Status, err)
	}
	return res.Body
}

func sum(b []byte) string {
	hash := sha256.Sum256(b)
	return hex.EncodeToString(hash[:])
}

// A photo of 20 MB and a document of 200 pages go through Nginx and HAProxy to
// an API process that is killed with both of them in its hands. Each ends up as
// one file in one message, and ten others see it, the photo with a preview.
func TestFilesOverAKilledAPI(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	store := map[string]string{"DATABASE_URL": testpg.New(t).Database(), "FILES_URL": "file:" + t.TempDir()}
	c := harness.Start(t, localcluster.Options{API: 2, DB: store["DATABASE_URL"], Nginx: true,
		Env: map[string]string{"FILES_URL": store["FILES_URL"]}})
	site := strings.TrimSuffix(c.PageURL(), "/")
	ann, bob := openPair(t, c.PageURL())
	eve := openWindow(t, ann.browser, "eve", c.PageURL())
	eve.enter()
	others := harness.JoinAll(t, 8, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprint("client ", i)}
	})
	ann.sendsWholePictures()
	photo, plan := noisy(t), paged(200)

	// Only one process is there to take both.
	if err := c.APIs[1].Kill(); err != nil {
		t.Fatal(err)
	}
	from := ann.resumed()
	ann.do(network.EmulateNetworkConditions(false, 0, -1, 3<<19)) // bytes a second
	ann.attaches(fileOf(t, "harbour.jpg", photo))
	ann.hasAttached("harbour.jpg: going")
	ann.say("the harbour")
	ann.attaches(fileOf(t, "plan.pdf", plan))
	ann.becomes(`document.querySelector("#attached progress")?.value > 0.15`)
	ann.say("the plan")
	ann.holds("the harbour", "the plan")
	if err := c.APIs[1].Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := c.APIs[0].Kill(); err != nil {
		t.Fatal(err)
	}
	ann.do(network.EmulateNetworkConditions(false, 0, -1, -1))

	ann.becomes(`document.querySelectorAll("#log li.message[data-state=sent]").length === 2`)
	for path, offsets := range from() {
		t.Logf("%s is sent from %s", path, offsets)
		if len(offsets) < 2 || offsets[len(offsets)-1] == "0" {
			t.Errorf("%s was not cut off, or not continued: %s", path, offsets)
		}
	}
	for _, m := range others {
		files := filesOf(t, m, 2)
		for name, content := range map[string][]byte{"harbour.jpg": photo, "plan.pdf": plan} {
			file := files[name]
			if got := get(t, site+file.Path()); sum(got) != sum(content) {
				t.Errorf("%s has %d bytes, want the %d that were sent", name, len(got), len(content))
			}
		}
		file := files["harbour.jpg"]
		for _, size := range []int{320, 1280} {
			preview, _, err := image.Decode(bytes.NewReader(
				get(t, fmt.Sprint(site, file.Path(), "?size=", size))))
			if err != nil || preview.Bounds().Dx() != size {
				t.Errorf("the preview of %d pixels: %v", size, err)
			}
		}
	}
	for _, w := range []*window{ann, bob, eve} {
		source := "?size="
		if w == ann {
			source = "" // it may show its own copy
		}
		w.becomes(fmt.Sprintf(`document.querySelectorAll("#log li.message").length === 2 &&
			(img => img?.complete && img.naturalWidth > 0 && img.currentSrc.includes(%q))(
				document.querySelector("#messages img")) &&
			document.querySelector("#messages a.document")?.download === "plan.pdf"`, source))
		w.noErrors("/api/v1/files/", "net::ERR_")
	}
	archive(t, c.APIs[1], 2)
	checksFiles(t, store, 2)
}

// checksFiles waits until `livechat admin files check` finds that many files and
// nothing wrong.
func checksFiles(t *testing.T, settings map[string]string, count int) {
	t.Helper()
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, time.Minute, "the check of the files", func() error {
		check := exec.CommandContext(t.Context(), binary, "admin", "files", "check")
		for name, value := range settings {
			check.Env = append(check.Env, name+"="+value)
		}
		out, err := check.CombinedOutput()
		if err == nil && !strings.HasPrefix(string(out), fmt.Sprintf("files %d,", count)) {
			err = fmt.Errorf("want %d files", count)
		}
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}

// sendsWholePictures switches off that the page makes pictures smaller.
func (w *window) sendsWholePictures() {
	w.t.Helper()
	w.attaches(pictureOf(w.t, "large.png", 2600, 8))
	w.do(chromedp.WaitVisible(".smaller input", chromedp.ByQuery),
		chromedp.Click(".smaller input", chromedp.ByQuery))
	w.hasAttached("large.png: done")
	w.do(chromedp.Click("#attached .remove", chromedp.ByQuery))
	w.hasAttached()
}
