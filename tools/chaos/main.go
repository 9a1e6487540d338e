// Command chaos injects random faults into the whole product under load and
// checks what every client received: `make chaos SEED=7 FOR=2m`. It needs
// redis-server, haproxy and postgresql, and gcc for wrong clocks. The exit
// status is 1 if a promise was broken.
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
	"strconv"
	"strings"
	"syscall"
	"time"

	"livechat/e2e/chaos"
	"livechat/internal/localcluster"
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
	seed      string
	seeds     string
	length    time.Duration
	only      string
	persist   string
	verbose   bool
	race      bool
	matrix    int
	soak      bool
	clients   int
	edits     int
	deletes   int
	reactions int
	files     int
	s3        bool
	moderated bool
	binary    string

	postgres *testpg.Postgres
}

// run does what the arguments ask for.
func run(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&s.seed, "seed", "", "seed of the plan; empty: a random one")
	flags.StringVar(&s.seeds, "seeds", "", "several runs in turn, as 1..20 or 3,5,8")
	flags.DurationVar(&s.length, "for", 2*time.Minute, "length of a run")
	flags.StringVar(&s.only, "only", "",
		"comma-separated kinds of faults, for bisecting: "+strings.Join(chaos.Names(), ", "))
	flags.StringVar(&s.persist, "persist", "",
		"persistence of Redis, instead of the seed's choice: aof-always, aof-everysec, rdb, none")
	flags.IntVar(&s.matrix, "matrix", 0, "rounds of each named case, instead of a plan")
	flags.BoolVar(&s.soak, "soak", false, "compare the servers' resources before and after")
	flags.IntVar(&s.clients, "clients", chaos.DefaultSize.Sessions+chaos.DefaultSize.Raw,
		"clients in the default room; other rooms and private chats have fewer")
	flags.IntVar(&s.edits, "edits", 0,
		"percentage of what clients send in rooms that edits one of their own messages")
	flags.IntVar(&s.deletes, "deletes", 0, "percentage of it that deletes one of them")
	flags.IntVar(&s.reactions, "reactions", 0,
		"percentage of what clients do in rooms that sets a reaction or takes one back")
	flags.IntVar(&s.files, "files", 0, "percentage of the messages that have a file")
	flags.BoolVar(&s.s3, "s3", false, "keep files on an S3 server (versitygw), not in a folder")
	flags.BoolVar(&s.moderated, "moderated", false, "let somebody moderate the default room meanwhile")
	flags.StringVar(&s.binary, "binary", "", "path of a server; empty: build one")
	flags.BoolVar(&s.verbose, "v", false, "print what the parts write")
	flags.BoolVar(&s.race, "race", false, "build the servers with the race detector")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // the flag set has printed the error
	}
	seeds, err := s.list()
	if err != nil {
		return err
	}
	if s.edits < 0 || s.deletes < 0 || s.edits+s.deletes > 100 || s.reactions < 0 || s.reactions > 100 ||
		s.files < 0 || s.files > 100 {
		return fmt.Errorf("-edits is %d, -deletes %d, -reactions %d, -files %d: want percentages, the first "+
			"two together 0 to 100", s.edits, s.deletes, s.reactions, s.files)
	}
	dir, err := os.MkdirTemp("", "livechat-chaos-")
	if err != nil {
		return fmt.Errorf("create a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := s.binary
	if binary == "" {
		if binary, err = localcluster.Build(ctx, dir, s.race); err != nil {
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

// runs does one run after the other and prints the result of each and the
// total.
func (s settings) runs(ctx context.Context, out io.Writer, binary string, seeds []uint64) error {
	var all total
	for _, seed := range seeds {
		if ctx.Err() != nil {
			return errors.New("interrupted")
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
		fmt.Fprintf(out,
			"\n%d runs of %v: %d faults, %d messages acked, %d deliveries, %d forced reconnects\n",
			all.runs, s.length, all.faults, all.acked, all.delivered, all.reconnects)
	}
	if len(all.failed) > 0 {
		return fmt.Errorf("%d of %d runs failed: seeds %v", len(all.failed), all.runs, all.failed)
	}
	if len(seeds) > 1 {
		fmt.Fprintln(out, "0 lost, 0 doubled, 0 out of order, 0 gaps, log + archive = acked")
	}
	return nil
}

// one does one run and prints its plan and result.
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
	fmt.Fprintf(out, "\nseed %d, %v, Redis with %s, %d faults planned\n", seed, s.length, plan.Persist,
		len(plan.Steps))
	o, recorded := s.options(out, binary)
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
		recorded.save(out, fmt.Sprintf("seed-%d", seed), result.Parts)
	}
	fmt.Fprintf(out, "repeat   go run ./tools/chaos %s\n", s.repeatArgs(seed))
	return result, nil
}

// repeatArgs returns the arguments that repeat a run.
func (s settings) repeatArgs(seed uint64) string {
	repeat := fmt.Sprintf("-seed %d -for %v", seed, s.length)
	if s.only != "" {
		repeat += " -only " + s.only
	}
	if s.persist != "" {
		repeat += " -persist " + s.persist
	}
	if s.soak {
		repeat += " -soak"
	}
	if all := chaos.DefaultSize.Sessions + chaos.DefaultSize.Raw; s.clients > 0 && s.clients != all {
		repeat += fmt.Sprint(" -clients ", s.clients)
	}
	if s.edits > 0 {
		repeat += fmt.Sprint(" -edits ", s.edits)
	}
	if s.deletes > 0 {
		repeat += fmt.Sprint(" -deletes ", s.deletes)
	}
	if s.reactions > 0 {
		repeat += fmt.Sprint(" -reactions ", s.reactions)
	}
	if s.files > 0 {
		repeat += fmt.Sprint(" -files ", s.files)
	}
	if s.s3 {
		repeat += " -s3"
	}
	if s.moderated {
		repeat += " -moderated"
	}
	return repeat
}

// size returns the default crowd, scaled to -clients.
func (s settings) size() chaos.Size {
	size := chaos.DefaultSize
	size.Edits, size.Deletes, size.Reactions = s.edits, s.deletes, s.reactions
	size.Files, size.Moderated = s.files, s.moderated
	if all := size.Sessions + size.Raw; s.clients > 0 && s.clients != all {
		size.Sessions, size.Raw, size.Talkers = s.clients*size.Sessions/all, s.clients*size.Raw/all, max(1,
			s.clients*size.Talkers/all)
	}
	return size
}

// options returns the options of a run, and the recorder of its details.
func (s settings) options(out io.Writer, binary string) (chaos.Options, *recorder) {
	k := &recorder{begin: time.Now()}
	o := chaos.Options{Binary: binary, Crowd: s.size(), Postgres: s.postgres, S3: s.s3}
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
