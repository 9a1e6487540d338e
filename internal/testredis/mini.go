package testredis

import (
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// Mini starts the embedded Redis of a standalone server.
func Mini(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.RunT(t)
	NameMini(m)
	return m
}

// NameMini sets the run id, which an embedded Redis does not have. It has to be
// called again after a restart.
func NameMini(m *miniredis.Miniredis) {
	m.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		if cmd != "INFO" || len(args) != 1 || !strings.EqualFold(args[0], "server") {
			return false
		}
		c.WriteBulk("# Server\r\nrun_id:0123456789abcdef\r\n")
		return true
	})
}
