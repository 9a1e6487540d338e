package account

import (
	"net/netip"
	"time"
)

// Asking limits how many names one address can ask about by coming as a guest: who
// is let in learns that a name is nobody's. Its methods may be called from any
// goroutine.
type Asking struct {
	names *Throttle // per address
	known *Throttle // per address and name: who comes back asks nothing new
}

// askedFor is how long a name that an address has asked about costs it nothing more.
const askedFor = time.Hour

// NewAsking makes an Asking with which every address may ask about limit names.
func NewAsking(limit Limit) *Asking {
	return &Asking{names: NewThrottle(limit), known: NewThrottle(Limit{Burst: 1, Every: askedFor})}
}

// Take counts a guest's name against the address that it comes from, with or without
// a port. wait > 0 refuses it, before anybody is asked whether the name is taken,
// and says when to come again. Names that are no account's for sure cost nothing,
// and addresses that are not public have no limit: a load balancer or a whole company
// may be behind them.
func (a *Asking) Take(now time.Time, addr, guestName string) (wait time.Duration) {
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

// isPrivate says whether an address, as AddressKey has it, is not a public one.
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
