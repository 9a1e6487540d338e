package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// errTaken says that somebody else took a port that was free a moment ago.
var errTaken = errors.New("a port has been taken")

// FreePorts returns a loopback address that nobody uses and n free ports on it. All are held at once, so that they differ, and then let go for the
// parts to take. On 127.0.0.1 that would be a gamble: the kernel hands out the same numbers for outgoing connections, of which a test
// makes hundreds while a killed server's port waits for its restart. Nothing goes out from an address that nobody else has.
func FreePorts(n int) (host string, ports []string, err error) {
	host = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(255), 1+rand.IntN(254))
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for range n {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", nil, fmt.Errorf("find a free port: %w", err)
		}
		held = append(held, l)
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return "", nil, fmt.Errorf("find a free port: %w", err)
		}
		ports = append(ports, port)
	}
	return host, ports, nil
}

// checkFree returns an error, in one line that a newcomer understands, if addr cannot be listened on. An empty one can.
func checkFree(part, addr string) error {
	if addr == "" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return l.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %s is taken by another program", part, addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: %s may not be opened by this user (ports below 1024 need root)", part, addr)
	default:
		return fmt.Errorf("%s: cannot listen on %s: %w", part, addr, err)
	}
}
