package main

import (
	"testing"
	"time"

	"livechat/load/run"
	"livechat/load/watch"
)

// lateWatcher takes as long to find programs as on a busy machine.
type lateWatcher struct{ *watch.Watcher }

func (w lateWatcher) Find() {
	time.Sleep(300 * time.Millisecond)
	w.Watcher.Find()
}

// Messages whose time has come before the publishers start are late, but sent
// once.
func TestLateMessagesAreSentOnce(t *testing.T) {
	p := startFaulty(t, startForWorkers(t), nil)
	o, err := parse([]string{"-url", p.url, "-clients", "20", "-publishers", "20", "-rate", "20", "-for",
		"1s", "-warmup", "0"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	w, err := watch.New(o.settings.URLs, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := run.Do(within(t, time.Minute), o.settings, lateWatcher{w}, func(run.Live) {})
	if err != nil || len(r.Verdict) > 0 || r.Totals.Acked != r.Totals.Sent {
		t.Errorf("%v, %q: %+v", err, r.Verdict, r.Totals)
	}
	if n := p.sent.Load(); n != r.Totals.Sent || n != 20 {
		t.Errorf("%d messages were sent, the run says %d", n, r.Totals.Sent)
	}
}
