package node

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	mini "github.com/alicebob/miniredis/v2/server"

	"livechat/server/bus"
)

// startEmbedded starts the Redis inside the process. It reports a run_id as a
// real one does, so the bus needs no special case. Every user of this machine
// can reach its port, so it requires a password, which only the URL holds.
func startEmbedded() (m *miniredis.Miniredis, url string, err error) {
	m = miniredis.NewMiniRedis()
	run, password := newID(), rand.Text()
	m.RequireAuth(password) // before the port opens
	if err := m.Start(); err != nil {
		return nil, "", err
	}
	m.Server().SetPreHook(func(c *mini.Peer, cmd string, args ...string) bool {
		if cmd != "INFO" || len(args) != 1 || !strings.EqualFold(args[0], "server") {
			return false
		}
		c.WriteBulk("# Server\r\nrun_id:" + run + "\r\n")
		return true
	})
	return m, "redis://:" + password + "@" + m.Addr(), nil
}

// ageEmbedded advances the clock of the embedded Redis, which expires no keys
// by itself.
func (n *Node) ageEmbedded(ctx context.Context) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.embedded.FastForward(step)
		case <-ctx.Done():
			return
		}
	}
}

// rightsTime bounds the check of the rights in Redis at startup.
const rightsTime = 2 * time.Second

// checkRights returns an error if the Redis user lacks a right. A Redis that
// does not answer is no error: it may come up later.
func (n *Node) checkRights() error {
	if n.embedded != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), rightsTime)
	defer cancel()
	err := n.bus.CheckRights(ctx)
	if errors.Is(err, bus.ErrNoRight) {
		return err
	}
	if err != nil {
		n.logger.Debug("redis: rights not checked", "error", err)
	}
	return nil
}
