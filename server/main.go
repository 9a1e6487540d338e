// Command server is a livechat server: rooms over WebSocket, the page, health. Everything is set by environment variables; none is
// needed. `server healthcheck` asks the server of the same environment whether it is alive, for containers without a shell. `server export` writes
// all that is in the database of that environment to the standard output, `server import` reads it into an empty one.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"livechat/server/config"
	"livechat/server/node"
	"livechat/server/web"
)

// grace is how much longer than its drain a shutdown may take.
const grace = 10 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "livechat:", err)
		os.Exit(1)
	}
}

// How much garbage may gather in relation to what lives, unless GOGC says otherwise. Go's own 100 doubles the memory of connections that do nothing; they
// produce no garbage either, so collecting sooner costs next to nothing. The API keeps little and throws much away: there memory is cheaper than time.
const (
	gcPercent    = 50
	gcPercentAPI = 300
)

// tuneGC sets how often garbage is collected. A GOGC other than Go's own 100 stays.
func tuneGC(role string) {
	percent := gcPercent
	if role == config.RoleAPI {
		percent = gcPercentAPI
	}
	if old := debug.SetGCPercent(percent); old != 100 {
		debug.SetGCPercent(old)
	}
}

func run(args []string) error {
	cfg, err := config.FromEnvironment()
	if err != nil {
		return err
	}
	tuneGC(cfg.Server.Role)
	switch {
	case len(args) == 1 && args[0] == "healthcheck":
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return web.Healthcheck(ctx, cfg.Server.Addr)
	case len(args) == 1 && (args[0] == "export" || args[0] == "import"):
		return transfer(context.Background(), args[0], cfg.Database, streams{os.Stdin, os.Stdout, os.Stderr})
	case len(args) > 0:
		return fmt.Errorf("unknown arguments %q: there are healthcheck, export and import, one at a time; settings are environment variables", args)
	}

	signals, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // whoever read the log is gone, which is no reason to go as well
	n, err := node.Start(cfg, cfg.Log.Logger(os.Stderr), version())
	if err != nil {
		return err
	}
	var failure error
	select {
	case <-signals.Done():
	case failure = <-n.Failed():
	}
	// Of a terminal that is closed there may come two, from the shell and from the kernel.
	signal.Ignore(syscall.SIGHUP)
	stop() // a second one of the other signals ends the process at once
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Drain.Delay+cfg.Drain.Period+grace)
	defer cancel()
	if err := n.Shutdown(ctx); failure == nil {
		return err
	}
	return failure
}

// ends are the signals that end the server. A closed terminal sends SIGHUP; nohup
// has it ignored, and it stays so.
func ends() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// version is the revision that Go has noted in the binary, or "dev".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "dev"
}
