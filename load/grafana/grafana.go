// Package grafana puts what happens in a run into Grafana, as annotations. A
// Grafana that does not answer costs the run nothing but a warning.
package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"livechat/load/record"
	"livechat/load/report"
	"livechat/load/run"
)

// Tag is what the annotations of all runs have in common.
const Tag = "livechat-load"

// TokenVariable is the environment variable with the token of a service account
// of Grafana: a flag would show it in the list of processes.
const TokenVariable = "GRAFANA_TOKEN"

const (
	postTime  = 3 * time.Second // for one annotation
	closeTime = 5 * time.Second // for those that are left in the end
	maxQueue  = 500             // annotations that wait; more are left out
	maxText   = 4000            // bytes
)

// Annotations posts annotations. A nil value posts nothing. Except Warning, its
// methods must not be called concurrently.
type Annotations struct {
	address string
	token   string
	client  *http.Client
	command string // of the run, without secrets
	tags    []string

	began time.Time
	told  map[record.Mark]bool
	over  bool // the end is posted
	queue chan annotation
	done  chan struct{} // closed when the queue is empty and closed
	stop  context.CancelFunc

	warning atomic.Pointer[string] // not read yet
	warned  bool                   // owned by the goroutine that posts
}

// annotation is what Grafana is told.
type annotation struct {
	Time    int64    `json:"time"`              // Unix ms
	TimeEnd int64    `json:"timeEnd,omitempty"` // 0: a moment
	Tags    []string `json:"tags"`
	Text    string   `json:"text"`
}

// CheckAddress returns an error that names the flag if there cannot be a Grafana
// at an address.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("-grafana %q: want http://host:port", record.Redact(address))
	}
	return nil
}

// Begin posts that a run begins with this command line. The address is that of
// Grafana; CheckAddress must have accepted it. The token may be empty, for a
// Grafana that lets everybody write.
func Begin(address, token, scenario string, command []string) *Annotations {
	ctx, stop := context.WithCancel(context.Background())
	a := &Annotations{address: address, token: token, began: time.Now(), stop: stop,
		command: record.Redact(report.CommandLine(command)), tags: []string{Tag, "scenario:" + scenario},
		told: make(map[record.Mark]bool), queue: make(chan annotation, maxQueue), done: make(chan struct{}),
		client: &http.Client{Timeout: postTime, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment},
			// A page that asks for a login is no success.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	go a.post(ctx)
	a.add(a.began, time.Time{}, "run", "begins: "+a.command)
	return a
}

// Tell posts the marks of the last second.
func (a *Annotations) Tell(l run.Live) {
	if a == nil {
		return
	}
	a.began = l.Began
	a.marks(l.Marks)
}

// Finish posts the rest of the marks, and the whole run with how it ended.
func (a *Annotations) Finish(r *record.Run) {
	if a == nil {
		return
	}
	a.began, a.over = r.Began, true
	a.marks(r.Marks)
	text := "passed"
	if problems := report.Failures(r); len(problems) > 0 {
		text = "failed: " + strings.Join(problems, "; ")
	}
	if !r.Complete {
		text = "interrupted, " + text
	}
	a.add(a.began, time.Now(), "run", text+"\n"+a.command)
}

// Fail posts that the run has no result, unless it has finished.
func (a *Annotations) Fail(err error) {
	if a != nil && !a.over {
		a.over = true
		a.add(a.began, time.Now(), "run", "no result: "+err.Error()+"\n"+a.command)
	}
}

// Warning returns what went wrong first, once; else "". It is safe for
// concurrent use.
func (a *Annotations) Warning() string {
	if a == nil {
		return ""
	}
	if text := a.warning.Swap(nil); text != nil {
		return *text
	}
	return ""
}

// Close waits until everything is posted, for 5 s at most.
func (a *Annotations) Close() {
	if a == nil {
		return
	}
	close(a.queue)
	late := time.AfterFunc(closeTime, a.stop)
	<-a.done
	late.Stop()
	a.stop()
	a.client.CloseIdleConnections()
}

func (a *Annotations) marks(all []record.Mark) {
	for _, m := range all {
		m.Text = record.Redact(m.Text)
		if !a.told[m] {
			a.told[m] = true
			at := a.began.Add(time.Duration(m.At * float64(time.Second)))
			a.add(at, time.Time{}, "mark", m.Text)
		}
	}
}

// shown escapes a text: Grafana takes it for HTML.
var shown = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// add queues an annotation. If the queue is full, it is left out.
func (a *Annotations) add(from, to time.Time, kind, text string) {
	if text = record.Redact(text); len(text) > maxText {
		text = text[:maxText] + "…"
	}
	one := annotation{Time: from.UnixMilli(), Tags: append(a.tags[:len(a.tags):len(a.tags)], kind),
		Text: shown.Replace(text)}
	if !to.IsZero() {
		one.TimeEnd = to.UnixMilli()
	}
	select {
	case a.queue <- one:
	default:
	}
}

// errDenied means that every other annotation would be refused as well.
var errDenied = errors.New("it refuses annotations; set " + TokenVariable + " to a token of a service " +
	"account that is an Editor, or let everybody write")

// post posts what is queued.
func (a *Annotations) post(ctx context.Context) {
	defer close(a.done)
	denied := false
	for one := range a.queue {
		if denied || ctx.Err() != nil {
			continue
		}
		err := a.send(ctx, one)
		denied = errors.Is(err, errDenied)
		if err != nil && !a.warned {
			a.warned = true
			text := record.Redact(fmt.Sprintf("grafana: marks are missing there: %v", err))
			a.warning.Store(&text)
		}
	}
}

func (a *Annotations) send(ctx context.Context, one annotation) error {
	body, err := json.Marshal(one)
	if err != nil {
		return fmt.Errorf("encode an annotation: %w", err)
	}
	target, err := url.JoinPath(a.address, "api/annotations")
	if err != nil {
		return fmt.Errorf("find the API of %s: %w", a.address, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 1<<16) // so that the connection is used again
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s: %s: %w", target, answer.Status, errDenied)
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", target, answer.Status)
	}
	return nil
}
