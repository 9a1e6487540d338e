package testredis

import (
	"net"
	"testing"
)

// A port that another process took after it was free does not fail a test.
func TestProcessWhosePortIsTaken(t *testing.T) {
	for _, name := range []string{"--port", "--cluster-port"} {
		p := newProcess(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
		l, err := net.Listen("tcp", "127.0.0.1:"+p.arg(name))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p.Start()
		if got := p.CLI("ping"); got != "PONG\n" {
			t.Errorf("%s was taken: it answers %q", name, got)
		}
	}
}
