// Command cluster runs the whole product on this machine without Docker: `make
// cluster`. It needs redis-server, haproxy and, for the page, nginx. Ctrl-C
// stops everything gracefully.
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

// run starts the cluster and stops it when ctx ends.
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
	room := flags.Int("room", 8080, "port of the room")
	stats := flags.Int("stats", 8404, "port of HAProxy's statistics, on loopback only")
	live := flags.Bool("live", false,
		"serve static/ as it is at each request, not bundled: for work on the page")
	race := flags.Bool("race", false, "build the servers with the race detector")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // the flag set has printed the error
	}
	chosen := false
	flags.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "page" })
	if !chosen {
		*page = usablePagePort(*host, listen)
	}

	dir, err := os.MkdirTemp("", "livechat-build-")
	if err != nil {
		return fmt.Errorf("create a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(out, "building the server …")
	binary, err := localcluster.Build(ctx, dir, *race)
	if err != nil {
		return err
	}
	at := func(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	o := localcluster.Options{
		Servers: *servers, API: 1, Nginx: *page != 0, LivePage: *live, Binary: binary,
		Env:  settings(),
		Room: at(*host, *room), Stats: at("127.0.0.1", *stats),
		Log: newPrinter(out, colour).print,
	}
	if o.Nginx {
		o.Page = at(*host, *page)
	}
	c, err := localcluster.Start(ctx, o)
	var address *localcluster.AddressError
	if errors.As(err, &address) {
		return fmt.Errorf("%w; -%s chooses another port", address, address.Part)
	}
	if err != nil {
		return err
	}
	announce(out, c, *page, *room, *stats)
	<-ctx.Done()
	fmt.Fprintln(out, "\nstopping …")
	return c.Close()
}

const (
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
	for _, name := range []string{"CHANNEL", "ALLOWED_ORIGINS", "MESSAGE_RATE", "MESSAGE_BURST", "MAX_TEXT",
		"MAX_CONNECTIONS", "RING_SIZE",
		"HISTORY_LENGTH",
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
