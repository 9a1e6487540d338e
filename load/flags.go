package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"livechat/load/grafana"
	"livechat/load/plan"
	"livechat/load/record"
)

// options are the values of the flags.
type options struct {
	settings plan.Settings
	workers  []string // addresses; empty: this process does it all
	pids     []int
	metrics  []string
	dir      string // of the files
	json     string
	html     string
	csv      string
	hdr      string
	listen   string // address of the live page and of /metrics; empty: none
	grafana  string // its address; empty: none
	compare  bool
	files    []string // to compare

	judge      judge
	experiment experimentFile
}

// parse parses the flags. It explains errors on out.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	s := &o.settings
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(out)

	target := flags.String("target", defaultTarget, "`kind` of the servers: "+targetNames())
	urls := flags.String("url", "ws://localhost:8080",
		"`address` of the room; several, separated by commas, get equal numbers of clients")
	flags.IntVar(&s.Clients, "clients", 1000, "number of clients; each uses one open file")
	flags.Float64Var(&s.Rate, "rate", 20,
		"messages a second in all; each is sent when it is due, even if earlier ones are delayed")
	flags.IntVar(&s.Publishers, "publishers", 0,
		"number of clients that send; 0: as many as the server's limit per connection requires")
	flags.IntVar(&s.Rooms, "rooms", 1,
		"number of rooms over which the clients are spread; several are load-1, load-2 and so on")
	flags.Float64Var(&s.Zipf, "zipf", 0,
		"`exponent`, such as 1.1, of Zipf's law: the n-th of the -rooms has clients in proportion to "+
			"1/n^exponent, at least one; 0: all have the same. Every second client "+
			"sends, unless -publishers says otherwise")
	room := flags.String("room", plan.DefaultRoom,
		"`name` of the room, with -rooms the beginning of the names; '' is the default room, where "+
			"people are")
	flags.IntVar(&s.Bytes, "size", 100, "`bytes` of text in a message")
	mix := flags.String("mix", "",
		"what else people do, in `percent` of the messages, such as edits=5%,typing=20%. Instead of "+
			"messages, together at most 100 %: edits and deletes of the client's last message, reactions to "+
			"the room's newest one, uploads (messages with a file). Besides them, at most 1000 % each: "+
			"typing, history (pages of it), search, private (messages). See docs/load-testing.md#mixes")
	flags.IntVar(&s.FileSize, "file-size", 100_000, "`bytes` of a file of uploads in -mix")
	network := flags.String("network", "",
		"the slow `network` of some clients, such as share=10%,delay=150ms±50ms,loss=1%,rate=64KB/s: of so "+
			"many of them (all if it is missing), one way, of segments that have to be sent again, and each "+
			"way. See docs/load-testing.md#slow-networks")
	flags.DurationVar(&s.For, "for", 30*time.Second, "how long to measure; scale: 1m for each number")
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
	flags.BoolVar(&s.Insecure, "insecure", false,
		"accept any certificate of a wss:// address, also of one that only claims to be it")
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
	flags.StringVar(&s.ScaleCommand, "scale-command", "",
		"scale: `command` that sets the number of servers, such as 'docker compose up -d --scale ws={n}'")
	counts := flags.String("scale", "0,4,0",
		"scale: `numbers` that {n} stands for in turn; servers that are always there do not count")
	workers := flags.String("workers", "",
		"`addresses` of other machines' load worker, separated by commas, which share the clients")
	pids := flags.String("pids", "",
		"`processes` on this machine to watch; default: all found behind -url")
	metrics := flags.String("metrics", "",
		"`addresses` of /metrics to watch, such as http://10.0.0.7:9090/metrics")
	stages := flags.String("stages", "",
		"`points` of time with clients and messages a second, between which both change evenly: "+
			"0s:0c/0r,30s:1000c/20r,2m:5000c/50r; they replace -clients and -rate, and -for is the last "+
			"of them")
	flags.StringVar(&o.experiment.file, "experiment", "",
		"`file` in YAML that describes a run: settings (values of these flags), stages, commands and "+
			"limits; flags on the command line override it")
	o.judge.flags(flags)
	flags.StringVar(&o.json, "json", "", "`file` to write the figures to, for programs and for -compare")
	flags.StringVar(&o.html, "html", reportFile,
		"`file` to write the report to; empty for none; -compare writes "+compareFile)
	flags.StringVar(&o.csv, "csv", "", "`file` to write every second to, for spreadsheets")
	flags.StringVar(&o.hdr, "hdr", "",
		"`file` to write the latencies of every second to, as a log of HdrHistogram")
	flags.StringVar(&o.listen, "listen", "",
		"`address`, such as 127.0.0.1:7700, of a page that shows the run while it goes on, and of /metrics "+
			"for Prometheus; empty for none")
	flags.StringVar(&o.grafana, "grafana", "",
		"`address` of a Grafana, such as http://localhost:3000, that marks are posted to as annotations; its "+
			"token is in "+grafana.TokenVariable)
	flags.StringVar(&o.dir, "dir", "", "`folder` of the files that flags name without one")
	flags.BoolVar(&o.compare, "compare", false, "compare runs: -compare a.json b.json c.json")

	// The flag set would print the whole help after an error, which then is off
	// the screen.
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	flags.SetOutput(out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(flags)
		return nil, err
	case err != nil:
		return nil, refuse(out, err)
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.experiment.file != "" && !o.compare {
		if err := o.experiment.apply(flags, given, s); err != nil {
			fmt.Fprintln(out, err)
			return nil, errUsage
		}
	}
	s.URLs, o.metrics, s.Sources, o.files = split(*urls), split(*metrics), split(*sources), flags.Args()
	o.workers = split(*workers)
	o.inFolder(given["html"])
	s.Scenario, err = plan.ScenarioByName(*scenario)
	if err == nil {
		o.pids, err = numbers("-pids", *pids)
	}
	if err == nil {
		s.Scale, err = numbers("-scale", *counts)
	}
	if err == nil {
		s.Mix, err = plan.ParseMix(*mix)
	}
	if err == nil {
		s.Network, err = plan.ParseNetwork(*network)
	}
	if longer := s.Scenario.DefaultFor; longer != nil && !given["for"] {
		s.For = longer(s)
	}
	err = errors.Join(err, setStages(s, *stages, given), setTarget(s, *target, *room, given), o.judge.read(),
		o.check())
	if err != nil {
		return nil, refuse(out, err)
	}
	return o, nil
}

// refuse explains on out what is wrong with the flags.
func refuse(out io.Writer, err error) error {
	fmt.Fprintf(out, "%s\n%s\n", record.Redact(err.Error()), seeHelp)
	return errUsage
}

func (o *options) check() error {
	if o.compare {
		if i := slices.IndexFunc(o.files, func(f string) bool { return strings.HasPrefix(f, "-") }); i >= 0 {
			return fmt.Errorf("%s: flags come before files, as in -html c.html -compare a.json b.json", o.files[i])
		}
		if len(o.files) < 2 {
			return errors.New("-compare a.json b.json: want two files or more")
		}
		return nil
	}
	if err := checkSources(o.settings.Sources); err != nil {
		return err
	}
	if len(o.files) > 0 {
		return fmt.Errorf("%q is not a flag", o.files[0])
	}
	return errors.Join(o.settings.Check(), grafana.CheckAddress(o.grafana), o.checkWorkers(),
		o.judge.check(&o.settings))
}

func checkSources(sources []string) error {
	for _, source := range sources {
		// The kernel has the same error for an address of another machine as for
		// one without free ports, so it is tried before the run.
		free, err := net.Listen("tcp", net.JoinHostPort(source, "0"))
		if net.ParseIP(source) == nil || err != nil {
			return fmt.Errorf("-source %q: want IP addresses of this machine", source)
		}
		_ = free.Close() // nobody has connected
	}
	return nil
}

func split(list string) (all []string) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func numbers(flag, list string) (all []int, err error) {
	for _, text := range split(list) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a number", flag, text)
		}
		all = append(all, n)
	}
	return all, nil
}
