package plan

import (
	"fmt"
	"net"
	"net/url"
)

// portsPerSource is how many connections one address can open to one target:
// the kernel has about 28,000 ephemeral ports.
const portsPerSource = 25000

// Source returns the address that a client connects from; empty means the
// kernel's choice. Without -source it uses 127.0.0.1, 127.0.0.2 and so on when
// one loopback address is the target of more clients than a source address has
// ports.
func (s *Settings) Source(client int) string {
	if len(s.Sources) > 0 {
		return s.Sources[client%len(s.Sources)]
	}
	index := client / len(s.URLs) // among the clients of the same target
	if s.Clients/len(s.URLs) <= portsPerSource || !loopback(s.URL(client)) {
		return ""
	}
	return fmt.Sprintf("127.0.0.%d", 1+index/portsPerSource)
}

// loopback reports whether the URL is on a loopback address.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() && ip.To4() != nil
}

// Ports returns an error with advice if this machine has too few ports for the
// connections.
func (s *Settings) Ports() error {
	_, own := s.Own()
	perTarget := own / len(s.URLs)
	if len(s.Sources) > 0 {
		perTarget /= len(s.Sources)
	} else if loopback(s.URLs[0]) {
		return nil
	}
	if perTarget <= portsPerSource {
		return nil
	}
	return fmt.Errorf(
		"%d connections from one address to one target exceed its %d ports: add addresses with -source, "+
			"or more targets with -url, separated by commas", perTarget, portsPerSource)
}

// ownFiles is how many files the tool opens besides one per client.
const ownFiles = 100

// Files returns an error with advice if limit, RLIMIT_NOFILE, is too low for
// the run.
func (s *Settings) Files(limit uint64) error {
	_, own := s.Own()
	need := uint64(own) + ownFiles
	if need <= limit {
		return nil
	}
	fewer := ""
	if limit > ownFiles {
		fewer = fmt.Sprintf(", use -clients %d, or share them between -workers", limit-ownFiles)
	}
	return fmt.Errorf("%d clients need %d open files, but the limit is %d (ulimit -n, RLIMIT_NOFILE). "+
		"Raise it (`ulimit -n %d` as root; in Docker `--ulimit nofile=%d`)%s", own, need, limit,
		need, need, fewer)
}
