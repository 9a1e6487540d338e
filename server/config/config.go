// Package config reads the server's settings from environment variables. No
// other package of the server reads the environment: main loads a Config, node
// hands each part its piece.
//
// Every setting has a default, so an empty environment makes a working
// standalone server. An empty value is the same as none, because compose files
// write `REDIS_URL: ${REDIS_URL:-}`. Durations are written as in Go (1m30s).
package config

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config has all settings, one struct for each part of the server.
// docs/configuration.md has the same list as a table; TestConfigurationTable
// compares the two.
type Config struct {
	Server   Server
	Redis    Redis
	Database Database
	Archive  Archive
	Files    Files
	Admin    Admin
	Room     Room
	Socket   Socket
	Limits   Limits
	Rules    Rules
	Drain    Drain
	Balance  Balance
	Presence Presence
	Metrics  Metrics
	Log      Log
}

// Server holds the identity of this process and its addresses.
type Server struct {
	// App names this server in every message it accepts. It is unique in a
	// cluster. Unset: the host name.
	App string `env:"APPID"`
	// Addr is the TCP address of page, WebSocket and API, as host:port. An empty
	// host means all interfaces, port 0 any free port.
	Addr string `env:"ADDR" envDefault:":8080"`
	// Role is what this process serves: RoleAll (page, WebSockets, API), RoleWS
	// (page and WebSockets) or RoleAPI (the API; it also writes the archive).
	Role string `env:"ROLE" envDefault:"all"`
	// HeaderTimeout is how long a client may take to send its request line and
	// headers.
	HeaderTimeout time.Duration `env:"HEADER_TIMEOUT" envDefault:"5s"`
	// AllowedOrigins are the origins that may open a WebSocket, as
	// scheme://host[:port] in the form browsers send (lower case, no default
	// port), or a single "*". Empty: origins with the host of the request, on any
	// port.
	AllowedOrigins []string `env:"ALLOWED_ORIGINS"`
	// TrustedProxies are the proxies whose X-Forwarded-For is believed. Empty:
	// none, because any client that reaches the server directly could send one.
	TrustedProxies Networks `env:"TRUSTED_PROXIES"`
	// SecureCookies is for servers behind a proxy that ends TLS: cookies are then
	// sent over TLS only, and origins must be https.
	SecureCookies bool `env:"SECURE_COOKIES" envDefault:"false"`
}

// Redis holds the address of the Redis that carries the rooms, and its timeouts.
type Redis struct {
	// URL is redis://, rediss:// or unix://. Empty: an embedded Redis, for a
	// standalone server. Load puts Password into it.
	URL string `env:"REDIS_URL"`
	// URLFile is a file that contains URL.
	URLFile string `env:"REDIS_URL_FILE"`
	// Password is the password of the user in URL, taken literally.
	Password string `env:"REDIS_PASSWORD"`
	// PasswordFile is a file that contains Password.
	PasswordFile string `env:"REDIS_PASSWORD_FILE"`
	// Channel is the pub/sub channel of the default room, and the prefix of all
	// other channels and keys.
	Channel string `env:"CHANNEL" envDefault:"livechat"`
	// IDTTL is how long a message id is remembered. A message that is sent again
	// within this time appears once.
	IDTTL time.Duration `env:"ID_TTL" envDefault:"20m"`
	// PublishTimeout bounds one publication, queueing included. When it expires,
	// the sender gets `unavailable`.
	PublishTimeout time.Duration `env:"PUBLISH_TIMEOUT" envDefault:"5s"`
	// SubscriptionTimeout is how long the subscription may be silent before it is
	// replaced. The server pings Redis on it every second.
	SubscriptionTimeout time.Duration `env:"SUBSCRIPTION_TIMEOUT" envDefault:"3s"`
}

// Room bounds the rooms of one server.
type Room struct {
	// MaxRooms is the most rooms that this server has open at the same time.
	MaxRooms int `env:"MAX_ROOMS" envDefault:"1000"`
	// Rooms is RoomsOpen, where a room springs up by its name, or RoomsMade, where
	// there are only the default room and those that somebody made.
	Rooms string `env:"ROOMS" envDefault:"open"`
	// PerAccount is how many rooms that it made an account may own; 0: only
	// admins make rooms.
	PerAccount int `env:"ROOMS_PER_ACCOUNT" envDefault:"50"`
	// Linger is how long a room stays open after its last client left.
	Linger time.Duration `env:"ROOM_LINGER" envDefault:"30s"`
	// RingSize is how many entries of a room are kept in memory, a power of two.
	// A reader that falls further behind is disconnected and resumes.
	RingSize int `env:"RING_SIZE" envDefault:"4096"`
	// HistoryLength is about how many messages of a room Redis keeps.
	HistoryLength int `env:"HISTORY_LENGTH" envDefault:"10000"`
	// RoomTTL is how long Redis keeps a room, once it is archived, after its last
	// message or its last client.
	RoomTTL time.Duration `env:"ROOM_TTL" envDefault:"24h"`
	// FeedTTL is the same for a user's feed.
	FeedTTL time.Duration `env:"FEED_TTL" envDefault:"24h"`
}

// Socket sets the timing and the buffers of a connection.
type Socket struct {
	// PingInterval is the time between two pings to a client.
	PingInterval time.Duration `env:"PING_INTERVAL" envDefault:"25s"`
	// PongTimeout is how soon after a ping the server must receive something from
	// the client.
	PongTimeout time.Duration `env:"PONG_TIMEOUT" envDefault:"10s"`
	// WriteTimeout is how long a client whose socket is full may read nothing.
	WriteTimeout time.Duration `env:"WRITE_TIMEOUT" envDefault:"15s"`
	// SendBuffer is the kernel's send buffer of each connection, in bytes.
	SendBuffer int `env:"SEND_BUFFER" envDefault:"65536"`
	// FlushInterval is how long a pass over many clients may wait after the
	// previous one, so that several messages go out in one write; 0: never. The
	// default is what measured best (docs/performance.md).
	FlushInterval time.Duration `env:"FLUSH_INTERVAL" envDefault:"20ms"`
}

// Rules sets what the rules of rooms can be about.
type Rules struct {
	// AddressSecret is the key of the hashes by which addresses are banned. Empty:
	// no address can be.
	AddressSecret string `env:"ADDRESS_SECRET"`
	// AddressSecretFile is a file that contains AddressSecret.
	AddressSecretFile string `env:"ADDRESS_SECRET_FILE"`
}

// Drain sets the shutdown after SIGTERM.
type Drain struct {
	// Delay is how long /readyz answers 404 before the first connection is closed,
	// so that load balancers notice.
	Delay time.Duration `env:"DRAIN_DELAY" envDefault:"3s"`
	// Period is the time over which the connections are closed, so that their
	// clients do not reconnect all at once.
	Period time.Duration `env:"DRAIN_PERIOD" envDefault:"10s"`
}

// Balance sets whether a server with more clients than the others asks some of
// them to reconnect.
type Balance struct {
	// Balance needs a load balancer that picks servers in turn. Turn it off where
	// something else decides which server a client gets.
	Balance bool `env:"BALANCE" envDefault:"true"`
}

// Presence sets the reports about who is connected.
type Presence struct {
	// Interval is the least time between two reports of a server, and between two
	// presence frames to a client.
	Interval time.Duration `env:"PRESENCE_INTERVAL" envDefault:"1s"`
	// Expiry is how long after a server's last report its users still count.
	Expiry time.Duration `env:"PRESENCE_EXPIRY" envDefault:"4s"`
}

// Metrics holds the address of the metrics.
type Metrics struct {
	// Addr is the address of /metrics and /debug/pprof/ as host:port, or
	// MetricsOff. Anyone who reaches it can take profiles, so by default only this
	// machine does.
	Addr string `env:"METRICS_ADDR" envDefault:"127.0.0.1:9090"`
}

// MetricsOff is the value of Metrics.Addr that opens no port.
const MetricsOff = "off"

// Log sets the level and the format of the log. Logger makes the logger.
type Log struct {
	// Level is the lowest level that is written.
	Level slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	// Format is FormatText or FormatJSON. Empty: text on a terminal, else JSON.
	Format string `env:"LOG_FORMAT"`
}

// Values of Room.Rooms.
const (
	RoomsOpen = "open"
	RoomsMade = "made"
)

// Values of Server.Role.
const (
	RoleAll = "all"
	RoleWS  = "ws"
	RoleAPI = "api"
)

// FromEnvironment loads the settings from the environment of this process.
func FromEnvironment() (Config, error) {
	return Load(env.ToMap(os.Environ()))
}

// Load makes a Config of the given variables and the defaults. Its error has one
// line for each bad variable: the name, the value and the accepted values.
// Passwords in a value are masked.
func Load(environ map[string]string) (Config, error) {
	if environ == nil {
		environ = map[string]string{} // with nil the library reads the environment
	}
	if err := refuseRenamed(environ); err != nil {
		return Config{}, err
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

// normalOrigins brings each origin into the form in which browsers send it, so
// that strings can be compared.
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
