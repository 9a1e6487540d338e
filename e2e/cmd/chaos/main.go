// Command chaos breaks the whole product at random while a crowd talks in it, and judges what everybody heard: `make chaos SEED=7 FOR=2m`. It needs
// redis-server, haproxy and postgresql, and gcc for wrong clocks. The exit status is 1 if a promise was broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/cluster"
	"livechat/internal/testpg"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	seed    string
	seeds   string
	length  time.Duration
	only    string
	persist string
	verbose bool
	race    bool
	matrix  int
	soak    bool
	clients int
	binary  string

	postgres *testpg.Postgres
}

// run does what the arguments say.
func run(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&s.seed, "seed", "", "decides the plan; empty: one is drawn")
	flags.StringVar(&s.seeds, "seeds", "", "many runs one after the other, as 1..20 or 3,5,8")
	flags.DurationVar(&s.length, "for", 2*time.Minute, "length of a run")
	flags.StringVar(&s.only, "only", "", "comma-separated kinds of faults, for bisecting: "+strings.Join(chaos.Names(), ", "))
	flags.StringVar(&s.persist, "persist", "", "how Redis keeps its data, in place of what the seed says: aof-always, aof-everysec, rdb, none")
	flags.IntVar(&s.matrix, "matrix", 0, "so many rounds of each of the named cases, in place of a plan")
	flags.BoolVar(&s.soak, "soak", false, "look at what the servers hold before and after")
	flags.IntVar(&s.clients, "clients", chaos.Bars.Sessions+chaos.Bars.Raw, "how many are in the default room; other rooms and private chats are smaller")
	flags.StringVar(&s.binary, "binary", "", "a server that is built; empty: builds one")
	flags.BoolVar(&s.verbose, "v", false, "print what the parts write")
	flags.BoolVar(&s.race, "race", false, "build the servers with the race detector")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // the flag set has said what is wrong
	}
	seeds, err := s.list()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "livechat-chaos-")
	if err != nil {
		return fmt.Errorf("make a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := s.binary
	if binary == "" {
		if binary, err = cluster.Build(ctx, dir, s.race); err != nil {
			return err
		}
	}
	if s.postgres, err = testpg.Run("fsync=off"); err != nil {
		return err
	}
	defer s.postgres.Close()
	if s.matrix > 0 {
		return s.cases(ctx, out, binary)
	}
	return s.runs(ctx, out, binary, seeds)
}

// list returns the seeds of the runs.
func (s settings) list() ([]uint64, error) {
	text := s.seeds
	if text == "" {
		text = s.seed
	}
	if text == "" {
		return []uint64{rand.Uint64N(1_000_000)}, nil
	}
	var seeds []uint64
	for _, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(part, "..")
		if !isRange {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 64)
		to, err2 := strconv.ParseUint(last, 10, 64)
		if err := errors.Join(err1, err2); err != nil || to < from || to-from > 10_000 {
			return nil, fmt.Errorf("read the seeds %q: want numbers, as 7 or 1..20 or 3,5,8", text)
		}
		for n := from; n <= to; n++ {
			seeds = append(seeds, n)
		}
	}
	return seeds, nil
}

// total is the sum of several runs.
type total struct {
	runs, delivered, acked, reconnects, faults int
	failed                                     []uint64
}

// runs does one run after the other and prints what came of each, and of all.
func (s settings) runs(ctx context.Context, out io.Writer, binary string, seeds []uint64) error {
	var all total
	for _, seed := range seeds {
		if ctx.Err() != nil {
			return errors.New("broken off")
		}
		result, err := s.one(ctx, out, binary, seed)
		if err != nil {
			return err
		}
		all.runs++
		all.delivered += result.Summary.Delivered
		all.acked += result.Summary.Acked
		all.reconnects += result.Summary.Disconnects
		for _, n := range result.Done {
			all.faults += n
		}
		if result.Err != nil {
			all.failed = append(all.failed, seed)
		}
	}
	if len(seeds) > 1 {
		fmt.Fprintf(out, "\n%d runs of %v: %d faults, %d messages acked, %d deliveries, %d forced reconnects\n", all.runs, s.length, all.faults,
			all.acked, all.delivered, all.reconnects)
	}
	if len(all.failed) > 0 {
		return fmt.Errorf("%d of %d runs failed: seeds %v", len(all.failed), all.runs, all.failed)
	}
	if len(seeds) > 1 {
		fmt.Fprintln(out, "0 lost, 0 doubled, 0 out of order, 0 gaps, log + archive = acked")
	}
	return nil
}

// one does one run and prints its plan and what came of it.
func (s settings) one(ctx context.Context, out io.Writer, binary string, seed uint64) (chaos.Result, error) {
	var only []string
	if s.only != "" {
		only = strings.Split(s.only, ",")
	}
	plan, err := chaos.NewPlan(chaos.Draw{Seed: seed, Length: s.length, Only: only, Survivors: s.soak})
	if err != nil {
		return chaos.Result{}, err
	}
	if s.persist != "" {
		plan.Persist = s.persist
	}
	fmt.Fprintf(out, "\nseed %d, %v, Redis with %s, %d faults planned\n", seed, s.length, plan.Persist, len(plan.Steps))
	o, kept := s.options(out, binary)
	o.Plan = plan
	var result chaos.Result
	if s.soak {
		soak := chaos.Soak(ctx, o)
		for i := range soak.After {
			fmt.Fprintf(out, "before   %v\nafter    %v\n", soak.Before[i], soak.After[i])
		}
		fmt.Fprintf(out, "fresh    server %s: %d goroutines\n", soak.Fresh.Server, soak.Fresh.Goroutines)
		result = soak.Result
	} else {
		result = chaos.Run(ctx, o)
	}
	report(out, result)
	if result.Err != nil {
		kept.save(out, fmt.Sprintf("seed-%d", seed), result.Parts)
	}
	fmt.Fprintf(out, "repeat   go run ./e2e/cmd/chaos %s\n", s.again(seed))
	return result, nil
}

// again returns the arguments that repeat one run.
func (s settings) again(seed uint64) string {
	again := fmt.Sprintf("-seed %d -for %v", seed, s.length)
	if s.only != "" {
		again += " -only " + s.only
	}
	if s.persist != "" {
		again += " -persist " + s.persist
	}
	if s.soak {
		again += " -soak"
	}
	if all := chaos.Bars.Sessions + chaos.Bars.Raw; s.clients > 0 && s.clients != all {
		again += fmt.Sprint(" -clients ", s.clients)
	}
	return again
}

// size is the crowd of the bars, or that one made smaller.
func (s settings) size() chaos.Size {
	size := chaos.Bars
	if all := size.Sessions + size.Raw; s.clients > 0 && s.clients != all {
		size.Sessions, size.Raw, size.Talkers = s.clients*size.Sessions/all, s.clients*size.Raw/all, max(1, s.clients*size.Talkers/all)
	}
	return size
}

// options are those of every run, and what is kept of it.
func (s settings) options(out io.Writer, binary string) (chaos.Options, *keeper) {
	k := &keeper{begin: time.Now()}
	o := chaos.Options{Binary: binary, Crowd: s.size(), Postgres: s.postgres}
	o.Progress = func(format string, args ...any) {
		k.line("", fmt.Sprintf(format, args...))
		fmt.Fprintf(out, format+"\n", args...)
	}
	o.Log = func(part, line string) {
		k.line(part, line)
		if s.verbose {
			fmt.Fprintf(out, "          %-8s %s\n", part, line)
		}
	}
	return o, k
}

// cases runs the named cases, those of -only if it is given, and prints a line for each.
func (s settings) cases(ctx context.Context, out io.Writer, binary string) error {
	failed := 0
	for _, c := range chaos.Cases(s.matrix) {
		if ctx.Err() != nil {
			return errors.New("broken off")
		}
		if !strings.Contains(c.Name, s.only) {
			continue
		}
		o, kept := s.options(out, binary)
		r := chaos.RunCase(ctx, c, o)
		verdict := "clean"
		if r.Err != nil {
			verdict = "FAILED"
			failed++
		}
		fmt.Fprintf(out, "%-36s x %d  %-6s  over within %4.1f s at worst, %5d acked, %7d deliveries, %4d connections broke, %4d resets, %d gaps, %d shown again\n", c.Name, c.Rounds,
			verdict, r.Worst.Seconds(), r.Summary.Acked, r.Summary.Delivered, r.Summary.Disconnects, r.Summary.Resets, r.Summary.Gaps, r.Summary.Again)
		if r.Err != nil {
			fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(r.Err.Error(), "\n", "\n  "))
			kept.save(out, strings.ReplaceAll(c.Name, " ", "-"), r.Parts)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d cases failed", failed)
	}
	return nil
}

// report prints what came of a run.
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
		fmt.Fprintf(out, "%-24s %5d acked, %6d deliveries, %4d reconnects, %4d resets, %d gaps\n", p.Name, part.Acked, part.Delivered, part.Disconnects, part.Resets, part.Gaps)
	}
	fmt.Fprintf(out, "counts   %d messages sent, %d acked, %d deliveries, %d forced reconnects, %d resets, %d gaps, %d shown again after a reset\n",
		sum.Sent, sum.Acked, sum.Delivered, sum.Disconnects, sum.Resets, sum.Gaps, sum.Again)
	if r.Err == nil {
		fmt.Fprintf(out, "verdict  clean: 0 lost, 0 doubled, 0 out of order, 0 gaps, log + archive = acked\n")
		return
	}
	lines := strings.Split(r.Err.Error(), "\n")
	fmt.Fprintf(out, "verdict  FAILED\n")
	for line := range slices.Values(lines) {
		fmt.Fprintf(out, "  %s\n", line)
	}
}
