package live

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/report"
	"livechat/load/run"
)

// Phases of a run besides those of run.Live.
const (
	starting = "starting"
	ended    = "ended"
)

// state is what is known of the run. It is safe for concurrent use.
type state struct {
	settings *plan.Settings
	about    about

	mu        sync.Mutex
	history   history
	latencies latencies
	live      run.Live // the last second, without marks and histograms
	phase     string
	due       int64 // expected deliveries so far
	rate      float64
	end       *end
	changed   chan struct{} // closed when anything changes
}

// about is what does not change.
type about struct {
	Title   string `json:"title"`
	Lead    string `json:"lead"`
	Command string `json:"command"`
}

// end is how the run has ended.
type end struct {
	Passed   bool     `json:"passed"`
	Complete bool     `json:"complete"` // not interrupted
	Verdict  []string `json:"verdict"`
}

func newState(s *plan.Settings, command []string) *state {
	a := about{Lead: "Scenario: " + s.Scenario.About + ".",
		Title: fmt.Sprintf("%s · %d clients · %.4g messages a second", s.Scenario.Name, s.Clients, s.Rate)}
	if s.Think > 0 {
		a.Title = fmt.Sprintf("%s · %d clients", s.Scenario.Name, s.Clients)
	}
	if len(s.Stages) > 0 {
		a.Lead = "Stages: " + s.Stages.String() + ". " + a.Lead
	}
	a.Command = record.Redact(report.CommandLine(command))
	return &state{settings: s, about: a, phase: starting, changed: make(chan struct{}),
		latencies: newLatencies()}
}

// address returns where the load goes.
func (s *state) address() string { return record.Redact(strings.Join(s.settings.URLs, ", ")) }

func (s *state) tell(now run.Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latencies.add(now.Histogram)
	s.history.add(now.Second, now.Wanted)
	for _, m := range now.Marks {
		s.history.mark(m)
	}
	now.Marks, now.Histogram, now.Servers = nil, nil, nil
	s.live, s.phase = now, now.Phase
	s.due += now.Second.Due
	s.rate = 0
	if now.Past > 0 && now.Phase != "settling" {
		s.rate = s.settings.RateAt(now.Past)
	}
	s.changeLocked()
}

func (s *state) finish(r *record.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history.flush()
	s.history.marks, s.history.forgotten = nil, 0
	s.history.generation++ // the marks are in order now
	for _, m := range r.Marks {
		s.history.mark(m)
	}
	s.live.Totals, s.live.Wanted = r.Totals, 0
	s.live.Second = record.Second{At: s.live.Second.At, Latency: r.Latency}
	s.phase, s.rate = ended, 0
	s.end = &end{Complete: r.Complete, Verdict: report.Failures(r)}
	s.end.Passed = len(s.end.Verdict) == 0
	for i, text := range s.end.Verdict {
		s.end.Verdict[i] = record.Redact(text)
	}
	s.changeLocked()
}

// fail shows that the run has no result.
func (s *state) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		s.phase, s.rate, s.end = ended, 0, &end{Complete: true, Verdict: []string{record.Redact(err.Error())}}
		s.changeLocked()
	}
}

func (s *state) changeLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// event is what a page is told. A page that knows nothing yet, or something that
// is different now, is told everything (Reset).
type event struct {
	Reset    bool    `json:"reset"`
	About    *about  `json:"about,omitempty"`
	Points   []point `json:"points"`
	Marks    []mark  `json:"marks"`
	Phase    string  `json:"phase"`
	Past     float64 `json:"past"`  // seconds
	Whole    float64 `json:"whole"` // seconds
	At       float64 `json:"at"`    // seconds since the beginning
	Clients  int     `json:"clients"`
	Wanted   int64   `json:"wanted"`
	Now      point   `json:"now"` // the last second
	Totals   totals  `json:"totals"`
	End      *end    `json:"end,omitempty"`
	finished bool
}

type totals struct {
	Sent       int64 `json:"sent"`
	Acked      int64 `json:"acked"`
	Refused    int64 `json:"refused"`
	Delivered  int64 `json:"delivered"`
	Lost       int64 `json:"lost"`
	Duplicated int64 `json:"duplicated"`
	Reordered  int64 `json:"reordered"`
	Reconnects int64 `json:"reconnects"`
	Moved      int64 `json:"moved"`
	Failed     int64 `json:"failed"`
}

// place is what a page knows of the history.
type place struct {
	generation    int // 0: nothing
	points, marks int
}

// since returns what a page does not know yet, where it is then, and a channel
// that is closed when there is more.
func (s *state) since(p *place) (event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, l := &s.history, &s.live
	e := event{Phase: s.phase, Past: l.Past.Seconds(), Whole: l.Whole.Seconds(), At: l.Second.At,
		Clients: l.Second.Connected, Wanted: l.Wanted, Now: pointOf(l.Second, l.Wanted), End: s.end,
		finished: s.end != nil, Totals: totalsOf(&l.Totals)}
	if p.generation != h.generation+1 {
		*p = place{generation: h.generation + 1}
		e.Reset, e.About = true, &s.about
	}
	e.Points = slices.Clone(h.points[p.points:])
	e.Marks = slices.Clone(h.marks[max(0, p.marks-h.forgotten):])
	p.points, p.marks = len(h.points), h.forgotten+len(h.marks)
	return e, s.changed
}

func totalsOf(t *record.Totals) totals {
	all := totals{Sent: t.Sent, Acked: t.Acked, Delivered: t.Delivered, Lost: t.Lost,
		Duplicated: t.Duplicated, Reordered: t.Reordered, Reconnects: t.Reconnects, Moved: t.Moved,
		Failed: t.Failed}
	for _, n := range t.Refused {
		all.Refused += n
	}
	return all
}
