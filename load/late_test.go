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
// once: two are just as many as one client may send at once.
func TestLateMessagesAreSentOnce(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "2", "MESSAGE_BURST": "2", "LOG_LEVEL": "warn"})
	o, err := parse([]string{"-url", "ws://" + addr, "-clients", "20", "-rate", "20", "-for", "1s",
		"-warmup", "0"}, t.Output())
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
}
