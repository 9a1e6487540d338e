// Command failover measures how long clients notice it when servers die,
// freeze, restart or lose Redis, and prints a table: `make times`. It needs
// redis-server and haproxy, and an otherwise idle machine for about four
// minutes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"livechat/e2e/failover"
	"livechat/internal/localcluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	clients := flag.Int("clients", 200, "number of clients")
	flag.Parse()
	dir, err := os.MkdirTemp("", "livechat-build-")
	if err != nil {
		return fmt.Errorf("create a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	binary, err := localcluster.Build(ctx, dir, false)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Minute)
	defer cancel()
	rows, err := failover.Measure(ctx, binary, *clients,
		func(what string) { fmt.Fprintln(os.Stderr, what+" …") })
	fmt.Println()
	if err := errors.Join(err, failover.Print(os.Stdout, rows)); err != nil {
		return err
	}
	for _, r := range rows {
		if !r.OK {
			return errors.New("a limit was exceeded")
		}
	}
	return nil
}
