package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"

	"livechat/load/record"
	"livechat/load/run"
	"livechat/load/watch"
	"livechat/load/worker"
)

// secretVariable is the environment variable with the secret of coordinator and
// workers: a flag would show it in the list of processes.
const secretVariable = "LOAD_SECRET"

// sources are the sources of this program.
//
//go:embed *.go */*.go
var sources embed.FS

// revision identifies the revision of this program, also where Go knows none,
// as with go run, and if it was compiled for another machine.
func revision() (string, error) {
	digest := sha256.New()
	err := fs.WalkDir(sources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(sources, path)
		fmt.Fprintf(digest, "%s %d\n%s", path, len(text), text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the own sources: %w", err)
	}
	return fmt.Sprintf("%x", digest.Sum(nil)[:6]), nil
}

// perform performs a run, here or on workers.
func (o *options) perform(ctx context.Context, watcher run.Watcher, tell func(run.Live)) (*record.Run,
	error,
) {
	if len(o.workers) == 0 {
		return run.Do(ctx, o.settings, watcher, tell)
	}
	own, err := revision()
	if err != nil {
		return nil, err
	}
	c := worker.Coordinator{Workers: o.workers, Version: own, Secret: os.Getenv(secretVariable),
		Watcher: watcher, Tell: tell}
	return c.Do(ctx, o.settings)
}

// checkWorkers checks the flags that -workers forbids.
func (o *options) checkWorkers() error {
	if len(o.workers) == 0 {
		return nil
	}
	for i, address := range o.workers {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("-workers %q: want host:port", address)
		}
		if slices.Contains(o.workers[:i], address) {
			return fmt.Errorf("-workers: %s is given twice", address)
		}
	}
	switch s := &o.settings; {
	case len(o.workers) > run.MaxParts:
		return fmt.Errorf("-workers: want at most %d", run.MaxParts)
	case s.Clients < len(o.workers):
		return fmt.Errorf("-workers: %d workers cannot share %d clients", len(o.workers), s.Clients)
	case len(s.Sources) > 0:
		return errors.New("-source: with -workers, give it to each worker, whose addresses they are")
	}
	return worker.CheckSecret(os.Getenv(secretVariable))
}

// serveWorker is the command load worker.
func serveWorker(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("load worker", flag.ContinueOnError)
	flags.SetOutput(out)
	listen := flags.String("listen", "127.0.0.1:7100",
		"`address` for the coordinator; one that other machines can reach requires LOAD_SECRET")
	source := flags.String("source", "", "`addresses` to connect from, separated by commas, if ports run "+
		"out; automatic for loopback")
	flags.Usage = func() {
		fmt.Fprint(out, "load worker performs a part of the runs of a coordinator (load -workers), "+
			"one at a time.\n\n"+
			"  LOAD_SECRET=… go run ./load worker -listen :7100\n\n"+
			"The coordinator needs the same LOAD_SECRET, at least 16 characters.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	own, secret := split(*source), os.Getenv(secretVariable)
	err := errors.Join(worker.CheckListen(*listen, secret), checkSources(own))
	if flags.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return errUsage
	}
	watcher, err := watch.New(nil, nil, nil) // of itself
	if err != nil {
		return err
	}
	w := worker.Worker{Secret: secret, Sources: own, Watcher: watcher, Check: limits,
		Logger: slog.New(slog.NewTextHandler(out, nil))}
	if w.Version, err = revision(); err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		fmt.Fprintf(out, "-listen %s: %v\n", *listen, err)
		return errUsage
	}
	w.Logger.Info("worker: ready", "address", l.Addr().String(), "version", w.Version)
	return w.Serve(ctx, l)
}
