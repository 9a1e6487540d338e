package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Networks is a list of networks, written as addresses or CIDR prefixes
// (192.0.2.1, 10.0.0.0/8, fd00::/8) with commas between them.
type Networks struct{ prefixes []netip.Prefix }

// Prefixes returns the networks. The caller must not change them.
func (n Networks) Prefixes() []netip.Prefix { return n.prefixes }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *Networks) UnmarshalText(text []byte) error {
	n.prefixes = nil
	for one := range strings.SplitSeq(string(text), ",") {
		one = strings.TrimSpace(one)
		prefix, err := netip.ParsePrefix(one)
		if err != nil {
			addr, err := netip.ParseAddr(one)
			if err != nil || addr.Zone() != "" {
				return fmt.Errorf("%q is neither an address nor a network", one)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		n.prefixes = append(n.prefixes, prefix.Masked())
	}
	return nil
}
