package live

import (
	"net"
	"net/netip"
	"strings"
)

// A page of another site must not read a run. Its own name could be made to lead
// to this address (DNS rebinding), and to the browser both would be the same
// site. So a request must name an IP address, or a name that other sites cannot
// have.

// dockerHost is this machine as seen from a container, such as the Prometheus of
// docker/observe/prometheus.yml.
const dockerHost = "host.docker.internal"

// wrongHost is the answer to a request with any other Host.
const wrongHost = "a run is shown at an IP address, at localhost, or at the host that -listen names"

// hostOf returns the host of an address with or without a port, in lower case.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// shownAt reports whether the run is shown to requests with this Host.
func (l *Server) shownAt(host string) bool {
	switch host = hostOf(host); host {
	case "":
		return false
	case "localhost", dockerHost, l.host:
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
