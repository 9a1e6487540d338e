// Package config reads the server's settings from environment variables. Nobody else in the server looks at the
// environment: main loads a Config, node hands each part its own piece.
//
// Every field has a default, so an empty environment is a working embedded server. An empty value is the same as none
// at all, because compose files write `REDIS_URL: ${REDIS_URL:-}`. Durations are written as Go writes them (1m30s).
package config

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is everything that can be set from outside, one struct per part of the server. README.md has the same list as a
// table, and TestREADMETable compares the two.
type Config struct {
	Server   Server
	Redis    Redis
	Database Database
	Archive  Archive
	Room     Room
	Session  Session
	Limits   Limits
	Drain    Drain
	Balance  Balance
	Presence Presence
	Metrics  Metrics
	Log      Log
}

// Server says who this process is and where it listens.
type Server struct {
	// App names this server in every message it takes; in a cluster each has its own. Unset: the host name.
	App string `env:"APPID"`
	// Addr is the TCP address of page, socket and API: host:port, an empty host is every interface, port 0 any free one.
	Addr string `env:"ADDR" envDefault:":8080"`
	// Role is what this process does: RoleAll (page, sockets, API), RoleWS (page and sockets) or RoleAPI (the API, and the archive).
	Role string `env:"ROLE" envDefault:"all"`
	// HeaderTimeout is how long a client may take to send its request line and headers.
	HeaderTimeout time.Duration `env:"HEADER_TIMEOUT" envDefault:"5s"`
	// AllowedOrigins are the pages that may open a socket, as scheme://host[:port] in the form browsers send (lower
	// case, no default port), or a single "*". Empty: pages of the host that was asked, on any port.
	AllowedOrigins []string `env:"ALLOWED_ORIGINS"`
	// TrustedProxies are the proxies that are believed when they say in
	// X-Forwarded-For where a client is. Empty: none, for a server that clients
	// reach directly would believe any of them.
	TrustedProxies Networks `env:"TRUSTED_PROXIES"`
	// SecureCookies says that people come by TLS, which ends at a proxy in front: cookies are for TLS alone then, and so are origins.
	SecureCookies bool `env:"SECURE_COOKIES" envDefault:"false"`
}

// Redis says which Redis carries the rooms and how long to wait for it.
type Redis struct {
	// URL is redis://, rediss:// or unix://. Empty: a Redis inside this process, for one server alone.
	// Load puts Password into it.
	URL string `env:"REDIS_URL"`
	// URLFile is a file with URL in it.
	URLFile string `env:"REDIS_URL_FILE"`
	// Password is that of the user in URL, as it is: nothing in it is escaped.
	Password string `env:"REDIS_PASSWORD"`
	// PasswordFile is a file with Password in it.
	PasswordFile string `env:"REDIS_PASSWORD_FILE"`
	// Channel is the pub/sub channel of the default room and the prefix of every other channel and key.
	Channel string `env:"CHANNEL" envDefault:"livechat"`
	// IDTTL is how long a message id is remembered: within it a message sent again appears once.
	IDTTL time.Duration `env:"ID_TTL" envDefault:"20m"`
	// PublishTimeout bounds one publication, queueing included; beyond it the sender is told `unavailable`.
	PublishTimeout time.Duration `env:"PUBLISH_TIMEOUT" envDefault:"5s"`
	// FeedTimeout is how long the subscription may be silent before it is replaced. Redis is pinged on it every second.
	FeedTimeout time.Duration `env:"FEED_TIMEOUT" envDefault:"3s"`
}

// Database says where accounts, private chats and the archive are kept.
type Database struct {
	// URL is postgres:// or postgresql://, or sqlite: and the path of a file, or SQLiteMemory. Empty: the file livechat.db; with RoleWS, which only
	// reads the archive, none. Load puts Password into it.
	URL string `env:"DATABASE_URL"`
	// URLFile is a file with URL in it.
	URLFile string `env:"DATABASE_URL_FILE"`
	// Password is that of the user in URL, as it is: nothing in it is escaped.
	Password string `env:"DATABASE_PASSWORD"`
	// PasswordFile is a file with Password in it.
	PasswordFile string `env:"DATABASE_PASSWORD_FILE"`
}

// Archive says how long what was said in rooms is kept. Private chats are kept as long as their people want.
type Archive struct {
	// Age is how old messages may become; 0 keeps them for ever.
	Age time.Duration `env:"ARCHIVE_AGE" envDefault:"0s"`
	// Count is about how many of the newest messages of a room are kept; 0 keeps all.
	Count int64 `env:"ARCHIVE_COUNT" envDefault:"0"`
}

// The values of Database.URL that mean something special.
const (
	SQLiteFile   = "sqlite:livechat.db" // the default
	SQLiteMemory = "sqlite::memory:"    // ends with the process
)

// Room bounds the rooms of one server.
type Room struct {
	// MaxRooms is the most rooms this server has open at once.
	MaxRooms int `env:"MAX_ROOMS" envDefault:"1000"`
	// Linger is how long a room stays open after its last client left.
	Linger time.Duration `env:"ROOM_LINGER" envDefault:"30s"`
	// RingSize is how many entries of a room are kept in memory, a power of two. A reader further behind is cut off.
	RingSize int `env:"RING_SIZE" envDefault:"4096"`
	// HistoryLength is about how many messages of a room Redis keeps.
	HistoryLength int `env:"HISTORY_LENGTH" envDefault:"10000"`
	// RoomTTL is how long Redis keeps a room after its last message, or after its last client left, once it is archived.
	RoomTTL time.Duration `env:"ROOM_TTL" envDefault:"24h"`
	// FeedTTL is the same for the feed of a user.
	FeedTTL time.Duration `env:"FEED_TTL" envDefault:"24h"`
}

// Session sets the timing and the buffers of one connection.
type Session struct {
	// PingInterval is the time between two pings to a client.
	PingInterval time.Duration `env:"PING_INTERVAL" envDefault:"25s"`
	// PongTimeout is how long after a ping something must have been heard from the client.
	PongTimeout time.Duration `env:"PONG_TIMEOUT" envDefault:"10s"`
	// WriteTimeout is how long a client whose socket is full may take nothing in.
	WriteTimeout time.Duration `env:"WRITE_TIMEOUT" envDefault:"15s"`
	// SendBuffer is the kernel's send buffer of each connection in bytes.
	SendBuffer int `env:"SEND_BUFFER" envDefault:"65536"`
	// FlushInterval is how long a pass over many clients may be put off behind the one before, for more messages to go out with it; 0 = not at all. The
	// default is what measured best: docs/performance.md.
	FlushInterval time.Duration `env:"FLUSH_INTERVAL" envDefault:"20ms"`
}

// Limits bounds what clients may do.
type Limits struct {
	// MessageRate is how many messages a second one connection may send in the long run; 0 is no limit.
	MessageRate float64 `env:"MESSAGE_RATE" envDefault:"5"`
	// MessageBurst is how many messages a connection may send at once before MessageRate holds.
	MessageBurst int `env:"MESSAGE_BURST" envDefault:"10"`
	// MaxText is the longest text of a message in characters (code points).
	MaxText int `env:"MAX_TEXT" envDefault:"4000"`
	// MaxFrame is the longest WebSocket message a client may send, in bytes.
	MaxFrame int `env:"MAX_FRAME" envDefault:"16384"`
	// MaxConnections is the most sockets this server takes; 0 is no limit. Unset:
	// what ShareFiles gives them of the files that this process may open.
	MaxConnections int `env:"MAX_CONNECTIONS"`
	// PostRate is how many private messages and chats a second one account may begin in the long run, on each server with the API; 0 is no limit.
	PostRate float64 `env:"POST_RATE" envDefault:"50"`
	// PostBurst is how many at once before PostRate holds.
	PostBurst int `env:"POST_BURST" envDefault:"200"`
	// RegisterRate is how many accounts a second may be made from one address in the long run, on each server with the API; 0 is no limit.
	RegisterRate float64 `env:"REGISTER_RATE" envDefault:"0.1"`
	// RegisterBurst is how many at once before RegisterRate holds.
	RegisterBurst int `env:"REGISTER_BURST" envDefault:"30"`
	// NameRate is how many names a second guests from one public address may
	// come under in the long run, on each server with sockets; 0 is no limit.
	NameRate float64 `env:"NAME_RATE" envDefault:"0.5"`
	// NameBurst is how many at once before NameRate holds.
	NameBurst int `env:"NAME_BURST" envDefault:"200"`
}

// Drain sets how a server leaves after SIGTERM.
type Drain struct {
	// Delay is how long /readyz says 404 before the first connection is closed: the load balancer's time to notice.
	Delay time.Duration `env:"DRAIN_DELAY" envDefault:"3s"`
	// Period is the time over which the connections are closed, so that they do not all come back at once.
	Period time.Duration `env:"DRAIN_PERIOD" envDefault:"10s"`
}

// Balance says whether servers that have more clients than others ask some of them to move.
type Balance struct {
	// Balance is on unless something else decides where clients go. It needs a load balancer that hands out servers in turn.
	Balance bool `env:"BALANCE" envDefault:"true"`
}

// Presence sets the reports about who is here.
type Presence struct {
	// Interval is the least time between two reports of a server, and between two presence frames to a client.
	Interval time.Duration `env:"PRESENCE_INTERVAL" envDefault:"1s"`
	// Expiry is how long after its last report a server's people are still counted.
	Expiry time.Duration `env:"PRESENCE_EXPIRY" envDefault:"4s"`
}

// Metrics says where the server tells what it counts.
type Metrics struct {
	// Addr is the address of /metrics and /debug/pprof/ as host:port, or MetricsOff. Who reaches it can have profiles made: by default that is
	// this machine alone.
	Addr string `env:"METRICS_ADDR" envDefault:"127.0.0.1:9090"`
}

// MetricsOff is the value of Metrics.Addr that opens no port.
const MetricsOff = "off"

// Log sets what is logged and in what shape. Logger makes the logger.
type Log struct {
	// Level is the least level that is written.
	Level slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	// Format is FormatText, FormatJSON, or empty: text on a terminal, otherwise JSON.
	Format string `env:"LOG_FORMAT"`
}

// The values of Server.Role.
const (
	RoleAll = "all"
	RoleWS  = "ws"
	RoleAPI = "api"
)

// FromEnvironment loads the settings from the process's own environment.
func FromEnvironment() (Config, error) {
	return Load(env.ToMap(os.Environ()))
}

// Load makes a Config of the given variables and the defaults. Its error has one line for each bad variable, with the
// variable's name, the value it was given and the values it takes; passwords in a value are masked.
func Load(environ map[string]string) (Config, error) {
	if environ == nil {
		environ = map[string]string{} // nil would make the library read the process's environment
	}
	environ, err := readSecrets(environ)
	if err != nil {
		return Config{}, err
	}
	var c Config
	unreadable, err := parse(&c, environ)
	if err != nil {
		return Config{}, err
	}
	if c.Server.App == "" {
		if c.Server.App, err = os.Hostname(); err != nil {
			return Config{}, fmt.Errorf("find the host name to use as APPID: %w", err)
		}
	}
	if environ["MAX_CONNECTIONS"] == "" {
		c.Limits.MaxConnections, _ = ShareFiles(OpenFiles())
	}
	c.Server.AllowedOrigins = normalOrigins(c.Server.AllowedOrigins)
	if err := validate(&c, environ, unreadable); err != nil {
		return Config{}, err
	}
	if err := c.usePasswords(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// normalOrigins brings each origin to the form in which browsers send it, so that a comparison of strings is enough.
func normalOrigins(origins []string) []string {
	var normal []string
	for _, origin := range origins {
		origin = strings.ToLower(strings.TrimSpace(origin))
		switch {
		case strings.HasPrefix(origin, "http://"):
			origin = strings.TrimSuffix(origin, ":80")
		case strings.HasPrefix(origin, "https://"):
			origin = strings.TrimSuffix(origin, ":443")
		}
		normal = append(normal, origin)
	}
	return normal
}
