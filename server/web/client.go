package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr returns a function that tells the address of the client behind a
// request. Only proxies whose addresses are in trusted are believed when they
// say in X-Forwarded-For whom they ask for; from anybody else the header says
// nothing, since every client can send one. With no trusted proxies it is
// always the address of the connection.
//
// The header is read from the right, where each proxy has added the address
// that it was asked from: the first one that is no trusted proxy is the client.
// The function is safe for concurrent use.
func ClientAddr(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string {
		client, ok := hopAddr(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr // a unix socket has no address
		}
		isProxy := func(a netip.Addr) bool {
			return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0 && isProxy(client); i-- {
			next, ok := hopAddr(strings.TrimSpace(hops[i]))
			if !ok {
				break // not an address, so nothing left of it can be trusted either
			}
			client = next
		}
		return client.String()
	}
}

// hopAddr reads an address with or without a port, in the one form in which
// addresses are compared: IPv4 is never written as IPv6, and there is no zone.
func hopAddr(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
