// Command load puts a room under load, accounts for every message at every
// client, and writes a report:
//
//	go run ./load -url ws://localhost:8080 -clients 5000 -rate 50 -for 30s
//
// The exit status is 1 if a message was lost, duplicated, out of order, refused
// or not answered, if something else failed that the help names, or the run
// could not be performed; 2 for invalid flags, also those that name what is not
// there; and 3 if a limit was exceeded that was given with the flags, and nothing
// else failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/report"
	"livechat/load/run"
	"livechat/load/watch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	err := load(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status(err, os.Stderr))
}

// status returns the exit status for an error of load, and writes to progress
// one that nothing has been said of.
func status(err error, progress io.Writer) int {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errFailed):
		return 1
	case errors.Is(err, errExceeded):
		return 3
	case errors.Is(err, errInterrupted):
		return 130 // as shells say of what Ctrl-C ended
	}
	fmt.Fprintln(progress, "load:", record.Redact(err.Error()))
	return 1
}

var (
	errUsage    = errors.New("invalid flags")    // printed already
	errFailed   = errors.New("faults found")     // the report has the reason
	errExceeded = errors.New("a limit exceeded") // the report says which
	// nothing was wrong as far as the run went, as the report says
	errInterrupted = errors.New("interrupted")
)

// load is the command. The report goes to out, progress and errors in flags go
// to progress.
func load(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) > 0 && args[0] == "worker" {
		return serveWorker(ctx, args[1:], progress)
	}
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	if err := o.writable(); err != nil {
		return refuse(progress, err)
	}
	if o.compare {
		return compare(o, out)
	}
	if len(o.workers) == 0 { // else the workers check theirs
		if err := limits(&o.settings); err != nil {
			return err
		}
	}
	watcher, err := watch.New(o.settings.URLs, o.pids, o.metrics)
	if err != nil {
		return refuse(progress, err)
	}
	told, err := o.watched(ctx, progress, args)
	if err != nil {
		return refuse(progress, err)
	}
	err = o.measure(ctx, args, watcher, told, out, progress)
	return errors.Join(err, told.close(ctx, err))
}

// measure performs the run and writes the report.
func (o *options) measure(ctx context.Context, args []string, watcher *watch.Watcher, told *watchers,
	out, progress io.Writer,
) error {
	about := watch.Context(ctx, o.settings.URLs, version, o.settings.TLS())
	if about.Tool == "" {
		if digest, err := revision(); err == nil {
			about.Tool = "sources " + digest
		}
	}
	announce(progress, &o.settings)
	show := newProgress(progress, &o.settings)
	latencies, err := newHDR(o.hdr, time.Now())
	if err != nil {
		return err
	}
	result, err := o.perform(ctx, watcher, func(l run.Live) {
		latencies.add(l)
		show.warn(told.tell(l))
		show.show(l)
	})
	show.end()
	if err = errors.Join(err, latencies.close()); err != nil {
		return err
	}
	about.Programs = watcher.Programs(ctx)
	if c := result.Context; c != nil {
		about.MessageRate = c.MessageRate
	}
	result.Command, result.Context = args, about
	o.experiment.record(result)
	result.Redact()
	o.judge.judge(result)
	told.finish(result)
	if err := write(result, o, out); err != nil {
		return err
	}
	switch {
	case len(result.Verdict) > 0:
		return errFailed
	case result.Exceeded():
		return errExceeded
	case !result.Complete:
		return errInterrupted
	}
	return nil
}

// version is stamped by the build.
var version string

// limits checks that the kernel's limits allow the run.
func limits(s *plan.Settings) error {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	return errors.Join(s.Files(files.Cur), s.Ports())
}

// write writes the run in all requested forms.
func write(r *record.Run, o *options, out io.Writer) error {
	if err := report.Text(out, r); err != nil {
		return err
	}
	fmt.Fprintln(out)
	if o.json != "" {
		if err := r.Write(o.json); err != nil {
			return err
		}
		fmt.Fprintf(out, "figures: %s\n", o.json)
	}
	if o.csv != "" {
		if err := r.WriteCSV(o.csv); err != nil {
			return err
		}
		fmt.Fprintf(out, "seconds: %s\n", o.csv)
	}
	if o.hdr != "" {
		fmt.Fprintf(out, "histograms: %s\n", o.hdr)
	}
	return o.page(out, func(page io.Writer) error { return report.HTML(page, r) })
}

// compare compares runs.
func compare(o *options, out io.Writer) error {
	var runs []*record.Run
	for _, file := range o.files {
		r, err := record.Read(file)
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}
	if err := report.CompareText(out, runs, o.files); err != nil {
		return err
	}
	return o.page(out, func(page io.Writer) error { return report.CompareHTML(page, runs, o.files) })
}

// page writes the HTML report, if one is requested.
func (o *options) page(out io.Writer, write func(io.Writer) error) (err error) {
	if o.html == "" {
		return nil
	}
	f, err := os.Create(o.html)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := write(f); err != nil {
		return err
	}
	fmt.Fprintf(out, "report: %s\n", o.html)
	return nil
}
