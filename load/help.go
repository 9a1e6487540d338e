package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"livechat/load/plan"
)

// seeHelp follows an error in the flags.
const seeHelp = "load -help lists the flags"

// flagGroups are the headings of the help, and the flags below them.
var flagGroups = []struct{ title, flags string }{
	{"The load", "target url room rooms zipf clients rate for size publishers think mix file-size network"},
	{"What happens meanwhile", "experiment scenario stages step bound slow kill-command kill-pid stay " +
		"rolling-command rolling-times scale-command scale"},
	{"What comes out", "listen grafana html json csv hdr dir compare fail-if baseline worse"},
	{"Around it", "warmup ramp settle seed"},
	{"This machine and what it watches", "workers handshakes source insecure pids metrics"},
}

func usage(flags *flag.FlagSet) {
	out := flags.Output()
	fmt.Fprint(out,
		"load puts a room under load, accounts for every message at every client, and writes a report.\n\n"+
			"  go run ./load -url ws://localhost:8080 -clients 5000 -rate 50 -for 30s\n"+
			"  go run ./load worker -listen :7100          on other machines, for -workers\n"+
			"  go run ./load -compare a.json b.json\n\nScenarios:\n")
	for _, s := range plan.Scenarios() {
		fmt.Fprintf(out, "  %-8s %s\n", s.Name, s.About)
	}
	var grouped []string
	for _, group := range flagGroups {
		fmt.Fprintf(out, "\n%s:\n", group.title)
		names := strings.Fields(group.flags)
		describe(out, flags, names)
		grouped = append(grouped, names...)
	}
	var rest []string
	flags.VisitAll(func(f *flag.Flag) {
		if !slices.Contains(grouped, f.Name) {
			rest = append(rest, f.Name)
		}
	})
	if len(rest) > 0 {
		fmt.Fprint(out, "\nMore:\n")
		describe(out, flags, rest)
	}
	fmt.Fprint(out,
		"\nExit status: 1 if a message was lost, duplicated, out of order, refused or not answered,\n"+
			"the log was replaced for a client, a client was not connected at the end, or the scenario or\n"+
			"the mix failed. So a restart of Redis is 1: meanwhile messages are refused as unavailable,\n"+
			"which may come before PUBLISH_TIMEOUT.\n"+
			"2 for invalid flags, also those that name what is not there; 3 if a limit of -fail-if or\n"+
			"-baseline was exceeded, and nothing else failed.\n")
}

// describe prints flags in the form of the flag package, in the given order. It
// ignores names without a flag.
func describe(out io.Writer, flags *flag.FlagSet, names []string) {
	for _, name := range names {
		f := flags.Lookup(name)
		if f == nil {
			continue
		}
		one := flag.NewFlagSet("", flag.ContinueOnError)
		one.SetOutput(out)
		one.Var(f.Value, f.Name, f.Usage)
		one.Lookup(name).DefValue = f.DefValue // not what was parsed
		one.PrintDefaults()
	}
}
