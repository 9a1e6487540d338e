// Command server is a livechat server: rooms over WebSocket, the page, the HTTP
// API and the health endpoints. Environment variables are its settings; it needs
// none of them. `server help` lists its commands and settings.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"livechat/server/admin"
	"livechat/server/config"
	"livechat/server/node"
	"livechat/server/web"
	"livechat/static"
)

// grace is how much longer than the drain a shutdown may take.
const grace = 10 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "livechat:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch {
	case len(args) > 0 && slices.ContainsFunc(args, isHelp):
		return help(os.Stdout)
	case len(args) == 1 && (command == "version" || command == "--version"):
		_, err := fmt.Println(buildVersion())
		return err
	case command == "page" && len(args) == 2:
		return web.WritePage(static.Files, args[1])
	case command == "export" && len(args) == 2 && isFlag(args[1], "files=false"):
		command = exportRows
	case slices.Equal(args[:min(3, len(args))], []string{"admin", "files", "check"}) &&
		(len(args) == 3 || len(args) == 4 && isFlag(args[3], "repair")):
		command = adminCheck
	case command == "admin" && admin.Is(args[1:]):
		operator, err := admin.Parse(args[1:])
		if err != nil {
			return err
		}
		cfg, err := config.FromEnvironment()
		if err != nil {
			return err
		}
		return administer(context.Background(), cfg, operator, streams{os.Stdin, os.Stdout, os.Stderr})
	case len(args) > 1 || !slices.Contains([]string{"", "healthcheck", "export", "import"}, command):
		return fmt.Errorf("unknown arguments %q; livechat help lists the commands", args)
	}

	cfg, err := config.FromEnvironment()
	if err != nil {
		return err
	}
	switch command {
	case "healthcheck":
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return web.Healthcheck(ctx, cfg.Server.Addr)
	case exportRows:
		command, cfg.Files.URL = "export", ""
		fallthrough
	case "export", "import":
		return transfer(context.Background(), command, cfg, streams{os.Stdin, os.Stdout, os.Stderr})
	case adminCheck:
		return checkFiles(context.Background(), cfg, len(args) == 4, streams{os.Stdin, os.Stdout, os.Stderr})
	}
	return serve(cfg)
}

// Commands of several words.
const (
	exportRows = "export -files=false"
	adminCheck = "admin files check"
)

// isFlag reports whether an argument is a flag, with one dash or two.
func isFlag(arg, flag string) bool { return arg == "-"+flag || arg == "--"+flag }

// isHelp reports whether an argument asks for help, as any command understands.
func isHelp(arg string) bool { return slices.Contains([]string{"help", "-h", "-help", "--help"}, arg) }

// serve runs the server until a signal ends it or it fails.
func serve(cfg config.Config) error {
	tuneGC(cfg.Server.Role)
	signals, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a closed log pipe must not end the server
	logger := cfg.Log.Logger(os.Stderr)
	n, err := node.Start(cfg, logger, buildVersion())
	if err != nil {
		return withHint(err, cfg)
	}
	switch {
	case config.IsTerminal(os.Stderr) && cfg.Log.Format != config.FormatJSON:
		fmt.Fprint(os.Stderr, firstScreen(cfg, n.Addr()))
	case cfg.Redis.URL == "":
		logger.Info(standaloneLine(cfg), "app", cfg.Server.App)
	}
	var failure error
	select {
	case <-signals.Done():
	case failure = <-n.Failed():
	}
	// A closed terminal may send two: one from the shell, one from the kernel.
	signal.Ignore(syscall.SIGHUP)
	stop() // any other second signal ends the process at once
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Drain.Delay+cfg.Drain.Period+grace)
	defer cancel()
	if err := n.Shutdown(ctx); failure == nil {
		return err
	}
	return failure
}

// ends returns the signals that end the server. A closed terminal sends SIGHUP;
// under nohup that is ignored, and stays so.
func ends() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}
