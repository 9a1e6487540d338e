package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr returns a function that returns the address of a request's client.
// X-Forwarded-For is used only if it comes from a proxy whose address is in
// trusted: any other sender could put anything into it. Without trusted proxies
// the result is always the address of the connection.
//
// The header is read from the right, where each proxy appends the address of
// its peer: the first one that is not a trusted proxy is the client. The
// function is safe for concurrent use.
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
				break // not an address, so nothing to the left of it can be trusted either
			}
			client = next
		}
		return client.String()
	}
}

// hopAddr parses an address with or without a port. It returns the one form in
// which addresses are compared: IPv4 is never written as IPv6, and there is no
// zone.
func hopAddr(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
