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

// options are the flags.
type options struct {
	settings plan.Settings
	pids     []int
	metrics  []string
	json     string
	html     string
	compare  bool
	files    []string // to compare
}

// parse reads the flags; what is wrong with them it tells on out.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	s := &o.settings
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { usage(flags) }

	urls := flags.String("url", "ws://localhost:8080", "`address` of the room; several, separated by commas, get as many clients each")
	flags.IntVar(&s.Clients, "clients", 1000, "how many clients; each takes one open file")
	flags.Float64Var(&s.Rate, "rate", 20, "messages a second in all, each sent when it is due, whatever became of the ones before")
	flags.IntVar(&s.Publishers, "publishers", 0, "how many of the clients send; 0: as many as the server's limit per connection makes necessary")
	flags.IntVar(&s.Rooms, "rooms", 1, "over how many rooms the clients are spread; one is the default room")
	flags.IntVar(&s.Bytes, "size", 100, "`bytes` of text in a message")
	flags.DurationVar(&s.For, "for", 30*time.Second, "how long to measure")
	flags.DurationVar(&s.Warmup, "warmup", 2*time.Second, "how long messages flow before that")
	flags.DurationVar(&s.Ramp, "ramp", 0, "over what time the clients join; 0: as fast as they can")
	flags.DurationVar(&s.Settle, "settle", 10*time.Second, "when nothing has come for so long at the end, what is missing is lost")
	flags.DurationVar(&s.Think, "think", 0, "instead of -rate: every publisher sends at random moments, so far apart on average")
	flags.Uint64Var(&s.Seed, "seed", 1, "of everything random: the same seed gives the same moments")
	sources := flags.String("source", "", "`addresses` to connect from, separated by commas, when ports run out (127.0.0.1,127.0.0.2); to loopback it is done by itself")
	flags.IntVar(&s.Handshakes, "handshakes", 64, "most connections in the making at once")
	scenario := flags.String("scenario", "steady", "what happens meanwhile: `name` of one below")
	flags.DurationVar(&s.Bound, "bound", 500*time.Millisecond, "ramp: the 99th percentile that counts as broken")
	flags.DurationVar(&s.Step, "step", 5*time.Second, "ramp: how long each rate is held")
	flags.Float64Var(&s.Slow, "slow", 10, "slow: `percent` of the clients that read slowly")
	flags.DurationVar(&s.Stay, "stay", 10*time.Second, "churn: how long clients stay, on average")
	flags.IntVar(&s.KillPID, "kill-pid", 0, "kill: the `process` of this machine to kill")
	flags.StringVar(&s.KillCommand, "kill-command", "", "kill: a `command` that does it, such as 'docker compose kill ws2'")
	flags.StringVar(&s.Rolling, "rolling-command", "", "rolling: a `command` such as 'docker compose restart ws{n}'")
	flags.IntVar(&s.Times, "rolling-times", 4, "rolling: how often it is run")
	pids := flags.String("pids", "", "`processes` of this machine to watch; by itself those that the address leads to: load balancer, servers, Redis")
	metrics := flags.String("metrics", "", "`addresses` of /metrics to watch, such as http://10.0.0.7:9090/metrics")
	flags.StringVar(&o.json, "json", "", "`file` to write the figures to, for machines and for -compare")
	flags.StringVar(&o.html, "html", "report.html", "`file` to write the report to; empty: none")
	flags.BoolVar(&o.compare, "compare", false, "lay two runs side by side: -compare a.json b.json")

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage // the flag set has said it
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
			return fmt.Errorf("-source %q: want addresses of this machine", source)
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
	fmt.Fprint(out, "load puts a room under load, accounts for every message at every client, and writes a report.\n\n"+
		"  go run ./load -url ws://localhost:8080 -clients 5000 -rate 50 -for 30s\n"+
		"  go run ./load -compare a.json b.json\n\nScenarios:\n")
	for _, s := range plan.Scenarios() {
		fmt.Fprintf(out, "  %-8s %s\n", s.Name, s.About)
	}
	fmt.Fprint(out, "\nFlags:\n")
	flags.PrintDefaults()
	fmt.Fprint(out, "\nThe exit status is 1 if a message was lost, came twice or out of order, was refused or had no answer.\n")
}
