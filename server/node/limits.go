package node

import (
	"time"

	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/metrics"
)

// limited returns what counts that a limit was reached.
func (n *Node) limited(of string) func() {
	return func() { n.metrics.Limited.WithLabelValues(of).Inc() }
}

// askName limits each address to NAME_RATE.
func (n *Node) askName() func(addr, name string) error {
	return account.AskName(limit.NewRate(n.cfg.Limits.NameRate, n.cfg.Limits.NameBurst),
		n.limited(metrics.OfNames))
}

// allowWrites limits what each public address writes in private chats to
// ADDRESS_RATE.
func (n *Node) allowWrites() func(addr string) error {
	throttle := limit.NewThrottle(limit.NewRate(n.cfg.Limits.AddressRate, n.cfg.Limits.AddressBurst))
	return func(addr string) error {
		key := limit.PublicKey(addr)
		if key == "" {
			return nil
		}
		wait := throttle.Take(time.Now(), key)
		if wait == 0 {
			return nil
		}
		n.metrics.Limited.WithLabelValues(metrics.OfAddress).Inc()
		return chat.RateLimited("too many messages from your address in a short time; wait a moment, then try again",
			wait)
	}
}
