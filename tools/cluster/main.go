// Command cluster runs the whole product on this machine without Docker: `make
// cluster`. It needs redis-server, haproxy and, for the page, nginx. Ctrl-C
// stops everything gracefully. `cluster scale 4`, from another terminal, runs
// four servers more, `cluster scale 0` removes them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"livechat/internal/localcluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, isTerminal(os.Stdout))
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// run starts the cluster and stops it when ctx ends, or scales one that runs.
func run(ctx context.Context, args []string, out io.Writer, colour bool) error {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	servers := flags.Int("servers", localcluster.MaxServers, "number of servers, 1 to 4")
	host := flags.String(
		"host",
		"127.0.0.1",
		"address of page and room; 0.0.0.0 lets other machines connect",
	)
	page := flags.Int(
		"page",
		pagePort,
		fmt.Sprintf("port of the page; 0: no page, and nginx is not needed.\n"+
			"The default is %d where %d may not be opened", freePagePort, pagePort),
	)
	room := flags.Int("room", defaultRoom, "port of the room")
	stats := flags.Int("stats", 8404, "port of HAProxy's statistics, on loopback only")
	live := flags.Bool("live", false,
		"serve static/ as it is at each request, not bundled: for work on the page")
	race := flags.Bool("race", false, "build the servers with the race detector")
	flags.Usage = func() { usage(flags) }
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // the flag set has printed the error
	}
	if rest := flags.Args(); len(rest) == 2 && rest[0] == "scale" {
		return scale(ctx, *room, rest[1], out)
	} else if len(rest) > 0 {
		return fmt.Errorf("%q: want nothing, to start a cluster, or scale and a number, to scale one",
			strings.Join(rest, " "))
	}
	if !isSet(flags, "page") {
		*page = usablePagePort(*host, listen)
	}

	dir, err := os.MkdirTemp("", "livechat-build-")
	if err != nil {
		return fmt.Errorf("create a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	at := func(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	o := localcluster.Options{
		Servers: *servers, Elastic: localcluster.MaxElastic, API: 1, Nginx: *page != 0,
		LivePage: *live, Env: settings(),
		Room: at(*host, *room), Stats: at("127.0.0.1", *stats),
		Log: newPrinter(out, colour).print,
	}
	if o.Nginx {
		o.Page = at(*host, *page)
	}
	c, err := start(ctx, o, dir, *race, out)
	if err != nil {
		return err
	}
	orders, err := takeOrders(c, *room, out)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	announce(out, c, *page, *room, *stats)
	<-ctx.Done()
	fmt.Fprintln(out, "\nstopping …")
	return errors.Join(orders.close(), c.Close())
}

// isSet reports whether a flag was given.
func isSet(flags *flag.FlagSet, name string) (given bool) {
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// start builds the server into dir, which must stay while the cluster runs, and
// starts the cluster.
func start(ctx context.Context, o localcluster.Options, dir string, race bool, out io.Writer) (
	*localcluster.Cluster, error) {
	fmt.Fprintln(out, "building the server …")
	var err error
	if o.Binary, err = localcluster.Build(ctx, dir, race); err != nil {
		return nil, err
	}
	c, err := localcluster.Start(ctx, o)
	var address *localcluster.AddressError
	if errors.As(err, &address) {
		return nil, fmt.Errorf("%w; -%s chooses another port", address, address.Part)
	}
	if err != nil {
		return nil, err
	}
	drainGently(c)
	return c, nil
}

// drainGently gives elastic servers, which are stopped while people are
// connected, time to move them, as a deploy does: HAProxy notices first, and
// nobody is interrupted. The others have no time to lose at Ctrl-C.
func drainGently(c *localcluster.Cluster) {
	for name, value := range map[string]string{"DRAIN_DELAY": "2s", "DRAIN_PERIOD": "3s"} {
		if _, chosen := os.LookupEnv(name); chosen {
			continue
		}
		for _, p := range c.Elastic {
			p.Setenv(name, value)
		}
	}
}

// takeOrders lets `cluster scale` scale c.
func takeOrders(c *localcluster.Cluster, room int, out io.Writer) (*control, error) {
	path, err := socketPath(room)
	if err != nil {
		return nil, err
	}
	return startControl(path, c, out)
}

func usage(flags *flag.FlagSet) {
	fmt.Fprint(flags.Output(), "cluster starts the whole product on this machine; Ctrl-C stops it.\n\n"+
		"  cluster [flags]                  start a cluster\n"+
		"  cluster [-room PORT] scale N     scale the one that runs to N servers more; 0: none\n\n"+
		"Flags:\n")
	flags.PrintDefaults()
}

const (
	defaultRoom  = 8080
	pagePort     = 1007
	freePagePort = 8007 // for users who may not open pagePort
)

// usablePagePort returns the port of the page: freePagePort where this user may
// open only higher ports, else pagePort. Start reports any other problem.
func usablePagePort(host string, listen func(addr string) error) int {
	if err := listen(net.JoinHostPort(host, strconv.Itoa(pagePort))); errors.Is(err, fs.ErrPermission) {
		return freePagePort
	}
	return pagePort
}

// listen reports whether this user may listen on addr.
func listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// settings returns the servers' settings: those in the environment, and a drain
// so short that Ctrl-C takes no time.
func settings() map[string]string {
	env := map[string]string{"DRAIN_DELAY": "0s", "DRAIN_PERIOD": "500ms", "LOG_FORMAT": "text"}
	for _, name := range []string{"CHANNEL", "ALLOWED_ORIGINS", "MESSAGE_RATE", "MESSAGE_BURST",
		"ADDRESS_RATE", "ADDRESS_BURST", "ROOM_RATE", "ROOM_BURST", "POST_RATE", "POST_BURST",
		"CHATS_HOUR", "MAX_TEXT", "MAX_CONNECTIONS", "RING_SIZE", "HISTORY_LENGTH",
		"PING_INTERVAL", "DRAIN_DELAY", "DRAIN_PERIOD", "FLUSH_INTERVAL", "BALANCE", "LOG_LEVEL",
		"LOG_FORMAT", "MAX_PER_IP", "RATE_PER_IP", "UNLIMITED", "MAX_CLIENTS", "LB_LOG"} {
		if value, ok := os.LookupEnv(name); ok {
			env[name] = value
		}
	}
	return env
}

// announce prints where everything is.
func announce(out io.Writer, c *localcluster.Cluster, page, room, stats int) {
	fmt.Fprintln(out)
	if page != 0 {
		fmt.Fprintf(out, "  page        http://localhost:%d\n", page)
		fmt.Fprintf(out, "  servers     http://localhost:%d/cluster.html\n", page)
		fmt.Fprintf(out, "  API         http://localhost:%d/api/v1/docs/\n", page)
	}
	fmt.Fprintf(out, "  room        ws://localhost:%d      wscat -c 'ws://localhost:%d/?name=ann'\n", room,
		room)
	fmt.Fprintf(out, "  statistics  http://localhost:%d\n", stats)
	for _, s := range c.Servers {
		fmt.Fprintf(out, "  %-11s ws://%s\n", s.Name, s.Addr)
	}
	more := ""
	if room != defaultRoom {
		more = fmt.Sprintf("-room %d ", room)
	}
	fmt.Fprintf(out, "  scale       go run ./tools/cluster %sscale 4      four servers more; 0: none\n", more)
	host, port, _ := net.SplitHostPort(c.Redis.Addr)
	fmt.Fprintf(out,
		"  redis       redis-cli -h %s -p %s PUBLISH livechat hello\n\n  Ctrl-C stops everything.\n\n",
		host, port)
}

// printer writes lines of several parts to one place, each after the name of
// its part.
type printer struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	known  map[string]int // the part's colour, by order of appearance
}

func newPrinter(out io.Writer, colour bool) *printer {
	return &printer{out: out, colour: colour, known: make(map[string]int)}
}

// colours are terminal colours that are readable on dark and light backgrounds:
// no yellow, no white.
var colours = [...]int{36, 32, 35, 34, 31, 96, 92, 95}

func (p *printer) print(part, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.colour {
		fmt.Fprintf(p.out, "%-8s %s\n", part, line)
		return
	}
	if _, ok := p.known[part]; !ok {
		p.known[part] = colours[len(p.known)%len(colours)]
	}
	fmt.Fprintf(p.out, "\x1b[%dm%-8s\x1b[0m %s\n", p.known[part], part, line)
}

// isTerminal reports whether f is a terminal, which shows colours.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" &&
		os.Getenv("TERM") != "dumb"
}
