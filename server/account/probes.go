package account

import (
	"net/netip"
	"time"
)

// NameProbes limits how many names one address can probe by joining as a guest:
// a join that succeeds reveals that no account has the name. Its methods are
// safe for concurrent use.
type NameProbes struct {
	names *Throttle // by address
	known *Throttle // by address and name; a repeated name reveals nothing new
}

// rememberProbe is how long an address may repeat a name at no cost.
const rememberProbe = time.Hour

// NewNameProbes returns a NameProbes that applies limit to each address.
func NewNameProbes(limit Limit) *NameProbes {
	return &NameProbes{names: NewThrottle(limit), known: NewThrottle(Limit{Burst: 1, Every: rememberProbe})}
}

// Take counts a guest's name against the client's address, with or without a
// port. wait > 0 refuses the name before anyone looks it up, and is the time
// until the next attempt. Names that no account can have cost nothing.
// Addresses that are not public have no limit: a load balancer or a whole
// company may be behind one.
func (a *NameProbes) Take(now time.Time, addr, guestName string) (wait time.Duration) {
	skeleton, _, known := judge(guestName)
	from := AddressKey(addr)
	if known || isPrivate(from) {
		return 0
	}
	key := from + " " + skeleton
	if a.known.Take(now, key) > 0 {
		return 0
	}
	if wait = a.names.Take(now, from); wait > 0 {
		a.known.forget(key)
	}
	return wait
}

// PublicKey is AddressKey, but empty for addresses that are not public.
func PublicKey(addr string) string {
	if key := AddressKey(addr); !isPrivate(key) {
		return key
	}
	return ""
}

// isPrivate reports whether an address in the form of AddressKey is not public.
func isPrivate(key string) bool {
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
