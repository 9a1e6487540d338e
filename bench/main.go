// Command bench compares one server with the lower bound of its work, on this
// machine, in one run. It measures:
//
//   - what a delivery costs, next to a bare loop that only writes finished
//     frames and to the two usual ways of writing such a server (baseline.go)
//   - what happens when more is offered than the machine can handle
//   - the memory of an idle connection and the cost of a handshake
//   - how soon all clients are back when many reconnect at once
//   - how many messages a second one room can accept
//   - how many private messages a second the API can accept, and how soon they
//     are received
//   - how long the most frequent queries take on a database with a million
//     messages
//   - what clients that do not read cost the others
//   - what lagging clients in one room cost another room on the same server
//   - what other servers take for the same load, and what they lose
//   - what it costs a room when everybody in it opens its pictures at once, and
//     how many previews a second are served
//
// It prints figures and ratios and judges nothing. Servers, Redis and the bare
// loop are separate processes; the clients are in this one. All traffic stays
// on loopback.
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

	"livechat/internal/localcluster"
)

// settings are the flags.
type settings struct {
	only    string
	cases   string
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
	rated   bool // -rates was given
}

// bench is one run.
type bench struct {
	settings
	binary string
	out    *tabwriter.Writer
}

func main() {
	if done, err := runSubcommand(os.Args[1:]); done {
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench %s: %v\n", strings.Join(os.Args[1:], " "), err)
			os.Exit(1)
		}
		return
	}
	var s settings
	flag.StringVar(
		&s.only,
		"only",
		"",
		"comma-separated: cost, many, overload, memory, handshakes, storm, ingest, shards, posts, store, haproxy, "+
			"grid, stalled, neighbour, pictures, peers (default all)",
	)
	flag.StringVar(
		&s.cases,
		"cases",
		"",
		"comma-separated: the servers to compare: livechat, gorilla's chat example, "+
			"plain Redis rebroadcaster; of peers livechat, centrifugo, livechat with Redis, centrifugo with "+
			"Redis, gorilla's chat example, socket.io, python-socketio (default all)",
	)
	flag.DurationVar(&s.length, "for", 10*time.Second, "length of each measurement")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each case is measured, in turn; the median counts")
	flag.IntVar(&s.clients, "clients", 1000, "clients")
	flag.IntVar(&s.many, "many", 10000, "clients, for many, handshakes and storm; limited by the number of "+
		"files a process may open")
	flag.IntVar(&s.offer, "offer", 3000, "messages a second, for overload")
	flag.IntVar(&s.idle, "idle", 15000, "idle connections, for memory; limited by the number of files a "+
		"process may open")
	flag.IntVar(&s.nodes, "servers", 4, "servers behind HAProxy, 1 to 4, for haproxy and pictures")
	flag.StringVar(&s.flush, "flush", "0s,10ms", "comma-separated: values of FLUSH_INTERVAL, for haproxy")
	s.rates = []int{20, 100, 300, 1000}
	flag.Func(
		"rates",
		"comma-separated: messages a second, for haproxy (default 20,100,300,1000), peers (default 20) "+
			"and posts (default 250,500,1000,2000,0; 0: as many as possible)",
		func(list string) error {
			s.rates, s.rated = nil, true
			for one := range strings.SplitSeq(list, ",") {
				n, err := strconv.Atoi(one)
				if err != nil || n < 0 {
					return fmt.Errorf("%q is not a number of messages", one)
				}
				s.rates = append(s.rates, n)
			}
			return nil
		},
	)
	flag.IntVar(&s.mute, "mute", 100, "clients that do not read, for stalled, or that lag, for neighbour")
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
	if b.binary, err = localcluster.Build(ctx, dir, false); err != nil {
		return err
	}
	for _, p := range b.parts() {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), p.name) {
			continue
		}
		fmt.Printf("\n%s: %s\n", p.name, p.what)
		// also print what was measured before an error
		if err := errors.Join(p.measure(ctx), b.out.Flush()); err != nil {
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

// runSubcommand runs what args ask for: one of the cases, which returns only on
// an error, or drawing the charts of a folder. done is false if args name
// neither.
func runSubcommand(args []string) (done bool, err error) {
	switch {
	case len(args) == 3 && args[0] == "lower-bound":
		return true, lowerBound(args[1], args[2])
	case len(args) == 2 && args[0] == "draw":
		return true, drawCharts(args[1])
	case len(args) == 4 && args[0] == "baseline":
		return true, baseline(args[2], args[1], args[3])
	case len(args) == 3 && args[0] == "fetch":
		return true, fetchFor(args[1], args[2])
	}
	return false, nil
}
