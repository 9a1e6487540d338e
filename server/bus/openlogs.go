package bus

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// publishScript returns the script that publishes in one process of Redis, and
// in no other: see publish.lua. command is PUBLISH or SPUBLISH.
func publishScript(run, command string) *redis.Script {
	text := strings.NewReplacer("'RUN_ID'", "'"+run+"'", "'PUBLISH_COMMAND'", "'"+command+"'")
	return redis.NewScript(text.Replace(tombsSource + reactionsSource + rulesSource + publishSource))
}

// openLog is what is needed to publish in a log.
type openLog struct {
	epoch  string
	epochs chat.EpochHistory // the newest, see knownEpochs
	*runScript
}

// knownEpochs is how many epochs before the present one are remembered with
// their ends: a server that has published in them can restore that. It is small
// because it is kept for thousands of feeds.
const knownEpochs = 4

// runScript is the publish script of one process of Redis. Its fields do not
// change, except loaded.
type runScript struct {
	run    string
	script *redis.Script
	loaded atomic.Bool // this server has loaded it, and it is not known to have been flushed
}

// never is a log that was not opened. No Redis knows its script.
var never = openLog{runScript: &runScript{run: "none", script: publishScript("none", "PUBLISH")}}

const (
	// maxOpenLogs is how many logs one generation holds. An API process
	// publishes in the feeds of all users, and does not learn when one ends.
	maxOpenLogs = 4096
	maxRuns     = 64 // Redis restarts, and a cluster has several processes
)

// openLogs are the logs that this server has opened, most recently used. There
// are two generations: when the new one is full it becomes the old one, and
// what was not used in the old one is dropped. A log that was dropped is opened
// again when something is published in it.
type openLogs struct {
	command string            // set at construction: command that publishes; empty: PUBLISH
	changed func(room string) // set at construction, may be nil: the epoch of a log has changed

	mu         sync.Mutex
	fresh, old map[string]openLog    // guarded by mu: by room
	scripts    map[string]*runScript // guarded by mu: by process of Redis
}

func (o *openLogs) get(room string) openLog {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l, ok := o.fresh[room]; ok {
		return l
	}
	if l, ok := o.old[room]; ok {
		o.putLocked(room, l)
		return l
	}
	return never
}

// set notes a log that was found open in a process of Redis.
func (o *openLogs) set(room string, l chat.Log, run string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.scripts[run]
	if !ok {
		if o.scripts == nil || len(o.scripts) >= maxRuns {
			o.scripts = make(map[string]*runScript)
		}
		p = &runScript{run: run, script: publishScript(run, cmp.Or(o.command, "PUBLISH"))}
		o.scripts[run] = p
	}
	before := o.fresh[room].epoch
	past := slices.Clone(l.Epochs[max(0, len(l.Epochs)-knownEpochs):])
	o.putLocked(room, openLog{l.Head.Epoch, past, p})
	if o.changed != nil && l.Head.Epoch != before {
		o.changed(room)
	}
}

func (o *openLogs) putLocked(room string, l openLog) {
	if o.fresh == nil || len(o.fresh) >= maxOpenLogs {
		o.fresh, o.old = make(map[string]openLog), o.fresh
	}
	o.fresh[room] = l
	delete(o.old, room)
}

func (o *openLogs) forget(room string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.fresh, room)
	delete(o.old, room)
}
