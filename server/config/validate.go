package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// rule says which values one variable takes, in words for the error and as a test of the parsed value.
type rule struct {
	name string
	want string
	ok   func(*Config) bool
}

// minIDTTL is longer than anybody sends a message again under its id: the page
// for 15 minutes (RESEND_SPAN in static/js/model/outbox.js), servers that put
// back what Redis has lost for 10 (chat.SayAgainAge). What is sent again after
// its id was forgotten is there twice.
const minIDTTL = 16 * time.Minute

// rules has one entry for each variable, in the order in which they are reported. A test sees to it that none is missing.
func rules() []rule {
	return []rule{
		{"APPID", "1 to 64 letters, digits, dots, dashes or underscores", func(c *Config) bool { return appPattern.MatchString(c.Server.App) }},
		{"ADDR", "host:port or :port, with a port from 0 to 65535", func(c *Config) bool { return isAddr(c.Server.Addr) }},
		{"ROLE", "all, ws or api", func(c *Config) bool { return slices.Contains([]string{RoleAll, RoleWS, RoleAPI}, c.Server.Role) }},
		{"HEADER_TIMEOUT", "a duration above 0, such as 5s", func(c *Config) bool { return c.Server.HeaderTimeout > 0 }},
		{"ALLOWED_ORIGINS", "* or origins such as https://chat.example.org, separated by commas", func(c *Config) bool { return areOrigins(c.Server.AllowedOrigins) }},
		{"TRUSTED_PROXIES", "addresses and networks such as 10.0.0.0/8, separated by commas, or nothing for none", func(*Config) bool { return true }},
		{"SECURE_COOKIES", "true or false", func(*Config) bool { return true }},

		{"REDIS_URL", "a URL that starts with redis://, rediss:// or unix://, with ports from 1 to 65535, or nothing for an embedded Redis", func(c *Config) bool { return c.Redis.URL == "" || isRedis(c.Redis.URL) }},
		// readSecrets has looked
		{"REDIS_URL_FILE", "a file with REDIS_URL in it", func(*Config) bool { return true }},
		// usePasswords looks
		{"REDIS_PASSWORD", "a password", func(*Config) bool { return true }},
		{"REDIS_PASSWORD_FILE", "a file with REDIS_PASSWORD in it", func(*Config) bool { return true }},
		{"CHANNEL", "1 to 64 letters, digits, dots, dashes, underscores or colons", func(c *Config) bool { return channelPattern.MatchString(c.Redis.Channel) }},
		{"ID_TTL", "a duration of 16m or more, such as 20m, since clients send a message again for up to 15 minutes, and servers for 10",
			func(c *Config) bool { return c.Redis.IDTTL >= minIDTTL }},
		{"PUBLISH_TIMEOUT", "a duration above 0, such as 5s", func(c *Config) bool { return c.Redis.PublishTimeout > 0 }},
		{"FEED_TIMEOUT", "a duration above 1s, the interval of the pings on the subscription, such as 3s", func(c *Config) bool { return c.Redis.FeedTimeout > time.Second }},

		{"DATABASE_URL", "a URL that starts with postgres:// or postgresql://, or sqlite: and a path; it must be set where servers share a Redis (REDIS_URL) and " +
			"this one has the API (ROLE all or api), or each would have accounts of its own", func(c *Config) bool { return isDatabase(c) }},

		{"DATABASE_URL_FILE", "a file with DATABASE_URL in it", func(*Config) bool { return true }},
		{"DATABASE_PASSWORD", "a password", func(*Config) bool { return true }},
		{"DATABASE_PASSWORD_FILE", "a file with DATABASE_PASSWORD in it", func(*Config) bool { return true }},

		{"ARCHIVE_AGE", "a duration, 0s (for ever) or more", func(c *Config) bool { return c.Archive.Age >= 0 }},
		{"ARCHIVE_COUNT", "a number of messages, 0 (all) or more", func(c *Config) bool { return c.Archive.Count >= 0 }},

		{"MAX_ROOMS", "a number of rooms, 1 or more", func(c *Config) bool { return c.Room.MaxRooms >= 1 }},
		{"ROOM_LINGER", "a duration, 0s or more", func(c *Config) bool { return c.Room.Linger >= 0 }},
		{"RING_SIZE", "a power of two from 256 to 1048576", func(c *Config) bool { return isRingSize(c.Room.RingSize) }},
		{"HISTORY_LENGTH", "a number of messages, 1 or more", func(c *Config) bool { return c.Room.HistoryLength >= 1 }},
		{"ROOM_TTL", "a duration of 1m or more, such as 24h", func(c *Config) bool { return c.Room.RoomTTL >= time.Minute }},
		{"FEED_TTL", "a duration of 1m or more, such as 24h", func(c *Config) bool { return c.Room.FeedTTL >= time.Minute }},

		{"PING_INTERVAL", "a duration above 0, such as 25s", func(c *Config) bool { return c.Session.PingInterval > 0 }},
		{"PONG_TIMEOUT", "a duration above 0, such as 10s", func(c *Config) bool { return c.Session.PongTimeout > 0 }},
		{"WRITE_TIMEOUT", "a duration above 0, such as 5s", func(c *Config) bool { return c.Session.WriteTimeout > 0 }},
		{"SEND_BUFFER", "a number of bytes from 4096 to 16777216", func(c *Config) bool { return within(c.Session.SendBuffer, 4096, 16<<20) }},
		{"FLUSH_INTERVAL", "a duration from 0s to 1s", func(c *Config) bool { return c.Session.FlushInterval >= 0 && c.Session.FlushInterval <= time.Second }},

		{"MESSAGE_RATE", "a number of messages per second, 0 (no limit) or more", func(c *Config) bool { return c.Limits.MessageRate >= 0 && !math.IsInf(c.Limits.MessageRate, 1) }},
		{"MESSAGE_BURST", "a number of messages, 1 or more", func(c *Config) bool { return c.Limits.MessageBurst >= 1 }},
		{"MAX_TEXT", "a number of characters from 1 to 1000000, and not above MAX_FRAME, the bytes of all that a client may send at once", func(c *Config) bool { return isText(c.Limits) }},
		{"MAX_FRAME", "a number of bytes from 1024 to 16777216", func(c *Config) bool { return isFrame(c.Limits) }},
		{"MAX_CONNECTIONS", "a number of connections, 0 (no limit) or more", func(c *Config) bool { return c.Limits.MaxConnections >= 0 }},
		{"POST_RATE", "a number of messages per second from 0.0001, or 0 (no limit)", func(c *Config) bool { return isRate(c.Limits.PostRate) }},
		{"POST_BURST", "a number of messages from 1 to 100000", func(c *Config) bool { return within(c.Limits.PostBurst, 1, 100_000) }},
		{"NAME_RATE", "a number of names per second from 0.0001, or 0 (no limit)", func(c *Config) bool { return isRate(c.Limits.NameRate) }},
		{"NAME_BURST", "a number of names from 1 to 100000", func(c *Config) bool { return within(c.Limits.NameBurst, 1, 100_000) }},
		{"REGISTER_RATE", "a number of accounts per second from 0.0001, or 0 (no limit)", func(c *Config) bool { return isRate(c.Limits.RegisterRate) }},
		{"REGISTER_BURST", "a number of accounts from 1 to 100000", func(c *Config) bool { return within(c.Limits.RegisterBurst, 1, 100_000) }},

		{"DRAIN_DELAY", "a duration, 0s or more", func(c *Config) bool { return c.Drain.Delay >= 0 }},
		{"DRAIN_PERIOD", "a duration, 0s or more", func(c *Config) bool { return c.Drain.Period >= 0 }},

		{"BALANCE", "true or false", func(*Config) bool { return true }},

		{"PRESENCE_INTERVAL", "a duration of 100ms or more", func(c *Config) bool { return c.Presence.Interval >= 100*time.Millisecond }},
		{"PRESENCE_EXPIRY", "a duration of at least twice PRESENCE_INTERVAL, or one lost report would empty a room", func(c *Config) bool { return c.Presence.Expiry >= 2*c.Presence.Interval }},

		{"METRICS_ADDR", "host:port or :port, with a port from 0 to 65535, or off", func(c *Config) bool { return c.Metrics.Addr == MetricsOff || isAddr(c.Metrics.Addr) }},

		{"LOG_LEVEL", "debug, info, warn or error", func(*Config) bool { return true }},
		{"LOG_FORMAT", "text or json, or nothing for text on a terminal and json elsewhere", func(c *Config) bool { return slices.Contains([]string{"", FormatText, FormatJSON}, c.Log.Format) }},
	}
}

// parse fills c and returns the names of the variables whose values are not of their type at all.
func parse(c *Config, environ map[string]string) (unreadable []string, err error) {
	err = env.ParseWithOptions(c, env.Options{Environment: environ})
	var all env.AggregateError
	if !errors.As(err, &all) {
		return nil, err
	}
	names := variables(reflect.TypeFor[Config]())
	for _, one := range all.Errors {
		var bad env.ParseError
		if !errors.As(one, &bad) {
			return nil, fmt.Errorf("read the environment: %w", one)
		}
		unreadable = append(unreadable, names[bad.Name])
	}
	return unreadable, nil
}

// variables maps the field names of a Config to their variables: the library's errors know only the former.
func variables(part reflect.Type) map[string]string {
	names := map[string]string{}
	for field := range part.Fields() {
		if name, ok := field.Tag.Lookup("env"); ok {
			names[field.Name] = name
			continue
		}
		for inner, name := range variables(field.Type) {
			names[inner] = name
		}
	}
	return names
}

// validate returns an error with a line for each variable that was unreadable or breaks its rule.
func validate(c *Config, environ map[string]string, unreadable []string) error {
	var bad []error
	for _, rule := range rules() {
		if slices.Contains(unreadable, rule.name) || !rule.ok(c) {
			bad = append(bad, fmt.Errorf("%s: want %s", given(c, environ, rule.name), rule.want))
		}
	}
	return errors.Join(bad...)
}

// given shows a variable as the user wrote it, on one line. Four can be bad without having been written: APPID, which comes from the host name,
// DATABASE_URL, which a shared Redis asks for, MAX_TEXT, which a short MAX_FRAME cannot hold, and PRESENCE_EXPIRY, which a long PRESENCE_INTERVAL
// overtakes.
func given(c *Config, environ map[string]string, name string) string {
	value := environ[name]
	switch {
	case value != "" && (name == "REDIS_URL" || name == "DATABASE_URL"):
		value = credentials.ReplaceAllString(value, "$1***@")
	case value == "" && name == "APPID":
		return fmt.Sprintf("APPID is not set and the host name is %q", c.Server.App)
	case value == "" && name == "DATABASE_URL":
		return "DATABASE_URL is not set"
	case value == "" && name == "MAX_TEXT":
		value = strconv.Itoa(c.Limits.MaxText)
	case value == "" && name == "PRESENCE_EXPIRY":
		value = c.Presence.Expiry.String()
	}
	if quoted := strconv.Quote(value); quoted != `"`+value+`"` || strings.ContainsRune(value, ' ') {
		value = quoted
	}
	return name + "=" + value
}

var (
	appPattern     = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	channelPattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`) // no braces: they mark the hash tag of a room's keys
	databaseURL    = regexp.MustCompile(`^(postgres(ql)?://\S+|sqlite:\S.*)$`)
	redisPattern   = regexp.MustCompile(`^(rediss?|unix)://\S+$`)
	originPattern  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	credentials    = regexp.MustCompile(`(?s)^(\w*://)?.*@`) // user and password of a URL, also of one that does not parse
)

func within(n, least, most int) bool { return n >= least && n <= most }

// isRate leaves room for the time in which a whole burst comes back, in nanoseconds.
func isRate(r float64) bool { return r == 0 || r >= 0.0001 && !math.IsInf(r, 1) }

func isFrame(l Limits) bool { return within(l.MaxFrame, 1024, 16<<20) }

// isText wants a length that a client can send: a character is a byte at least. A frame that is none has an error of its own.
func isText(l Limits) bool {
	return within(l.MaxText, 1, 1_000_000) && (l.MaxText <= l.MaxFrame || !isFrame(l))
}

func isRingSize(n int) bool { return within(n, 256, 1<<20) && n&(n-1) == 0 }

func isAddr(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// isRedis wants one of the schemes, and that somebody can listen on each port that is given. The rest of the URL is for the bus to read.
func isRedis(raw string) bool {
	if !redisPattern.MatchString(raw) {
		return false
	}
	_, rest, _ := strings.Cut(raw, "://") // of a socket there is nothing before the first slash
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	for host := range strings.SplitSeq(rest[strings.LastIndexByte(rest, '@')+1:], ",") {
		u, err := url.Parse("redis://" + host)
		if err != nil {
			return false
		}
		if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
			return false
		}
	}
	return true
}

// isDatabase wants a URL that can be one, and one at all where several servers have to use the same.
func isDatabase(c *Config) bool {
	if c.Database.URL == "" {
		return !isRedis(c.Redis.URL) || c.Server.Role == RoleWS
	}
	return databaseURL.MatchString(c.Database.URL)
}

// areOrigins wants a single star, or scheme://host[:port] and nothing behind it: an origin has no path, not even a slash.
func areOrigins(origins []string) bool {
	if slices.Equal(origins, []string{"*"}) {
		return true
	}
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || !originPattern.MatchString(u.Scheme) || u.Hostname() == "" || origin != u.Scheme+"://"+u.Host {
			return false
		}
	}
	return true
}
