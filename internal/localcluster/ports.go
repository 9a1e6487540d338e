package localcluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// errTaken means that another process took a port that was free a moment ago.
var errTaken = errors.New("port taken")

// FreePorts returns a random loopback address and n free ports on it. It holds
// all of them at once, so that they differ, and then releases them for the
// parts. On 127.0.0.1 this would be a gamble: the kernel uses the same numbers
// for outgoing connections, of which a test makes hundreds while a killed
// server's port waits for its restart. No connection goes out from a random
// address.
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

// OwnPorts returns n free ports for who cannot choose the address and needs
// them on 127.0.0.1 or on all addresses. They lie below those that Linux gives
// to outgoing connections (32768 and up), so none of these takes one before the
// part does.
func OwnPorts(n int) (ports []string, err error) {
	for tries := 0; len(ports) < n; tries++ {
		port := strconv.Itoa(20000 + rand.IntN(12000))
		l, err := net.Listen("tcp4", net.JoinHostPort("0.0.0.0", port))
		if err == nil {
			defer l.Close() // held until all are found, so that they differ
			ports = append(ports, port)
		} else if tries == 100 {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
	}
	return ports, nil
}

// loopback returns a random loopback address.
func loopback() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(255), 1+rand.IntN(254))
}

// AddressError means that we cannot listen on an address of the Options. Its
// text is one line that a newcomer understands.
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
		return fmt.Sprintf("%s: %s needs root: this user may not open ports below 1024", e.Part, e.Addr)
	default:
		return fmt.Sprintf("%s: cannot listen on %s: %v", e.Part, e.Addr, e.Err)
	}
}

// Unwrap returns the system's error.
func (e *AddressError) Unwrap() error { return e.Err }

// checkFree returns an *AddressError if we cannot listen on addr. An empty addr
// is fine.
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
