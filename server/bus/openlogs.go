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
	return redis.NewScript(text.Replace(publishSource))
}

// openLog is what has to be known of a log to publish in it.
type openLog struct {
	epoch string
	past  chat.Lineage // the newest of it, see knownPast
	*runScript
}

// knownPast is of how many epochs before the present one it is known where they
// ended: whoever has said something in them can put it back. Few, since this is
// kept of each of thousands of feeds.
const knownPast = 4

// runScript is the publish script of one process of Redis. Its fields do not
// change, but for loaded.
type runScript struct {
	run    string
	script *redis.Script
	loaded atomic.Bool // this server has given it to Redis, and nobody is known to have flushed it
}

// never is a log that was not opened. No Redis knows its script.
var never = openLog{runScript: &runScript{run: "none", script: publishScript("none", "PUBLISH")}}

const (
	// maxOpenLogs is how many logs of one generation are known. An API process
	// publishes in the feeds of all users, and hears of none that it is over.
	maxOpenLogs = 4096
	maxRuns     = 64 // a Redis restarts, a cluster has several
)

// openLogs are the logs that this server has opened, the latest used ones. Two
// generations: when the new one is full it becomes the old one, and what the
// old one had that was not used meanwhile is forgotten. A log that is
// forgotten is opened again when something is published in it.
type openLogs struct {
	command string            // by which the script publishes; empty: PUBLISH
	changed func(room string) // set at construction, may be nil: a log was found in another epoch than before

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

// set takes note of a log that was found open in a process of Redis.
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
	past := slices.Clone(l.Past[max(0, len(l.Past)-knownPast):])
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
