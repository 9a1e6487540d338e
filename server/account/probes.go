package account

import (
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
)

// NameProbes limits how many names one address can probe by joining as a guest:
// a join that succeeds reveals that no account has the name. Its methods are
// safe for concurrent use.
type NameProbes struct {
	names *limit.Throttle // by address
	known *limit.Throttle // by address and name; a repeated name reveals nothing new
}

// rememberProbe is how long an address may repeat a name at no cost.
const rememberProbe = time.Hour

// NewNameProbes returns a NameProbes that applies a rate to each address.
func NewNameProbes(r limit.Rate) *NameProbes {
	return &NameProbes{
		names: limit.NewThrottle(r), known: limit.NewThrottle(limit.Rate{Burst: 1, Every: rememberProbe}),
	}
}

// AskName returns what refuses guests' names of addresses with too many, as
// NewNameProbes says, after it has called refused.
func AskName(r limit.Rate, refused func()) func(addr, name string) error {
	probes := NewNameProbes(r)
	return func(addr, name string) error {
		wait := probes.Take(time.Now(), addr, name)
		if wait == 0 {
			return nil
		}
		refused()
		return chat.RateLimited(
			"too many names from this address; try again later, or join without a name", wait)
	}
}

// Take counts a guest's name against the client's address, with or without a
// port. wait > 0 refuses the name before anyone looks it up, and is the time
// until the next attempt. Names that no account can have cost nothing.
// Addresses that are not public have no limit: a load balancer or a whole
// company may be behind one.
func (a *NameProbes) Take(now time.Time, addr, guestName string) (wait time.Duration) {
	skeleton, _, known := judge(guestName)
	from := limit.AddressKey(addr)
	if known || limit.IsPrivate(from) {
		return 0
	}
	key := from + " " + skeleton
	if a.known.Take(now, key) > 0 {
		return 0
	}
	if wait = a.names.Take(now, from); wait > 0 {
		a.known.Forget(key)
	}
	return wait
}
