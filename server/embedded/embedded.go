// Package embedded has the Redis of a standalone server: miniredis, inside the
// process.
package embedded

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// Redis keeps its data as long as the process runs, and expires keys while Run
// does. Close ends it.
type Redis struct {
	*miniredis.Miniredis
	password string
}

// Start starts a Redis. Its INFO has a run_id as that of a real one, so the bus
// needs no special case. Every user of this machine can reach its port, so it
// requires a password, which only the URL holds.
func Start(runID string) (*Redis, error) {
	r := &Redis{miniredis.NewMiniRedis(), rand.Text()}
	r.RequireAuth(r.password) // before the port opens
	if err := r.Start(); err != nil {
		return nil, err
	}
	r.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		if cmd != "INFO" || len(args) != 1 || !strings.EqualFold(args[0], "server") {
			return false
		}
		c.WriteBulk("# Server\r\nrun_id:" + runID + "\r\n")
		return true
	})
	return r, nil
}

// URL returns the address with the password, as in REDIS_URL.
func (r *Redis) URL() string { return "redis://:" + r.password + "@" + r.Addr() }

// Run advances the clock until ctx is done: miniredis expires no keys by itself.
func (r *Redis) Run(ctx context.Context) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.FastForward(step)
		case <-ctx.Done():
			return
		}
	}
}
