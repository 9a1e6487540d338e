package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"livechat/e2e/chaos"
	"slices"
	"strings"
)

// cases runs the named cases, or those that -only selects, and prints a line
// for each.
func (s settings) cases(ctx context.Context, out io.Writer, binary string) error {
	failed := 0
	for _, c := range chaos.Cases(s.matrix) {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if !strings.Contains(c.Name, s.only) {
			continue
		}
		o, recorded := s.options(out, binary)
		r := chaos.RunCase(ctx, c, o)
		verdict := "clean"
		if r.Err != nil {
			verdict = "FAILED"
			failed++
		}
		fmt.Fprintf(
			out,
			"%-36s x %d  %-6s  recovered within %4.1f s at worst, %5d acked, %7d deliveries, %4d connections "+
				"broke, %4d resets, %d gaps, %d repeated\n",
			c.Name,
			c.Rounds,
			verdict,
			r.Worst.Seconds(),
			r.Summary.Acked,
			r.Summary.Delivered,
			r.Summary.Disconnects,
			r.Summary.Resets,
			r.Summary.Gaps,
			r.Summary.Repeated,
		)
		if r.Err != nil {
			fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(r.Err.Error(), "\n", "\n  "))
			recorded.save(out, strings.ReplaceAll(c.Name, " ", "-"), r.Parts)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d cases failed", failed)
	}
	return nil
}

// report prints the result of a run.
func report(out io.Writer, r chaos.Result) {
	fmt.Fprint(out, "faults  ")
	for _, name := range chaos.Names() {
		if n := r.Done[name]; n > 0 {
			fmt.Fprintf(out, " %s %d", name, n)
		}
	}
	fmt.Fprintf(out, ", %d skipped\n", r.Skipped)
	sum := r.Summary
	for _, p := range r.Parts {
		part := p.History.Summary()
		fmt.Fprintf(out, "%-24s %5d acked, %6d deliveries, %4d reconnects, %4d resets, %d gaps\n", p.Name,
			part.Acked, part.Delivered, part.Disconnects, part.Resets, part.Gaps)
	}
	fmt.Fprintf(
		out,
		"counts   %d messages sent, %d acked, %d deliveries, %d forced reconnects, %d resets, %d gaps, %d "+
			"repeated after a reset, %d of the acked were edits, %d deletes; %d reactions; %d rules set and "+
			"taken back\n",
		sum.Sent,
		sum.Acked,
		sum.Delivered,
		sum.Disconnects,
		sum.Resets,
		sum.Gaps,
		sum.Repeated,
		sum.Edits,
		sum.Deletes,
		sum.Reactions,
		r.Rules,
	)
	if r.Err == nil {
		fmt.Fprintf(out,
			"verdict  clean: 0 lost, 0 doubled, 0 out of order, 0 gaps, log + archive = acked\n")
		return
	}
	lines := strings.Split(r.Err.Error(), "\n")
	fmt.Fprintf(out, "verdict  FAILED\n")
	for line := range slices.Values(lines) {
		fmt.Fprintf(out, "  %s\n", line)
	}
}
