package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"

	"livechat/load/grafana"
	"livechat/load/live"
	"livechat/load/record"
	"livechat/load/run"
)

// watchers are those who are told what happens in a run while it goes on.
type watchers struct {
	page  *live.Server         // nil: none
	marks *grafana.Annotations // nil: none
	out   io.Writer            // for warnings
}

// watched begins to tell what the flags ask for, and says where it is shown.
func (o *options) watched(ctx context.Context, progress io.Writer, args []string) (*watchers, error) {
	w := &watchers{out: progress}
	if o.listen != "" {
		page, err := live.Listen(ctx, o.listen, &o.settings, args)
		if err != nil {
			return nil, err
		}
		w.page = page
		fmt.Fprintf(progress, "live page http://%s/, metrics http://%[1]s/metrics\n", reachable(page.Addr()))
	}
	if o.grafana != "" {
		w.marks = grafana.Begin(o.grafana, os.Getenv(grafana.TokenVariable), o.settings.Scenario.Name, args)
	}
	return w, nil
}

// reachable returns an address at which this machine reaches a listener.
func reachable(address string) string {
	listens, err := netip.ParseAddrPort(address)
	if err == nil && listens.Addr().IsUnspecified() {
		return fmt.Sprintf("localhost:%d", listens.Port())
	}
	return address
}

// tell returns a warning about those who are told, or "".
func (w *watchers) tell(l run.Live) (warning string) {
	w.page.Tell(l)
	w.marks.Tell(l)
	return w.marks.Warning()
}

func (w *watchers) finish(r *record.Run) {
	w.page.Finish(r)
	w.marks.Finish(r)
}

// close waits until all know how the run has ended; err is that of a run without
// a result.
func (w *watchers) close(ctx context.Context, err error) error {
	if err != nil {
		w.page.Fail(err)
		w.marks.Fail(err)
	}
	w.marks.Close()
	if warning := w.marks.Warning(); warning != "" {
		fmt.Fprintln(w.out, warning)
	}
	return w.page.Close(ctx)
}
