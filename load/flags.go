package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"livechat/load/plan"
)

// options are the values of the flags.
type options struct {
	settings plan.Settings
	pids     []int
	metrics  []string
	json     string
	html     string
	compare  bool
	files    []string // to compare
}

// parse parses the flags. It explains errors on out.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	s := &o.settings
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { usage(flags) }

	urls := flags.String("url", "ws://localhost:8080",
		"`address` of the room; several, separated by commas, get equal numbers of clients")
	flags.IntVar(&s.Clients, "clients", 1000, "number of clients; each uses one open file")
	flags.Float64Var(&s.Rate, "rate", 20,
		"messages a second in all; each is sent when it is due, even if earlier ones are delayed")
	flags.IntVar(&s.Publishers, "publishers", 0,
		"number of clients that send; 0: as many as the server's limit per connection requires")
	flags.IntVar(&s.Rooms, "rooms", 1,
		"number of rooms over which the clients are spread; a single one is the default room")
	flags.IntVar(&s.Bytes, "size", 100, "`bytes` of text in a message")
	flags.Float64Var(&s.Edits, "edits", 0,
		"`percent` of the messages that are an edit of the last one of the same client instead")
	flags.Float64Var(&s.Deletes, "deletes", 0, "`percent` that are a delete of it")
	flags.Float64Var(&s.Reactions, "reactions", 0,
		"`percent` that are a reaction to the newest message of the room, or take that back")
	flags.Float64Var(&s.WithFile, "files", 0,
		"`percent` that have a file, which is uploaded first, to the same address")
	flags.IntVar(&s.FileSize, "file-size", 100_000, "`bytes` of a file")
	flags.DurationVar(&s.For, "for", 30*time.Second, "how long to measure")
	flags.DurationVar(&s.Warmup, "warmup", 2*time.Second, "how long messages flow before the measurement")
	flags.DurationVar(&s.Ramp, "ramp", 0, "time over which the clients join; 0: as fast as possible")
	flags.DurationVar(&s.Settle, "settle", 10*time.Second,
		"at the end, missing messages count as lost after this time without a delivery")
	flags.DurationVar(&s.Think, "think", 0,
		"replaces -rate: every publisher sends at random moments with this mean distance")
	flags.Uint64Var(&s.Seed, "seed", 1, "seed of all random choices: the same seed gives the same moments")
	sources := flags.String("source", "",
		"`addresses` to connect from, separated by commas, if ports run out; automatic for loopback")
	flags.IntVar(&s.Handshakes, "handshakes", 64, "maximum number of concurrent handshakes")
	scenario := flags.String("scenario", "steady", "`name` of a scenario in the list above")
	flags.DurationVar(&s.Bound, "bound", 500*time.Millisecond,
		"ramp: 99th percentile of latency that counts as broken")
	flags.DurationVar(&s.Step, "step", 5*time.Second, "ramp: duration of each rate")
	flags.Float64Var(&s.Slow, "slow", 10, "slow: `percent` of the clients that read slowly")
	flags.DurationVar(&s.Stay, "stay", 10*time.Second, "churn: mean time that clients stay")
	flags.IntVar(&s.KillPID, "kill-pid", 0, "kill: id of the `process` on this machine to kill")
	flags.StringVar(&s.KillCommand, "kill-command", "",
		"kill: `command` that kills a server, such as 'docker compose kill ws2'")
	flags.StringVar(&s.Rolling, "rolling-command", "",
		"rolling: `command` that restarts a server, such as 'docker compose restart ws{n}'")
	flags.IntVar(&s.Times, "rolling-times", 4, "rolling: how often to run it")
	pids := flags.String("pids", "",
		"`processes` on this machine to watch; default: all found behind -url")
	metrics := flags.String("metrics", "",
		"`addresses` of /metrics to watch, such as http://10.0.0.7:9090/metrics")
	flags.StringVar(&o.json, "json", "", "`file` to write the figures to, for programs and for -compare")
	flags.StringVar(&o.html, "html", "report.html", "`file` to write the report to; empty for none")
	flags.BoolVar(&o.compare, "compare", false, "compare two runs: -compare a.json b.json")

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage // the flag set has printed the error
	}
	s.URLs, o.metrics, s.Sources, o.files = split(*urls), split(*metrics), split(*sources), flags.Args()
	var err error
	s.Scenario, err = plan.ScenarioByName(*scenario)
	if err == nil {
		o.pids, err = numbers(*pids)
	}
	if err = errors.Join(err, o.check()); err != nil {
		fmt.Fprintf(out, "%v\nload -help lists the flags\n", err)
		return nil, errUsage
	}
	return o, nil
}

func (o *options) check() error {
	if o.compare {
		if len(o.files) != 2 {
			return errors.New("-compare a.json b.json: want two files")
		}
		return nil
	}
	for _, source := range o.settings.Sources {
		if net.ParseIP(source) == nil {
			return fmt.Errorf("-source %q: want IP addresses of this machine", source)
		}
	}
	if len(o.files) > 0 {
		return fmt.Errorf("%q is not a flag", o.files[0])
	}
	return o.settings.Check()
}

func split(list string) (all []string) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func numbers(list string) (all []int, err error) {
	for _, text := range split(list) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("-pids: %q is not a process id", text)
		}
		all = append(all, n)
	}
	return all, nil
}

func usage(flags *flag.FlagSet) {
	out := flags.Output()
	fmt.Fprint(out,
		"load puts a room under load, accounts for every message at every client, and writes a report.\n\n"+
			"  go run ./load -url ws://localhost:8080 -clients 5000 -rate 50 -for 30s\n"+
			"  go run ./load -compare a.json b.json\n\nScenarios:\n")
	for _, s := range plan.Scenarios() {
		fmt.Fprintf(out, "  %-8s %s\n", s.Name, s.About)
	}
	fmt.Fprint(out, "\nFlags:\n")
	flags.PrintDefaults()
	fmt.Fprint(out,
		"\nExit status: 1 if a message was lost, duplicated, out of order, refused or not answered.\n")
}
