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

// startEmbedded starts the Redis inside the process. Like a real one it says which process it is, so that the bus knows one kind of Redis only.
// Its port is open to every user of this machine, so it wants a password, which only the url has.
func startEmbedded() (m *miniredis.Miniredis, url string, err error) {
	m = miniredis.NewMiniRedis()
	run, password := newID(), rand.Text()
	m.RequireAuth(password) // before there is a port
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

// ageEmbedded lets time pass in the embedded Redis, which would keep every message's id for ever.
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

// rightsTime is how long a start waits to hear which rights it has in Redis.
const rightsTime = 2 * time.Second

// checkRights returns an error if the user of Redis lacks a right. A Redis that does not answer is none: it may come later.
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
		n.log.Debug("cannot check the rights in Redis", "error", err)
	}
	return nil
}
