// Package report presents a run as text and as a self-contained page.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"livechat/load/record"
)

// row is a row of the summary. The value may have several lines.
type row struct{ name, value string }

// Text writes the summary of a run.
func Text(out io.Writer, r *record.Run) error {
	tab := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tab)
	for _, line := range summary(r) {
		for text := range strings.SplitSeq(line.value, "\n") {
			fmt.Fprintf(tab, "%s\t%s\n", line.name, text)
			line.name = ""
		}
	}
	if err := tab.Flush(); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if err := verdictText(out, r); err != nil {
		return err
	}
	for _, a := range r.Advice {
		fmt.Fprintf(out, "\nnote: %s\n", a)
	}
	faults := Failures(r)
	if len(faults) == 0 {
		_, err := fmt.Fprintf(out, "\npassed: %s\n", passed(r))
		return err
	}
	fmt.Fprintln(out, "\nFAILED")
	for _, v := range faults {
		fmt.Fprintf(out, "  %s\n", v)
	}
	return nil
}

// summary returns the rows of the summary.
func summary(r *record.Run) []row {
	t, l := &r.Totals, &r.Latency
	lines := []row{
		{"load", load(r)},
		{"messages", fmt.Sprintf("%s sent%s, %s%s", count(t.Sent), changes(t), acked(r), refusals(t))},
		{"deliveries", fmt.Sprintf("%s, %s a second", count(t.Delivered),
			count(int64(float64(t.Delivered)/max(t.Seconds, 1e-9))))},
		{"latency", fmt.Sprintf("median %s, 90 %% %s, 99 %% %s, 99.9 %% %s, longest %s", milli(l.P50),
			milli(l.P90), milli(l.P99), milli(l.P999), milli(l.Max))},
		{"faults", fmt.Sprintf("%s lost, %s duplicated, %s out of order", count(t.Lost),
			count(t.Duplicated), count(t.Reordered))},
		{"connections", connections(t)},
		{"servers", servers(r)},
	}
	if r.Settings.Target != "" {
		lines = slices.Insert(lines, 1, row{"target", target(r)})
	}
	if all := did(r); len(all) > 0 {
		lines = slices.Insert(lines, 1, row{"scenario", strings.Join(all, "\n")})
	}
	if e := r.Settings.Experiment; e != nil {
		lines = slices.Insert(lines, 0, row{"experiment", experiment(e)})
	}
	if r.Context != nil && versions(r.Context) != "" {
		lines = append(lines, row{"versions", versions(r.Context)})
	}
	for _, w := range r.Workers {
		lines = append(lines, row{"worker", worker(w)})
	}
	if len(r.Workers) > 1 {
		lines = append(lines, row{"clocks", fmt.Sprintf(
			"latencies between workers are wrong by at most %s", milli(r.ClockError()))})
	}
	if all := acts(r); len(all) > 0 {
		lines = slices.Insert(lines, slices.IndexFunc(lines, func(l row) bool { return l.name == "latency" }),
			row{"people", strings.Join(all, "\n")})
	}
	if r.Network != nil {
		lines = slices.Insert(lines, 1+slices.IndexFunc(lines, func(l row) bool { return l.name == "latency" }),
			row{"network", network(r.Network)})
	}
	if len(t.FailedUploads) > 0 {
		lines = append(lines, row{"uploads", uploads(t)})
	}
	if r.Knee != nil {
		lines = append(lines, row{"knee", knee(r.Knee)})
	}
	if t.ServerEach > 0 {
		lines = append(lines, row{"processor",
			fmt.Sprintf("%.1f µs per delivery in %s", t.ServerEach, strings.Join(r.Parts, ", "))})
	}
	return append(lines, row{"load tool",
		fmt.Sprintf("%.1f µs of processor time per delivery, %.0f %% of a core, %s",
			t.LoaderEach, 100*t.LoaderCPU/max(t.Seconds, 1e-9), memory(loaderMemory(r)))})
}

func load(r *record.Run) string {
	s := r.Settings
	most := ""
	if s.Stages != "" {
		most = "up to "
	}
	text := fmt.Sprintf("%s: %s%s clients, %s%.4g messages a second of %d bytes from %s publishers, %s",
		s.Scenario, most, count(int64(s.Clients)), most, s.Rate, s.Bytes,
		count(int64(s.Publishers)), seconds(s.For))
	if s.Stages != "" {
		text += ", stages " + strings.ReplaceAll(s.Stages, ",", ", ")
	}
	text += mix(&s)
	switch {
	case s.Zipf > 0:
		text += fmt.Sprintf(", %d rooms by Zipf's law with exponent %.4g: %s clients in the biggest, %s in the "+
			"median one", s.Rooms, s.Zipf, count(int64(s.BiggestRoom)), count(int64(s.MedianRoom)))
	case s.Rooms > 1:
		text += fmt.Sprintf(", %d rooms", s.Rooms)
	case s.Room != "":
		text += ", in room " + s.Room
	}
	if !r.Complete {
		text += " (interrupted)"
	}
	return text
}

// changes returns how many of the messages are not messages but about some.
func changes(t *record.Totals) string {
	var all []string
	for _, one := range []struct {
		n    int64
		what string
	}{{t.Edits, " edits"}, {t.Deletes, " deletes"}, {t.Reactions, " reactions"}, {t.Files, " with files"}} {
		if one.n > 0 {
			all = append(all, count(one.n)+one.what)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " (of them " + strings.Join(all, ", ") + ")"
}

func refusals(t *record.Totals) (text string) {
	for _, code := range slices.Sorted(maps.Keys(t.Refused)) {
		text += fmt.Sprintf(", %s refused (%s)", count(t.Refused[code]), code)
	}
	if t.Unanswered > 0 {
		text += fmt.Sprintf(", %s not answered", count(t.Unanswered))
	}
	return text
}

// uploads returns how many attempts to upload a file failed, by reason.
func uploads(t *record.Totals) string {
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(t.FailedUploads)) {
		all = append(all, fmt.Sprintf("%s failed (%s)", count(t.FailedUploads[reason]), reason))
	}
	return strings.Join(all, ", ") + ", and were tried again"
}

func connections(t *record.Totals) string {
	text := fmt.Sprintf("%s reconnects, %s moved on request, %s failed to connect", count(t.Reconnects),
		count(t.Moved), count(t.Failed))
	for _, code := range slices.Sorted(maps.Keys(t.Closed)) {
		text += fmt.Sprintf(", %s ended (%s)", count(t.Closed[code]), code)
	}
	return text
}

// servers returns the maximum number of clients on each server.
func servers(r *record.Run) string {
	most := make(map[string]int)
	for _, s := range r.Seconds {
		for app, server := range s.Servers {
			most[app] = max(most[app], server.Connected)
		}
	}
	var all []string
	for _, app := range slices.Sorted(maps.Keys(most)) {
		all = append(all, fmt.Sprintf("%s: %s", app, count(int64(most[app]))))
	}
	return "maximum number of clients on " + strings.Join(all, ", ")
}

func knee(k *record.Knee) string {
	switch {
	case k.Broke == 0:
		return fmt.Sprintf("not found: held %.4g a second (99 %% %s); %s", k.Held, milli(k.HeldP99), k.Why)
	case k.Held == 0:
		return fmt.Sprintf("below %.4g a second: %s (99 %% %s)", k.Broke, k.Why, milli(k.P99))
	}
	return fmt.Sprintf("held %.4g a second (99 %% %s), not %.4g (99 %% %s): %s", k.Held, milli(k.HeldP99),
		k.Broke, milli(k.P99), k.Why)
}

func loaderMemory(r *record.Run) (most int64) {
	for _, s := range r.Seconds {
		most = max(most, s.Loader.Memory)
	}
	return most
}

// count formats a number with commas between thousands.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// milli formats milliseconds with about three significant digits.
func milli(v float64) string {
	switch {
	case v >= 10000:
		return fmt.Sprintf("%.1f s", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0f ms", v)
	case v >= 10:
		return fmt.Sprintf("%.1f ms", v)
	}
	return fmt.Sprintf("%.2f ms", v)
}

func seconds(v float64) string {
	return time.Duration(v * float64(time.Second)).Round(time.Millisecond).String()
}

func memory(bytes int64) string { return fmt.Sprintf("%d MB", bytes>>20) }
