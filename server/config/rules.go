package config

import (
	"math"
	"slices"
	"time"
)

// rule is what a setting is about, which values it accepts, in words for the
// error, and a test of the parsed value.
type rule struct {
	name  string
	about string // for the list of settings, a few words
	want  string
	ok    func(*Config) bool
}

// minIDTTL is longer than any sender retries a message under the same id: the
// page for 15 minutes (RESEND_SPAN in static/js/model/outbox.js), servers that
// restore what Redis has lost for 10 (chat.RepublishAge). A message that is sent
// again after its id was forgotten appears twice.
const minIDTTL = 16 * time.Minute

// accepted takes every value of the setting's type.
func accepted(*Config) bool { return true }

// rules has one entry for each setting, in the order of the struct. Errors come
// in the same order.
func rules() []rule {
	return []rule{
		{"APPID", "name of this server",
			"1 to 64 letters, digits, dots, dashes or underscores",
			func(c *Config) bool { return appPattern.MatchString(c.Server.App) }},
		{"ADDR", "address of page, WebSocket and API",
			"host:port or :port, with a port from 0 to 65535",
			func(c *Config) bool { return isAddr(c.Server.Addr) }},
		{"ROLE", "all; ws: page and WebSockets; api: HTTP API and archive",
			"all, ws or api",
			func(c *Config) bool { return slices.Contains([]string{RoleAll, RoleWS, RoleAPI}, c.Server.Role) }},
		{"HEADER_TIMEOUT", "time for a client to send its request headers",
			"a duration above 0, such as 5s",
			func(c *Config) bool { return c.Server.HeaderTimeout > 0 }},
		{"ALLOWED_ORIGINS", "other origins that may open a WebSocket and use the API",
			"* or origins such as https://chat.example.org, separated by commas",
			func(c *Config) bool { return areOrigins(c.Server.AllowedOrigins) }},
		{"TRUSTED_PROXIES", "proxies whose X-Forwarded-For is believed",
			"addresses and networks such as 10.0.0.0/8, separated by commas, or nothing for none",
			accepted},
		{"SECURE_COOKIES", "users come over TLS that ends at a proxy",
			"true or false",
			accepted},
		{"REDIS_URL", "Redis shared by the servers of a cluster",
			"a URL that starts with redis://, rediss:// or unix://, with ports from 1 to 65535, or " +
				"nothing for an embedded Redis",
			func(c *Config) bool { return c.Redis.URL == "" || isRedis(c.Redis.URL) }},
		{"REDIS_URL_FILE", "file that contains REDIS_URL",
			"a file that contains REDIS_URL",
			accepted}, // checked by readSecrets
		{"REDIS_PASSWORD", "password for REDIS_URL",
			"a password",
			accepted}, // checked by usePasswords
		{"REDIS_PASSWORD_FILE", "file that contains REDIS_PASSWORD",
			"a file that contains REDIS_PASSWORD",
			accepted},
		{"CHANNEL", "default room, and prefix of all keys in Redis",
			"1 to 64 letters, digits, dots, dashes, underscores or colons",
			func(c *Config) bool { return channelPattern.MatchString(c.Redis.Channel) }},
		{"ID_TTL", "how long a message id is remembered",
			"a duration of at least 16m, such as 20m: clients retry for 15 minutes, servers for 10",
			func(c *Config) bool { return c.Redis.IDTTL >= minIDTTL }},
		{"PUBLISH_TIMEOUT", "time to write a message to the log",
			"a duration above 0, such as 5s",
			func(c *Config) bool { return c.Redis.PublishTimeout > 0 }},
		{"SUBSCRIPTION_TIMEOUT", "how long Redis may be silent",
			"a duration above 1s, the interval of the pings on the subscription, such as 3s",
			func(c *Config) bool { return c.Redis.SubscriptionTimeout > time.Second }},
		{"DATABASE_URL", "accounts, private chats and archive",
			"a URL that starts with postgres:// or postgresql://, or sqlite: and a path; it must be " +
				"set where servers share a Redis (REDIS_URL) and this one has the API (ROLE all or api), " +
				"or each would have its own accounts",
			func(c *Config) bool { return isDatabase(c) }},
		{"DATABASE_URL_FILE", "file that contains DATABASE_URL",
			"a file that contains DATABASE_URL",
			accepted},
		{"DATABASE_PASSWORD", "password for DATABASE_URL",
			"a password",
			accepted},
		{"DATABASE_PASSWORD_FILE", "file that contains DATABASE_PASSWORD",
			"a file that contains DATABASE_PASSWORD",
			accepted},
		{"ARCHIVE_AGE", "age up to which room messages are kept; 0s: for ever",
			"a duration, 0s (for ever) or more",
			func(c *Config) bool { return c.Archive.Age >= 0 }},
		{"ARCHIVE_COUNT", "newest messages kept of each room; 0: all",
			"a number of messages, 0 (all) or more",
			func(c *Config) bool { return c.Archive.Count >= 0 }},
		{"MAX_ROOMS", "most rooms open at the same time",
			"a number of rooms, 1 or more",
			func(c *Config) bool { return c.Room.MaxRooms >= 1 }},
		{"ROOM_LINGER", "how long an empty room stays open",
			"a duration, 0s or more",
			func(c *Config) bool { return c.Room.Linger >= 0 }},
		{"RING_SIZE", "entries of a room kept in memory",
			"a power of two from 256 to 1048576",
			func(c *Config) bool { return isRingSize(c.Room.RingSize) }},
		{"HISTORY_LENGTH", "messages of a room kept in Redis, about",
			"a number of messages, 1 or more",
			func(c *Config) bool { return c.Room.HistoryLength >= 1 }},
		{"ROOM_TTL", "how long Redis keeps an unused room",
			"a duration of 1m or more, such as 24h",
			func(c *Config) bool { return c.Room.RoomTTL >= time.Minute }},
		{"FEED_TTL", "how long Redis keeps a user's feed",
			"a duration of 1m or more, such as 24h",
			func(c *Config) bool { return c.Room.FeedTTL >= time.Minute }},
		{"PING_INTERVAL", "time between two pings to a client",
			"a duration above 0, such as 25s",
			func(c *Config) bool { return c.Socket.PingInterval > 0 }},
		{"PONG_TIMEOUT", "time for a client to answer a ping",
			"a duration above 0, such as 10s",
			func(c *Config) bool { return c.Socket.PongTimeout > 0 }},
		{"WRITE_TIMEOUT", "how long a client may read nothing",
			"a duration above 0, such as 5s",
			func(c *Config) bool { return c.Socket.WriteTimeout > 0 }},
		{"SEND_BUFFER", "kernel send buffer of a connection, in bytes",
			"a number of bytes from 4096 to 16777216",
			func(c *Config) bool { return within(c.Socket.SendBuffer, 4096, 16<<20) }},
		{"FLUSH_INTERVAL", "how long messages wait for each other; 0s: never",
			"a duration from 0s to 1s",
			func(c *Config) bool { return c.Socket.FlushInterval >= 0 && c.Socket.FlushInterval <= time.Second }},
		{"MESSAGE_RATE", "messages a second of one connection; 0: no limit",
			"a number of messages per second, 0 (no limit) or more",
			func(c *Config) bool { return c.Limits.MessageRate >= 0 && !math.IsInf(c.Limits.MessageRate, 1) }},
		{"MESSAGE_BURST", "messages of one connection at once",
			"a number of messages, 1 or more",
			func(c *Config) bool { return c.Limits.MessageBurst >= 1 }},
		{"MAX_TEXT", "longest text of a message, in characters",
			"a number of characters from 1 to 1000000, and not above MAX_FRAME, the limit in bytes " +
				"of a whole message",
			func(c *Config) bool { return isText(c.Limits) }},
		{"EDIT_WINDOW", "how long an author may edit a message; 0: for ever",
			"a duration such as 24h, 0 for ever, or off",
			accepted}, // checked by Window
		{"MAX_FRAME", "longest message of a client, in bytes",
			"a number of bytes from 1024 to 16777216",
			func(c *Config) bool { return isFrame(c.Limits) }},
		{"MAX_CONNECTIONS", "most WebSockets; 0: no limit",
			"a number of connections, 0 (no limit) or more",
			func(c *Config) bool { return c.Limits.MaxConnections >= 0 }},
		{"POST_RATE", "private messages a second of one account; 0: no limit",
			"a number of messages per second from 0.0001, or 0 (no limit)",
			func(c *Config) bool { return isRate(c.Limits.PostRate) }},
		{"POST_BURST", "private messages of one account at once",
			"a number of messages from 1 to 100000",
			func(c *Config) bool { return within(c.Limits.PostBurst, 1, 100_000) }},
		{"REGISTER_RATE", "new accounts a second of one address; 0: no limit",
			"a number of accounts per second from 0.0001, or 0 (no limit)",
			func(c *Config) bool { return isRate(c.Limits.RegisterRate) }},
		{"REGISTER_BURST", "new accounts of one address at once",
			"a number of accounts from 1 to 100000",
			func(c *Config) bool { return within(c.Limits.RegisterBurst, 1, 100_000) }},
		{"NAME_RATE", "new guest names a second of one address; 0: no limit",
			"a number of names per second from 0.0001, or 0 (no limit)",
			func(c *Config) bool { return isRate(c.Limits.NameRate) }},
		{"NAME_BURST", "new guest names of one address at once",
			"a number of names from 1 to 100000",
			func(c *Config) bool { return within(c.Limits.NameBurst, 1, 100_000) }},
		{"DRAIN_DELAY", "time for load balancers to notice a shutdown",
			"a duration, 0s or more",
			func(c *Config) bool { return c.Drain.Delay >= 0 }},
		{"DRAIN_PERIOD", "time over which a shutdown closes connections",
			"a duration, 0s or more",
			func(c *Config) bool { return c.Drain.Period >= 0 }},
		{"BALANCE", "ask clients of a crowded server to reconnect",
			"true or false",
			accepted},
		{"PRESENCE_INTERVAL", "time between two presence reports",
			"a duration of 100ms or more",
			func(c *Config) bool { return c.Presence.Interval >= 100*time.Millisecond }},
		{"PRESENCE_EXPIRY", "how long a silent server's users still count",
			"a duration of at least twice PRESENCE_INTERVAL, or one lost report would empty a room",
			func(c *Config) bool { return c.Presence.Expiry >= 2*c.Presence.Interval }},
		{"METRICS_ADDR", "address of /metrics and /debug/pprof/, or off",
			"host:port or :port, with a port from 0 to 65535, or off",
			func(c *Config) bool { return c.Metrics.Addr == MetricsOff || isAddr(c.Metrics.Addr) }},
		{"LOG_LEVEL", "lowest level that is logged",
			"debug, info, warn or error",
			accepted},
		{"LOG_FORMAT", "text or json",
			"text or json, or nothing for text on a terminal and json elsewhere",
			func(c *Config) bool { return slices.Contains([]string{"", FormatText, FormatJSON}, c.Log.Format) }},
	}
}
