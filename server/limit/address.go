package limit

import "net/netip"

// AddressKey returns the key of an address, with or without a port. For IPv6 it
// is the /64: clients choose the other 64 bits themselves.
func AddressKey(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		withPort, err := netip.ParseAddrPort(addr)
		if err != nil {
			return "" // invalid addresses share one key
		}
		ip = withPort.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}

// PublicKey is AddressKey, but empty for addresses that are not public.
func PublicKey(addr string) string {
	if key := AddressKey(addr); !IsPrivate(key) {
		return key
	}
	return ""
}

// IsPrivate reports whether an address in the form of AddressKey is not public.
func IsPrivate(key string) bool {
	ip, err := netip.ParseAddr(key)
	if err != nil {
		prefix, err := netip.ParsePrefix(key)
		if err != nil {
			return false
		}
		ip = prefix.Addr()
		if prefix.Contains(netip.IPv6Loopback()) {
			return true
		}
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
