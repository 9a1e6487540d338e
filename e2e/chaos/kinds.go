package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// kind is a kind of fault.
type kind struct {
	name string
	lane lane
	from time.Duration // duration: drawn between from and to
	to   time.Duration
	rest time.Duration // pause of its lane afterwards
	do   func(r *run, s Step) error
}

// lane groups kinds of faults of which one happens at a time. Faults of
// different lanes may overlap.
type lane int

const (
	redis   lane = iota
	servers      // a server's process
	links        // between a server and Redis
	doors        // between clients and HAProxy
	balancer
	apis     // an API server, or its link to Redis
	database // PostgreSQL
)

const lanes = database + 1

// rest is how long the log gets a rest after a fault that may have lost data in
// Redis, or that silenced the servers' subscriptions. Data that only Redis had
// is lost with it, and servers need a moment to receive what they missed.
const rest = 2500 * time.Millisecond

// kinds are all kinds of faults.
var kinds = []kind{
	{"redis-kill", redis, 200 * time.Millisecond, 1500 * time.Millisecond, rest, (*run).redisKill},
	{"redis-rewind", redis, 200 * time.Millisecond, 1500 * time.Millisecond, rest, (*run).redisRewind},
	{"redis-clock", redis, 0, 500 * time.Millisecond, rest, (*run).redisClock},
	{"redis-step", redis, 0, 0, time.Second, (*run).redisStep},
	{"redis-full", redis, time.Second, 3 * time.Second, time.Second, (*run).redisFull},
	{"redis-pause", redis, time.Second, 4 * time.Second, rest, (*run).redisPause},
	{"redis-flush", redis, 0, 0, rest, (*run).redisFlush},
	{"redis-del", redis, 0, 0, rest, (*run).redisDel},
	{"script-flush", redis, 0, 0, 200 * time.Millisecond, (*run).scriptFlush},
	{"pubsub-kill", redis, 0, 0, rest, (*run).pubsubKill},

	{
		"server-kill",
		servers,
		200 * time.Millisecond,
		2 * time.Second,
		500 * time.Millisecond,
		(*run).serverKill,
	},
	{
		"server-pause",
		servers,
		500 * time.Millisecond,
		4 * time.Second,
		500 * time.Millisecond,
		(*run).serverPause,
	},
	{
		"server-restart",
		servers,
		3 * time.Second,
		3 * time.Second,
		500 * time.Millisecond,
		(*run).serverRestart,
	},

	{"link-blackhole", links, time.Second, 4 * time.Second, 0, (*run).linkBlackhole},
	{"link-strand", links, 0, 0, time.Second, (*run).linkStrand},
	{"link-cut", links, 0, 0, time.Second, (*run).linkCut},
	{"link-flap", links, time.Second, 3 * time.Second, time.Second, (*run).linkFlap},
	{"link-delay", links, time.Second, 3 * time.Second, 0, (*run).linkDelay},
	{"link-drop", links, 500 * time.Millisecond, 2 * time.Second, 0, (*run).linkDrop},
	{"link-half-close", links, 0, 0, time.Second, (*run).linkHalfClose},
	{"link-drip", links, time.Second, 2 * time.Second, 0, (*run).linkDrip},

	{"door-blackhole", doors, time.Second, 3 * time.Second, 0, (*run).doorBlackhole},
	{"door-cut", doors, 0, 0, time.Second, (*run).doorCut},
	{"door-delay", doors, time.Second, 3 * time.Second, 0, (*run).doorDelay},
	{"door-drop", doors, time.Second, time.Second, 0, (*run).doorDrop},
	{"door-half-close", doors, 0, 0, time.Second, (*run).doorHalfClose},
	{"door-drip", doors, time.Second, 2 * time.Second, 0, (*run).doorDrip},

	{"haproxy-reload", balancer, 0, 0, 2 * time.Second, (*run).haproxyReload},
	{"haproxy-kill", balancer, 0, time.Second, 2 * time.Second, (*run).haproxyKill},

	{"api-kill", apis, 200 * time.Millisecond, 3 * time.Second, 2 * time.Second, (*run).apiKill},
	{"api-pause", apis, time.Second, 4 * time.Second, time.Second, (*run).apiPause},
	{"api-link-cut", apis, 0, 0, time.Second, (*run).apiLinkCut},

	{
		"postgres-kill",
		database,
		200 * time.Millisecond,
		3 * time.Second,
		2 * time.Second,
		(*run).postgresKill,
	},
	{"postgres-pause", database, time.Second, 4 * time.Second, 2 * time.Second, (*run).postgresPause},
}

// needsClock reports whether the fault needs the wrong clock, which has to be
// compiled.
func (k kind) needsClock() bool { return k.name == "redis-clock" || k.name == "redis-step" }

// Names returns the names of all kinds of faults.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// choose returns the kinds with these names.
func choose(only []string) ([]kind, error) {
	var chosen []kind
	for _, name := range only {
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown fault %q; known are %s", name, strings.Join(Names(), ", "))
		}
		chosen = append(chosen, kinds[i])
	}
	if only != nil {
		return chosen, nil
	}
	return slices.DeleteFunc(slices.Clone(kinds),
		func(k kind) bool { return k.needsClock() && !hasCompiler() }), nil
}
