// Command bench measures one server against the least that its work can cost, on this machine, in one run:
//
//   - what a delivery costs the server, next to a bare loop that writes a finished frame to each socket and does nothing else, and next to the
//     two ways in which such servers are usually written: see rival.go
//   - what happens when more is offered than the machine can take
//   - what an idle connection takes in memory, and a handshake in time
//   - how soon everybody is back when many come at once
//   - how many messages a second one room can take
//   - how many private messages a second the API can take, and how soon they are heard
//   - how long a database with a million messages takes for what people ask
//   - what clients that do not read do to the others
//   - what a lagging crowd in one room does to another room of the same server
//
// It prints figures and ratios; it judges nothing. Servers, Redis and the bare loop are processes of their own; the clients are this one. All
// traffic stays on loopback.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"livechat/e2e/cluster"
)

// settings are the flags.
type settings struct {
	only    string
	arms    string
	length  time.Duration
	rounds  int
	clients int
	many    int
	idle    int
	mute    int
	offer   int
	nodes   int
	flush   string
	rates   []int
	rated   bool // the rates were given
}

// bench is one run.
type bench struct {
	settings
	binary string
	out    *tabwriter.Writer
}

func main() {
	if played, err := play(os.Args[1:]); played {
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench %s: %v\n", strings.Join(os.Args[1:], " "), err)
			os.Exit(1)
		}
		return
	}
	var s settings
	flag.StringVar(&s.only, "only", "", "comma-separated: cost, many, overload, memory, handshakes, storm, ingest, posts, store, behind, grid, stuck, neighbour (default all)")
	flag.StringVar(&s.arms, "arms", "", "comma-separated: which servers are compared: livechat, gorilla's chat example, plain Redis rebroadcaster (default all)")
	flag.DurationVar(&s.length, "for", 10*time.Second, "length of each measurement")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each is measured, all in turn; the median counts")
	flag.IntVar(&s.clients, "clients", 1000, "clients")
	flag.IntVar(&s.many, "many", 10000, "many clients; limited by the number of files a process may open")
	flag.IntVar(&s.offer, "offer", 3000, "messages a second, for overload")
	flag.IntVar(&s.idle, "idle", 15000, "idle connections; limited in the same way")
	flag.IntVar(&s.nodes, "servers", 4, "servers behind HAProxy, 1 to 4, for behind")
	flag.StringVar(&s.flush, "flush", "0s,10ms", "comma-separated: values of FLUSH_INTERVAL, for behind")
	s.rates = []int{20, 100, 300, 1000}
	flag.Func("rates", "comma-separated: messages a second, for behind (default 20,100,300,1000) and posts (default 250,500,1000,2000,0; 0: as many as go)", func(list string) error {
		s.rates, s.rated = nil, true
		for one := range strings.SplitSeq(list, ",") {
			n, err := strconv.Atoi(one)
			if err != nil || n < 0 {
				return fmt.Errorf("%q is not a number of messages", one)
			}
			s.rates = append(s.rates, n)
		}
		return nil
	})
	flag.IntVar(&s.mute, "mute", 100, "clients that do not read, for stuck, or that lag, for neighbour")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "livechat-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{settings: s, out: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
	if b.binary, err = cluster.Build(ctx, dir, false); err != nil {
		return err
	}
	parts := []struct {
		name, what string
		measure    func(context.Context) error
	}{
		{"cost", fmt.Sprintf("%d clients, 20 messages a second of 100 bytes", s.clients), func(ctx context.Context) error { return b.cost(ctx, s.clients, 20) }},
		{"many", fmt.Sprintf("%d clients, 2 messages a second of 100 bytes", s.many), func(ctx context.Context) error { return b.cost(ctx, s.many, 2) }},
		{"overload", fmt.Sprintf("%d clients, %d messages a second offered", s.clients, s.offer), b.overload},
		{"memory", fmt.Sprintf("%d idle connections", s.idle), b.memory},
		{"handshakes", fmt.Sprintf("%d clients that join, 32 at a time", s.many), b.handshakes},
		{"storm", fmt.Sprintf("%d clients that come back to three servers at once", s.many), b.storm},
		{"ingest", "messages into one room of four servers as fast as they go", b.ingest},
		{"posts", fmt.Sprintf("private messages between %d pairs of people, and live messages between them", postPairs), b.posts},
		{"store", fmt.Sprintf("databases with a million stored messages and with none, each question %d times", storeTimes), b.store},
		{"behind", fmt.Sprintf("%d clients behind HAProxy, %d servers", s.clients, s.nodes), b.behind},
		{"grid", "clusters of several sizes behind HAProxy", b.grid},
		{"stuck", fmt.Sprintf("%d clients, %d messages a second, without and with %d more that do not read", s.clients, stuckRate, s.mute), b.stuck},
		{"neighbour", fmt.Sprintf("%d clients, %d messages a second, without and with %d that lag in another room of the server", s.clients, neighbourRate, s.mute), b.neighbour},
	}
	for _, p := range parts {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), p.name) {
			continue
		}
		fmt.Printf("\n%s: %s\n", p.name, p.what)
		if err := errors.Join(p.measure(ctx), b.out.Flush()); err != nil { // what was measured before an error is shown
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// row prints a line of a table.
func (b *bench) row(cells ...any) {
	for _, c := range cells {
		fmt.Fprintf(b.out, "%v\t", c)
	}
	fmt.Fprintln(b.out)
}

// play makes this process one of the arms, if args ask for that, which ends only when something is wrong; or draws the charts of a folder.
func play(args []string) (played bool, err error) {
	switch {
	case len(args) == 3 && args[0] == "floor":
		return true, floor(args[1], args[2])
	case len(args) == 2 && args[0] == "draw":
		return true, drawCharts(args[1])
	case len(args) == 4 && args[0] == "rival":
		return true, rival(args[2], args[1], args[3])
	}
	return false, nil
}
