// Command times measures how long people notice that servers die, freeze, restart or lose Redis, and prints a table: `make times`. It needs redis-server and
// haproxy, and about four minutes in which the machine has nothing else to do.
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

	"livechat/e2e/cluster"
	"livechat/e2e/times"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "times:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	clients := flag.Int("clients", 200, "how many clients")
	flag.Parse()
	dir, err := os.MkdirTemp("", "livechat-build-")
	if err != nil {
		return fmt.Errorf("make a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	binary, err := cluster.Build(ctx, dir, false)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Minute)
	defer cancel()
	rows, err := times.Measure(ctx, binary, *clients, func(what string) { fmt.Fprintln(os.Stderr, what+" …") })
	fmt.Println()
	if err := errors.Join(err, times.Print(os.Stdout, rows)); err != nil {
		return err
	}
	for _, r := range rows {
		if !r.OK {
			return errors.New("a bar was missed")
		}
	}
	return nil
}
