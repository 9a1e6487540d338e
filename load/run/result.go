package run

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"livechat/load/record"
)

// result assembles the result after all goroutines have stopped. complete is
// false if the run was interrupted.
func (r *run) result(publishers int, complete bool) *record.Run {
	missing := r.close()
	s, c := &r.settings, &r.counts
	result := &record.Run{Version: record.Version, Began: r.began, Machine: machine(),
		Seconds: r.sampler.seconds, Marks: r.marks, Knee: r.knee, Parts: r.sampler.parts, Complete: complete}
	result.Settings = record.Settings{Scenario: s.Scenario.Name, About: s.Scenario.About, URLs: s.URLs,
		Clients: s.Clients, Publishers: publishers, Rooms: s.Rooms,
		Rate: s.Rate, Bytes: s.Bytes, Edits: s.Edits, Deletes: s.Deletes, Reactions: s.Reactions,
		Files: s.WithFile,
		For:   s.For.Seconds(), Warmup: s.Warmup.Seconds(), Seed: s.Seed}
	if s.WithFile > 0 {
		result.Settings.FileSize = s.FileSize
	}
	if s.Think > 0 {
		result.Settings.Rate = float64(publishers) / s.Think.Seconds()
	}
	t := &result.Totals
	result.Latency, result.Curve, t.Delivered, t.Measured = r.meter.whole()
	t.Sent, t.Acked, t.Refused = r.sent.Load(), r.acked.Load(), r.refusedBy
	t.Edits, t.Deletes, t.Unanswered = r.edits.Load(), r.deletes.Load(), r.unanswered()
	t.Files, t.FailedUploads = r.files.Load(), r.uploadsBy
	t.Reactions, t.Miscounted = r.reactions.Load(), r.wrongReactions()
	t.Lost, t.Announced, t.Duplicated = c.lost.Load(), c.announced.Load(), c.duplicated.Load()
	t.Reordered, t.Resets = c.reordered.Load(), c.resets.Load()
	t.Reconnects, t.Moved, t.Failed = r.reconnects.Load(), r.moved.Load(), r.failures.Load()
	t.Closed = r.closedBy
	t.Seconds, t.LoaderCPU = r.sampler.took.Seconds(), r.sampler.selfCPU.Seconds()
	if got := float64(r.sampler.delivered); got > 0 {
		t.LoaderEach = t.LoaderCPU * 1e6 / got
		t.ServerEach = r.sampler.cpu.Seconds() * 1e6 / got
	}
	result.Verdict = append(verdict(t, c.excused.Load()), r.scenarioErrors...)
	if missing > 0 {
		result.Verdict = append(result.Verdict,
			fmt.Sprintf("%d clients were not connected at the end", missing))
	}
	result.Advice = advice(result)
	return result
}

// close closes the accounts: what is in the log and has not arrived is lost. It
// returns how many clients were not connected at the end.
func (r *run) close() (missing int) {
	final := make(map[*roomLog]uint64)
	for _, m := range r.members {
		if l := m.account.log; l != nil {
			final[l] = max(final[l], m.account.high.Load(), l.acked.Load())
		}
	}
	for _, m := range r.members {
		m.account.end(final[m.account.log])
		if !m.present {
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
	say(t.Miscounted, "%d messages have other reactions than were acked")
	for code, n := range t.Refused {
		say(n, "%d messages were refused: %s", code)
	}
	return all
}

// advice returns what the user should know about the figures.
func advice(result *record.Run) (all []string) {
	t, s := &result.Totals, &result.Settings
	if late := s.Rate*(s.For+s.Warmup)*0.95 - float64(t.Sent); late > 0 && result.Complete &&
		s.Scenario != "ramp" {
		all = append(all,
			fmt.Sprintf("only %d of about %.0f messages were sent in time: the connections were saturated",
				t.Sent, s.Rate*(s.For+s.Warmup)))
	}
	for reason := range t.Refused {
		if strings.HasSuffix(reason, " "+quota) {
			all = append(all, "the server has no room for more files of guests: start it with "+
				"GUEST_FILES_DAY=0 GUEST_FILES_MAX=0 FILES_MAX=0, or use fewer or smaller files")
			break
		}
	}
	cores := float64(runtime.NumCPU())
	if busy := t.LoaderCPU / max(t.Seconds, 1e-9); busy > 0.7*cores {
		all = append(all,
			fmt.Sprintf(
				"the load tool used %.1f of %.0f cores, so latencies include its waits: use another "+
					"machine or fewer clients", busy, cores))
	}
	return all
}

// machine describes the machine that the load tool runs on.
func machine() string {
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
