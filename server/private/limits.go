package private

import (
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
)

// AllowPosts returns Options.Allow: it applies a rate to each account, and calls
// refused for what it refuses.
func AllowPosts(r limit.Rate, refused func()) func(me int64) error {
	throttle := limit.NewThrottle(r)
	return func(me int64) error {
		wait := throttle.Take(time.Now(), keyOf(me))
		if wait == 0 {
			return nil
		}
		refused()
		return chat.RateLimited("too many messages in a short time; wait a moment, then try again", wait)
	}
}

// AllowChats returns Options.AllowChat: each account opens up to so many chats
// in an hour. It calls refused for what it refuses.
func AllowChats(hourly int, refused func()) func(me int64) (refund func(), err error) {
	throttle := limit.NewThrottle(limit.NewRate(float64(hourly)/time.Hour.Seconds(), hourly))
	return func(me int64) (func(), error) {
		key := keyOf(me)
		wait := throttle.Take(time.Now(), key)
		if wait == 0 {
			return func() { throttle.Refund(time.Now(), key) }, nil
		}
		refused()
		return nil, chat.RateLimited("you have opened many chats lately; try again later", wait)
	}
}

// How often an account can say that it is writing.
const (
	typingRate  = 1  // a second, in the long run
	TypingBurst = 10 // in a row
)

// AllowTyping returns Options.AllowTyping.
func AllowTyping() func(me int64) error {
	throttle := limit.NewThrottle(limit.NewRate(typingRate, TypingBurst))
	return func(me int64) error {
		if wait := throttle.Take(time.Now(), keyOf(me)); wait > 0 {
			return chat.RateLimited("typing was reported too often; every 3 seconds is enough", wait)
		}
		return nil
	}
}

func keyOf(user int64) string { return strconv.FormatInt(user, 10) }
