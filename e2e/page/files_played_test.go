package page

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/internal/need"
)

// parts collects the statuses of the answers to requests for parts of files, by
// the name of the file.
type parts struct {
	mu  sync.Mutex
	got map[string][]int64
}

func (p *parts) of(name string) []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got[name])
}

// collectParts begins to collect those of a window.
func collectParts(w *window) *parts {
	p := &parts{got: map[string][]int64{}}
	chromedp.ListenTarget(w.ctx, func(event any) {
		e, ok := event.(*network.EventResponseReceived)
		if !ok || !strings.Contains(e.Response.URL, "/api/v1/files/") || e.Type != network.ResourceTypeMedia {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		name := e.Response.URL[strings.LastIndex(e.Response.URL, "/")+1:]
		p.got[name] = append(p.got[name], e.Response.Status)
	})
	return p
}

// A recording and a film are uploaded, sent, and played from any place, in the
// page of who sent them and after a reload. The server sends what is asked for
// of them.
func TestFilesPlayed(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, ann := enterAlone(t)
	got := collectParts(ann)
	ann.attaches(fileOf(t, "quiet.mp3", silence(20)), fileOf(t, "film.webm", ann.film()))
	ann.hasAttached("quiet.mp3: done", "film.webm: done")
	ann.do(chromedp.Click("#send", chromedp.ByQuery))
	ann.messagesAre(1)
	for range 2 {
		ann.becomes(`(audio => audio?.readyState >= 1 && Math.abs(audio.duration - 20) < 0.5)(
			document.querySelector("#messages audio"))`)
		ann.becomes(`document.querySelector("#messages video")?.videoWidth === 160`)
		for media, from := range map[string]float64{"audio": 12, "video": 0} {
			var reached float64
			ann.do(chromedp.Evaluate(fmt.Sprintf(`new Promise((done, fail) => {
				const media = document.querySelector("#messages %s")
				media.muted = true // nobody has clicked
				media.onerror = () => fail(media.error)
				media.ontimeupdate = () => {
					if (media.currentTime <= %[2]v) return
					media.pause()
					done(media.currentTime)
				}
				media.currentTime = %[2]v
				media.play().catch(fail)
			})`, media, from), &reached, awaited))
			if reached <= from {
				t.Errorf("the %s was played to %v", media, reached)
			}
		}
		ann.reload()
		ann.state("connected")
		ann.messagesAre(1)
	}
	for _, name := range []string{"quiet.mp3", "film.webm"} {
		if statuses := got.of(name); !slices.Contains(statuses, 206) || slices.Contains(statuses, 200) {
			t.Errorf("the requests for %s were answered with %v", name, statuses)
		}
	}
	ann.is("they have names", `document.querySelector("#messages audio").ariaLabel.includes("quiet.mp3") &&
		document.querySelector("#messages video").ariaLabel.includes("film.webm")`)
	ann.shootEach("files-played")
	ann.noErrors()
}

// Recordings and videos that nobody has reached are not asked for.
func TestFilesPlayedWhenReached(t *testing.T) {
	t.Parallel()
	s, ann, bob := openWithFiles(t)
	id, clip := s.put("clip.mp4", "video/mp4", []byte("no video"), nil)
	song, audio := s.put("song.mp3", "audio/mpeg", []byte("no song"), nil)
	bob.say(filesText("", clip, audio))
	for i := range 30 {
		bob.say(fmt.Sprint("line ", i))
	}
	ann.messagesAre(31)
	asked := func() int {
		return strings.Count(strings.Join(s.requests(), "\n"), id) +
			strings.Count(strings.Join(s.requests(), "\n"), song)
	}
	before := asked() // as they came, at the end of an empty log
	ann.reload()
	ann.state("connected")
	ann.messagesAre(31)
	ann.do(chromedp.Evaluate(paints, nil, awaited))
	if n := asked(); n != before {
		t.Errorf("at the end of the log the page asks %d times", n-before)
	}
	ann.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop = 0`, nil))
	ann.becomes(`document.querySelector("#messages .tile[data-failed]") &&
		document.querySelector("#messages .audio[data-failed]")`)
	if asked() < before+2 {
		t.Error("what is reached is not asked for")
	}
	ann.noErrors()
}
