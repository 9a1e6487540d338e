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

	"github.com/caarlos0/env/v11"
)

// parse fills c. It returns the variables whose values do not parse as their
// type.
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

// variables maps the field names of a Config to their variables. The library's
// errors have field names only.
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

// validate returns an error with a line for each variable that did not parse or
// breaks its rule.
func validate(c *Config, environ map[string]string, unreadable []string) error {
	var bad []error
	for _, rule := range rules() {
		if slices.Contains(unreadable, rule.name) || !rule.ok(c) {
			bad = append(bad, fmt.Errorf("%s: want %s", given(c, environ, rule.name), rule.want))
		}
	}
	return errors.Join(bad...)
}

// given shows a variable as the user wrote it, on one line. Some can be bad
// without being set: APPID, which comes from the host name; DATABASE_URL, which
// a shared Redis requires; FILES_S3_KEY and FILES_S3_SECRET, if only the other
// one is set; MAX_TEXT, if MAX_FRAME is too short for it; and PRESENCE_EXPIRY,
// if PRESENCE_INTERVAL is too long for it.
func given(c *Config, environ map[string]string, name string) string {
	value := environ[name]
	switch {
	case value != "" && (name == "FILES_S3_SECRET" || name == "ADDRESS_SECRET"):
		value = "***"
	case value == "" && (name == "FILES_S3_KEY" || name == "FILES_S3_SECRET"):
		return name + " is not set"
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
	channelPattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`) // no braces, which mark the hash tag of keys
	databaseURL    = regexp.MustCompile(`^(postgres(ql)?://\S+|sqlite:\S.*)$`)
	filesURL       = regexp.MustCompile(`^(file:\S.*|s3://[^/?#\s]+(\?\S*)?)$`)
	redisPattern   = regexp.MustCompile(`^(rediss?|unix)://\S+$`)
	accountName    = regexp.MustCompile(`^[A-Za-z0-9_-]{3,20}$`)
	originPattern  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	credentials    = regexp.MustCompile(`(?s)^(\w*://)?.*@`) // also in a URL that does not parse
)

func within(n, least, most int) bool { return n >= least && n <= most }

// isRate refuses rates so low that the time to refill a whole burst overflows a
// Duration.
func isRate(r float64) bool { return r == 0 || r >= 0.0001 && !math.IsInf(r, 1) }

func isFrame(l Limits) bool { return within(l.MaxFrame, 1024, 16<<20) }

// isText accepts lengths that fit in a frame: a character is at least one byte.
// A bad MaxFrame is reported on its own.
func isText(l Limits) bool {
	return within(l.MaxText, 1, 1_000_000) && (l.MaxText <= l.MaxFrame || !isFrame(l))
}

// isFileSize refuses sizes that some stores do not take in one piece.
func isFileSize(n int64) bool { return n == 0 || n >= 1024 && n <= 5<<30 }

// isSecret refuses secrets so short that the addresses behind hashes could be
// found by trying secrets.
func isSecret(s string) bool { return s == "" || len(s) >= 16 }

func isRingSize(n int) bool { return within(n, 256, 1<<20) && n&(n-1) == 0 }

func isAddr(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// isRedis accepts the known schemes with usable ports. The bus reads the rest of
// the URL.
func isRedis(raw string) bool {
	if !redisPattern.MatchString(raw) {
		return false
	}
	_, rest, _ := strings.Cut(raw, "://") // empty for unix://
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

// isDatabase accepts known schemes, and no URL only where servers need not share
// one database.
func isDatabase(c *Config) bool {
	if c.Database.URL == "" {
		return !isRedis(c.Redis.URL) || c.Server.Role == RoleWS
	}
	return databaseURL.MatchString(c.Database.URL)
}

// areOrigins accepts a single star, or scheme://host[:port]: an origin has no
// path, not even a slash.
func areOrigins(origins []string) bool {
	if slices.Equal(origins, []string{"*"}) {
		return true
	}
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || !originPattern.MatchString(u.Scheme) || u.Hostname() == "" ||
			origin != u.Scheme+"://"+u.Host {
			return false
		}
	}
	return true
}
