package run

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"livechat/load/peer"
	"livechat/load/plan"
	"livechat/load/record"
)

// Outcome is what one process of a run has counted. All of it adds up.
type Outcome struct {
	Totals   record.Totals // without what Record computes
	Excused  int64         // deliveries that the scenario expects to miss
	Missing  int           // clients that were not connected at the end
	Latency  Histogram
	Acts     []ActCount // by plan.Act
	Network  NetworkCount
	Measured int64 // deliveries while messages were sent
	// ServerCPU is the processor time of the watched programs meanwhile.
	ServerCPU time.Duration
	Logs      []Log // only of a Part
	Marks     []record.Mark
	Knee      *record.Knee
	Did       []string // by the scenario
	Scale     *record.Scale
	Faults    []string // of the scenario itself
	Busy      string   // advice if the process was short of processor time; else ""
}

// outcome returns the outcome after all goroutines have stopped.
func (r *run) outcome() *Outcome {
	slices.SortStableFunc(r.marks, func(a, b record.Mark) int { return cmp.Compare(a.At, b.At) })
	missing, unsent := r.close(), int64(0)
	if r.target != nil {
		unsent = r.closePeer()
	}
	// Closing the accounts counts what came to nobody: totals come after it.
	o := &Outcome{Totals: r.totals(), Missing: missing, Marks: r.marks, Knee: r.knee, Did: r.did,
		Scale: r.scale, Faults: r.scenarioErrors,
		Measured: r.sampler.delivered, ServerCPU: r.sampler.cpu, Excused: r.counts.excused.Load()}
	t := &o.Totals
	t.Unsent = unsent
	o.Latency, t.Delivered = r.meter.whole()
	for _, p := range r.besides.people {
		r.acts.lose(plan.Private, p.missing())
	}
	o.Acts, o.Network = r.acts.counts(), r.network.count()
	t.Unanswered, t.Miscounted = r.unanswered(), r.wrongReactions()
	if s := r.settings.Scenario; s.Churns || len(r.settings.Stages) > 0 {
		t.Left, t.Joined = r.left.Load(), r.joined.Load()-int64(r.own(r.settings.ClientsAt(0)))
	} else if s.Slow {
		t.CutOff, t.Excused = r.cutOff.Load(), r.counts.excused.Load()+r.slowCounts.lost.Load()
		for _, m := range r.members {
			if m.slow {
				t.Slow++
			}
		}
	}
	t.Seconds, t.LoaderCPU = r.sampler.took.Seconds(), r.sampler.selfCPU.Seconds()
	o.Busy = busy(t)
	return o
}

// totals returns what has been counted so far. It is safe for concurrent use.
func (r *run) totals() (t record.Totals) {
	c, slow := &r.counts, &r.slowCounts
	t.Delivered, t.Missed = r.meter.count(), r.missed.Load()
	t.Sent, t.Acked = r.sent.Load(), r.acked.Load()
	t.Edits, t.Deletes, t.Files = r.edits.Load(), r.deletes.Load(), r.files.Load()
	t.Reactions = r.reactions.Load()
	t.Lost, t.Announced = c.lost.Load(), c.announced.Load()
	t.Duplicated = c.duplicated.Load() + slow.duplicated.Load()
	t.Reordered, t.Resets = c.reordered.Load()+slow.reordered.Load(), c.resets.Load()
	t.Reconnects, t.Moved, t.Failed = r.reconnects.Load(), r.moved.Load(), r.failures.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Refused, t.Closed = maps.Clone(r.refusedBy), maps.Clone(r.closedBy)
	t.FailedUploads = maps.Clone(r.uploadsBy)
	return t
}

// busy returns advice if this process was short of processor time.
func busy(t *record.Totals) string {
	cores := float64(runtime.NumCPU())
	busy := t.LoaderCPU / max(t.Seconds, 1e-9)
	if busy <= 0.7*cores {
		return ""
	}
	return fmt.Sprintf("the load tool used %.1f of %.0f cores, so latencies include its waits: use another "+
		"machine or fewer clients", busy, cores)
}

// Summary is what a run is besides its outcome.
type Summary struct {
	Began      time.Time
	Publishers int
	Seconds    []record.Second
	Parts      []string // watched programs
	Machine    string
	Complete   bool   // not interrupted
	Advice     string // for the case that the server refuses messages
	// Limit is how many messages a second the servers allow a connection, as
	// Probe returns it.
	Limit float64
}

// Record returns the run of these settings.
func (o *Outcome) Record(s *plan.Settings, about Summary) *record.Run {
	result := &record.Run{Version: record.Version, Began: about.Began, Machine: about.Machine,
		Settings: Recorded(s, about.Publishers), Totals: o.Totals, Seconds: about.Seconds, Marks: o.Marks,
		Knee: o.Knee, Did: o.Did, Scale: o.Scale, Parts: about.Parts, Complete: about.Complete}
	result.Acts, result.Network = actsOf(s, o.Acts), networkOf(s, &o.Network, o.Excused)
	if s.Target == "" { // others do not say it
		result.Context = &record.Context{MessageRate: &about.Limit}
	}
	if target, err := peer.ByName(s.Target); err == nil {
		result.NotAvailable = target.Lacks
	}
	t := &result.Totals
	result.Latency, result.Curve = LatencyOf(o.Latency), curveOf(o.Latency)
	t.Measured = o.Latency.TotalCount()
	if got := float64(o.Measured); got > 0 {
		t.LoaderEach = t.LoaderCPU * 1e6 / got
		t.ServerEach = o.ServerCPU.Seconds() * 1e6 / got
	}
	result.Verdict = slices.Concat(verdict(t, o.Excused), actFaults(result.Acts), o.Faults)
	if o.Missing > 0 {
		result.Verdict = append(result.Verdict,
			fmt.Sprintf("%d clients were not connected at the end", o.Missing))
	}
	due := s.Messages()
	if len(o.Faults) > 0 {
		due = 0 // the scenario ended the run
	}
	result.Advice = advice(result, due)
	if o.Busy != "" {
		result.Advice = append(result.Advice, o.Busy)
	}
	if t.Refused["rate_limited"] > 0 {
		result.Advice = append(result.Advice, cmp.Or(about.Advice, sharedLimits))
	}
	return result
}

// Recorded returns the settings of a run with that many publishers as its result
// has them.
func Recorded(s *plan.Settings, publishers int) record.Settings {
	all := record.Settings{Target: s.Target, Scenario: s.Scenario.Name, About: s.Scenario.About, URLs: s.URLs,
		Clients: s.Clients, Publishers: publishers, Rooms: s.Rooms, Room: s.RoomNamed(0),
		Rate: s.Rate, Stages: s.Stages.String(), Bytes: s.Bytes,
		Mix: s.Mix.Percents(), Network: s.Network.String(),
		For: s.For.Seconds(), Warmup: s.Warmup.Seconds(), Seed: s.Seed}
	if s.Mix[plan.Upload] > 0 {
		all.FileSize = s.FileSize
	}
	if s.Zipf > 0 {
		all.Zipf = s.Zipf
		all.BiggestRoom, all.MedianRoom = s.Sizes()
	}
	if s.Think > 0 {
		all.Rate = float64(publishers) / s.Think.Seconds()
	}
	return all
}

// close closes the accounts: what is in the log up to the cut and has not
// arrived is lost. It returns how many clients were not connected at the end.
func (r *run) close() (missing int) {
	for _, m := range r.members {
		m.account.end(r.cut[m.account.log])
		m.account.leave()
		if !m.present && !m.away.Load() {
			missing++
		}
	}
	return missing
}

func (r *run) unanswered() (n int64) {
	for _, m := range r.members {
		n += int64(len(m.unanswered()))
	}
	return n
}

// verdict returns the faults of the server, a sentence each.
func verdict(t *record.Totals, excused int64) (all []string) {
	say := func(n int64, format string, more ...any) {
		if n > 0 {
			all = append(all, fmt.Sprintf(format, append([]any{n}, more...)...))
		}
	}
	say(t.Lost, "%d deliveries were lost, of which the server announced %d", t.Announced-excused)
	say(t.Duplicated, "%d deliveries were duplicated")
	say(t.Reordered, "%d deliveries were out of order")
	say(t.Resets, "the log was replaced %d times for a client")
	say(t.Unanswered, "%d messages were neither acked nor refused")
	say(t.Miscounted, "%d messages have other reactions than were acked, unless somebody else reacted in "+
		"the room")
	for code, n := range t.Refused {
		say(n, "%d messages were refused: %s", code)
	}
	return all
}

// advice returns what the user should know about the figures of a run in which
// so many messages were due.
func advice(result *record.Run, due float64) (all []string) {
	t, s := &result.Totals, &result.Settings
	if late := due*0.95 - float64(t.Sent); late > 0 && result.Complete && s.Scenario != "ramp" {
		all = append(all,
			fmt.Sprintf("only %d of about %.0f messages were sent in time: the connections were saturated",
				t.Sent, due))
	}
	if uploads := result.ActOf(plan.Upload.String()); uploads.Failed["forbidden"] > 0 {
		all = append(all, "the servers took no files with messages: those without the HTTP API need "+
			"PostgreSQL for that")
	}
	for reason := range t.Refused {
		if strings.HasSuffix(reason, " "+quota) {
			all = append(all, "the server has no room for more files of guests: start it with "+
				"GUEST_FILES_DAY=0 GUEST_FILES_MAX=0 FILES_MAX=0, or use fewer or smaller files")
			break
		}
	}
	return all
}

// Machine describes the machine that the load tool runs on.
func Machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), model, runtime.Version())
}
