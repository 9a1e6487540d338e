package bus

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"livechat/server/chat"
)

func TestOpenLogsHaveABound(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const n, run = 5 * maxOpenLogs, "0123456789012345678901234567890123456789"
	var o openLogs
	before := heap()
	for i := range n {
		o.set(fmt.Sprint("@feed:", i), chat.Log{Head: chat.Position{Epoch: "0123456789abcdef"}}, strings.Clone(run))
		o.get("@feed:0") // in constant use
	}
	if grown := int64(heap() - before); grown > 8<<20 {
		t.Errorf("%d logs cost %d bytes", n, grown)
	}
	for _, i := range []int{0, n - 1} {
		if l := o.get(fmt.Sprint("@feed:", i)); l.run != run {
			t.Errorf("feed %d was dropped", i)
		}
	}
	runtime.KeepAlive(&o)
}

func TestOpenLogsOfManyRestarts(t *testing.T) {
	var o openLogs
	for i := range 3 * maxRuns {
		run := fmt.Sprint("run", i)
		o.set(room, chat.Log{Head: chat.Position{Epoch: "0123456789abcdef"}}, run)
		if l := o.get(room); l.run != run {
			t.Fatalf("run %q, want %q", l.run, run)
		}
		if len(o.scripts) > maxRuns {
			t.Fatalf("%d scripts", len(o.scripts))
		}
	}
}

// A log that this server has dropped is opened again. The script that Redis has
// is not loaded again.
func TestPublishInAnEvictedLog(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{})
		for i := range 3 {
			feed := fmt.Sprint("@feed:", i)
			for n := range 2 {
				id := fmt.Sprint(i, "-", n)
				if at := mustSay(t, b, feed, id, "hello").Position.Seq; at != uint64(n+1) {
					t.Errorf("message %s has seq %d", id, at)
				}
				b.logs.forget(feed)
			}
		}
		if stats := r.raw.Info(t.Context(), "commandstats").Val(); strings.Contains(stats, "cmdstat_script") &&
			!strings.Contains(stats, "cmdstat_script|load:calls=2,") {
			t.Error("not just the scripts that open and that publish were loaded, once each")
		}
	})
}
