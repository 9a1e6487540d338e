package plan

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// perSource is how many connections go out from one address to one target: the kernel has about 28,000 ports for them.
const perSource = 25000

// Source returns the address that a client connects from; empty leaves it to the kernel. By itself that is spread over 127.0.0.1, 127.0.0.2 …
// where one loopback address is the target of more clients than one source address has ports for.
func (s *Settings) Source(client int) string {
	if len(s.Sources) > 0 {
		return s.Sources[client%len(s.Sources)]
	}
	index := client / len(s.URLs) // among the clients of the same target
	if s.Clients/len(s.URLs) <= perSource || !loopback(s.URL(client)) {
		return ""
	}
	return fmt.Sprintf("127.0.0.%d", 1+index/perSource)
}

// loopback reports whether the address is on this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() && ip.To4() != nil
}

// Ports returns what to do if the target cannot be reached from this machine by so many connections; nil: all is well.
func (s *Settings) Ports() error {
	perTarget := s.Clients / len(s.URLs)
	if len(s.Sources) > 0 {
		perTarget /= len(s.Sources)
	} else if loopback(s.URLs[0]) {
		return nil
	}
	if perTarget <= perSource {
		return nil
	}
	return fmt.Errorf("%d connections from one address to one target: it has ports for about %d. Name more source addresses with -source, "+
		"or more targets with -url, each separated by commas", perTarget, perSource)
}

// spare is how many files the tool itself has open, besides one for each client.
const spare = 100

// Files returns what to do if a process may not have as many files open as the run needs; nil: all is well. limit is RLIMIT_NOFILE.
func (s *Settings) Files(limit uint64) error {
	need := uint64(s.Clients) + spare
	if need <= limit {
		return nil
	}
	return fmt.Errorf("%d clients need %d open files, and this process may have %d (ulimit -n, RLIMIT_NOFILE). "+
		"%s, or run with -clients %d, or several of these side by side", s.Clients, need, limit,
		strings.TrimSpace(fmt.Sprintf("Raise it (`ulimit -n %d` as root; in Docker `--ulimit nofile=%d`)", need, need)), limit-min(limit, spare))
}
