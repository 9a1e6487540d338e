package live

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"livechat/load/report"
)

//go:embed page.html
var pageText string

//go:embed page.css
var ownStyle string

//go:embed page.js
var script string

// page is the page with its style and script in it, and policy is what a browser
// may load for it: nothing else.
var page, policy = func() (page, policy string) {
	style := report.Style + ownStyle
	page = strings.NewReplacer("{{style}}", style, "{{script}}", script).Replace(pageText)
	policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", digest(style), digest(script))
	return page, policy
}()

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

const (
	maxViewers = 20               // streams at the same time
	heartbeat  = 15 * time.Second // between two events, or a proxy thinks that the stream is dead
	maxScrapes = 4                // at the same time
)

func (l *Server) routes() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(l.state))
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = fmt.Fprint(w, page) // the browser is gone
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		defer l.scrapes.begin()()
		metrics.ServeHTTP(w, r)
	})
	viewers := make(chan struct{}, maxViewers)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		select {
		case viewers <- struct{}{}:
			defer func() { <-viewers }()
			l.stream(w, r)
		default:
			http.Error(w, "too many pages watch this run", http.StatusServiceUnavailable)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// An error means that there are no deadlines, which a real connection has.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		if !l.shownAt(r.Host) {
			http.Error(w, wrongHost, http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// stream sends events until the run or the server has ended, or the page is
// gone.
func (l *Server) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	var at place
	for {
		e, changed := l.state.since(&at)
		text, err := json.Marshal(e)
		if err != nil {
			return // impossible: there are numbers and texts in it
		}
		_ = control.SetWriteDeadline(time.Now().Add(answerTime)) // as in routes
		if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil || control.Flush() != nil {
			return
		}
		if e.finished {
			return
		}
		timer.Reset(heartbeat)
		select {
		case <-changed:
		case <-timer.C:
		case <-l.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}
