package node

import (
	"strconv"
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

// allowPosts limits each user to POST_RATE.
func (n *Node) allowPosts() func(user int64) error {
	throttle := limit.NewThrottle(limit.NewRate(n.cfg.Limits.PostRate, n.cfg.Limits.PostBurst))
	return func(user int64) error {
		wait := throttle.Take(time.Now(), strconv.FormatInt(user, 10))
		if wait == 0 {
			return nil
		}
		n.metrics.Limited.WithLabelValues(metrics.OfAccount).Inc()
		return chat.RateLimited("too many messages in a short time; wait a moment, then try again", wait)
	}
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

// allowChats limits how many chats each user opens to CHATS_HOUR.
func (n *Node) allowChats() func(user int64) (refund func(), err error) {
	most := n.cfg.Limits.ChatsHour
	throttle := limit.NewThrottle(limit.NewRate(float64(most)/time.Hour.Seconds(), most))
	return func(user int64) (func(), error) {
		key := strconv.FormatInt(user, 10)
		wait := throttle.Take(time.Now(), key)
		if wait == 0 {
			return func() { throttle.Refund(time.Now(), key) }, nil
		}
		n.metrics.Limited.WithLabelValues(metrics.OfChats).Inc()
		return nil, chat.RateLimited("you have opened many chats lately; try again later", wait)
	}
}
