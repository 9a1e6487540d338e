package node

import (
	"strconv"
	"time"

	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/metrics"
)

// askName limits each address to NAME_RATE.
func (n *Node) askName() func(addr, name string) error {
	probes := account.NewNameProbes(account.NewLimit(n.cfg.Limits.NameRate, n.cfg.Limits.NameBurst))
	return func(addr, name string) error {
		if wait := probes.Take(time.Now(), addr, name); wait > 0 {
			n.metrics.Limited.WithLabelValues(metrics.OfNames).Inc()
			return tooMany("too many names from this address; try again later, or join without a name", wait)
		}
		return nil
	}
}

func tooMany(message string, wait time.Duration) error {
	return &chat.Error{
		Code: chat.CodeRateLimited, Message: message, Retryable: true,
		RetryAfterMS: (wait + time.Millisecond - 1).Milliseconds(),
	}
}

// allowPosts limits each user to POST_RATE.
func (n *Node) allowPosts() func(user int64) error {
	throttle := account.NewThrottle(account.NewLimit(n.cfg.Limits.PostRate, n.cfg.Limits.PostBurst))
	return func(user int64) error {
		wait := throttle.Take(time.Now(), strconv.FormatInt(user, 10))
		if wait == 0 {
			return nil
		}
		n.metrics.Limited.WithLabelValues(metrics.OfAccount).Inc()
		return tooMany("too many messages in a short time; wait a moment, then try again", wait)
	}
}

// allowWrites limits what each public address writes in private chats to
// ADDRESS_RATE.
func (n *Node) allowWrites() func(addr string) error {
	throttle := account.NewThrottle(account.NewLimit(n.cfg.Limits.AddressRate, n.cfg.Limits.AddressBurst))
	return func(addr string) error {
		key := account.PublicKey(addr)
		if key == "" {
			return nil
		}
		wait := throttle.Take(time.Now(), key)
		if wait == 0 {
			return nil
		}
		n.metrics.Limited.WithLabelValues(metrics.OfAddress).Inc()
		return tooMany("too many messages from your address in a short time; wait a moment, then try again",
			wait)
	}
}

// allowChats limits how many chats each user opens to CHATS_HOUR.
func (n *Node) allowChats() func(user int64) (refund func(), err error) {
	most := n.cfg.Limits.ChatsHour
	throttle := account.NewThrottle(account.NewLimit(float64(most)/time.Hour.Seconds(), most))
	return func(user int64) (func(), error) {
		key := strconv.FormatInt(user, 10)
		wait := throttle.Take(time.Now(), key)
		if wait == 0 {
			return func() { throttle.Refund(time.Now(), key) }, nil
		}
		n.metrics.Limited.WithLabelValues(metrics.OfChats).Inc()
		return nil, tooMany("you have opened many chats lately; try again later", wait)
	}
}
