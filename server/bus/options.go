package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// Options configure a Bus. A zero field means its default.
type Options struct {
	// URL of Redis: redis://[[user:]password@]host[:port][/db], rediss:// with
	// TLS, or unix:///path/to/socket[?db=n]. Several hosts, separated by
	// commas, are the seeds of a Redis Cluster or, with the parameter
	// master_name, Sentinels (which may have a sentinel_username and
	// sentinel_password of their own). The other parameters are those of
	// go-redis' ParseURL. Of these db, client_name, pool_size and skip_verify
	// have an effect; the timeouts are fields here.
	URL string
	// Channel of the default room, and the prefix of all other channels and
	// keys. No braces, spaces or control characters.
	Channel string

	// Name of this server, unique among all processes that ever ran: servers
	// that repair a log know each other by it. The default is random.
	Name string

	HistoryLength int           // minimum number of entries in a room's stream; default 10000
	IDTTL         time.Duration // how long the id of a message is remembered; default 20m
	// how long the archived log of a room stays without subscribed servers; default 24h
	RoomTTL        time.Duration
	FeedTTL        time.Duration // the same for a feed, which is not archived; default 24h
	PublishTimeout time.Duration // from Publish to Done, at most; default 5s
	// a subscription that answers no ping for so long is dead; default 3s
	SubscriptionTimeout time.Duration

	// Archived returns the log of a room as far as it is archived, zero if
	// nothing is. A log that begins continues from there, with its epochs.
	// Default: nothing is archived.
	Archived func(ctx context.Context, room string) (chat.Log, error)

	// Rules returns the rules of a room from where the truth about them is. It
	// is called where the working copy in Redis is missing. Default: there are
	// none, and nobody waits for them; what other servers have put beside a log
	// is checked all the same.
	Rules func(ctx context.Context, room string) (chat.RoomRules, error)
	// Words looks for blocked words; nil: nobody does, and what is bound by them
	// is not published.
	Words *WordOptions
	// RulesNeeded reports whether nobody may write in a room whose rules are not
	// known. Default: always, if there is Rules.
	RulesNeeded func() bool

	// Commands that the callers of Eval and Do need, with keys. CheckRights
	// checks them as well.
	Commands [][]any

	Logger  *slog.Logger // default: discards everything
	Metrics *metrics.Set // default: a new set
}

// withDefaults returns the options with defaults for zero fields, or an error.
func (o Options) withDefaults() (Options, error) {
	if o.Channel == "" || strings.ContainsFunc(o.Channel, func(r rune) bool {
		return r <= ' ' ||
			r == '{' || r == '}' || r == 0x7f
	}) {
		return o, fmt.Errorf("channel %q: want a name without spaces, braces and control characters",
			o.Channel)
	}
	setDefault(&o.HistoryLength, 10_000)
	setDefault(&o.IDTTL, 20*time.Minute)
	setDefault(&o.RoomTTL, 24*time.Hour)
	setDefault(&o.FeedTTL, 24*time.Hour)
	setDefault(&o.PublishTimeout, 5*time.Second)
	setDefault(&o.SubscriptionTimeout, 3*time.Second)
	if o.HistoryLength < 0 || min(o.IDTTL, o.RoomTTL, o.FeedTTL) < time.Millisecond ||
		o.PublishTimeout < 0 || o.SubscriptionTimeout < 0 {
		return o, errors.New("history length and times must be positive")
	}
	setDefault(&o.Name, newEpoch())
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// attempt returns how long one pipeline may take. A publication waits for at
// most one pipeline and then for its own, so each gets half of its time.
func (o Options) attempt() time.Duration { return o.PublishTimeout / 2 }

// client translates the URL and the options for go-redis.
func (o Options) client() (*redis.UniversalOptions, error) {
	c, err := parseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("redis URL: %w", err)
	}
	// A retry after a lost reply would run a command twice. Publishing survives
	// that, but the caller knows better when to give up.
	c.MaxRetries = -1
	c.DialerRetries = 1
	c.ContextTimeoutEnabled = true // else go-redis ignores the deadlines of contexts
	c.DialTimeout = min(o.attempt(), o.SubscriptionTimeout)
	c.ReadTimeout = o.attempt()
	c.WriteTimeout = o.attempt()
	c.Protocol = 2          // replies of one form, without push messages in between
	c.PipelinePoolSize = -1 // one pipeline at a time can use the pool of the other commands
	// When a link goes silent so do the idle connections beside it, and each
	// would cost a timeout. By the time the subscription has noticed, all that
	// have not been used since are too old to be used again.
	c.ConnMaxIdleTime = o.SubscriptionTimeout / 2
	c.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return c, nil
}

// parseURL parses a URL, which unlike in net/url and go-redis may name several
// hosts. Its errors never show the URL, which may hold a password.
func parseURL(raw string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return nil, errors.New("want redis://host:port, rediss://host:port or unix:///path")
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	user, hosts := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, hosts = authority[:i+1], authority[i+1:]
	}
	names := strings.Split(hosts, ",")
	u, err := url.Parse(scheme + "://" + user + names[0] + tail)
	if err != nil {
		return nil, hideURL(err)
	}
	query := u.Query()
	c := &redis.UniversalOptions{
		MasterName:       take(query, "master_name"),
		SentinelUsername: take(query, "sentinel_username"),
		SentinelPassword: take(query, "sentinel_password"),
	}
	u.RawQuery = query.Encode()
	first, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, hideURL(err)
	}
	c.DB, c.Username, c.Password = first.DB, first.Username, first.Password
	c.ClientName, c.PoolSize, c.TLSConfig = first.ClientName, first.PoolSize, first.TLSConfig
	if scheme == "unix" {
		if len(names) > 1 || c.MasterName != "" || !strings.HasPrefix(first.Addr, "/") {
			return nil, errors.New("unix:// wants one absolute path")
		}
		c.Addrs = []string{first.Addr}
		return c, nil
	}
	return c, setHosts(c, names)
}

// setHosts sets the addresses, with the usual port for their kind.
func setHosts(c *redis.UniversalOptions, names []string) error {
	port := "6379"
	if c.MasterName != "" {
		port = "26379"
	}
	for _, name := range names {
		u, err := url.Parse("redis://" + name)
		if err != nil {
			return hideURL(err)
		}
		if u.Hostname() == "" {
			return errors.New("a host is missing")
		}
		c.Addrs = append(c.Addrs, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	}
	if len(names) == 1 && c.MasterName == "" {
		return nil
	}
	if c.TLSConfig != nil {
		c.TLSConfig.ServerName = "" // each host is verified by its own name
	}
	if c.MasterName == "" && c.DB != 0 {
		return errors.New("a cluster has only database 0")
	}
	return nil
}

// hideURL removes the URL that net/url puts into its errors.
func hideURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func take(q url.Values, name string) string {
	s := q.Get(name)
	q.Del(name)
	return s
}
