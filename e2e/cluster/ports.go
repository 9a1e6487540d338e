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
	host = loopback()
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

// loopback draws a loopback address.
func loopback() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(255), 1+rand.IntN(254))
}

// AddressError says that an address of the Options cannot be listened on. It reads as one line that a newcomer understands.
type AddressError struct {
	Part string // room, page or stats
	Addr string
	Err  error
}

// Error names the part, the address and the reason.
func (e *AddressError) Error() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("%s: %s is taken by another program", e.Part, e.Addr)
	case errors.Is(e.Err, syscall.EACCES):
		return fmt.Sprintf("%s: %s may not be opened by this user, as ports below 1024 need root", e.Part, e.Addr)
	default:
		return fmt.Sprintf("%s: cannot listen on %s: %v", e.Part, e.Addr, e.Err)
	}
}

// Unwrap returns what the kernel said.
func (e *AddressError) Unwrap() error { return e.Err }

// checkFree returns an *AddressError if addr cannot be listened on. An empty one can.
func checkFree(part, addr string) error {
	if addr == "" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return &AddressError{part, addr, err}
	}
	return l.Close()
}
