package config

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDefaults(t *testing.T) {
	t.Setenv("ADDR", ":1") // Load must ignore the environment, also when its argument is nil
	for _, environ := range []map[string]string{nil, {}, {"ADDR": "", "REDIS_URL": "",
		"ALLOWED_ORIGINS": ""}} {
		c, err := Load(environ)
		if err != nil {
			t.Fatal(err)
		}
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		if c.Server.App != host || c.Server.Addr != ":8080" || c.Server.Role != RoleAll ||
			c.Server.AllowedOrigins != nil {
			t.Errorf("server: %+v", c.Server)
		}
		if c.Redis.URL != "" || c.Redis.Channel != "livechat" || c.Redis.IDTTL != 20*time.Minute {
			t.Errorf("redis: %+v", c.Redis)
		}
		if c.Admin.Name != "" || c.Admin.AuditAge != 365*24*time.Hour {
			t.Errorf("admin: %+v", c.Admin)
		}
		if c.Limits.MessageRate != 5 || c.Limits.MessageBurst != 10 || c.Limits.MaxText != 4000 ||
			c.Limits.MaxFrame != 16384 {
			t.Errorf("limits: %+v", c.Limits)
		}
		if c.Log.Level != slog.LevelInfo || c.Log.Format != "" {
			t.Errorf("log: %+v", c.Log)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Setenv("APPID", "1000")
	t.Setenv("MESSAGE_RATE", "0.5")
	t.Setenv("LOG_LEVEL", "DEBUG")
	c, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.App != "1000" || c.Limits.MessageRate != 0.5 || c.Log.Level != slog.LevelDebug {
		t.Errorf("got %+v", c)
	}
}

func TestAllowedOrigins(t *testing.T) {
	for given, want := range map[string][]string{
		"*":                                  {"*"},
		"https://chat.example":               {"https://chat.example"},
		"HTTPS://Chat.Example":               {"https://chat.example"},
		"https://a:443,http://b":             {"https://a", "http://b"},
		"http://a:80":                        {"http://a"},
		"http://a:443":                       {"http://a:443"},
		" http://a:8080 , http://[::1]:1007": {"http://a:8080", "http://[::1]:1007"},
		"capacitor://localhost":              {"capacitor://localhost"},
	} {
		c, err := Load(map[string]string{"ALLOWED_ORIGINS": given})
		if err != nil || !slices.Equal(c.Server.AllowedOrigins, want) {
			t.Errorf("ALLOWED_ORIGINS=%q gives %q, %v; want %q", given, c.Server.AllowedOrigins, err, want)
		}
	}
}

// For every variable with bounds: values just inside and just outside of them,
// and values that do not parse.
func TestBounds(t *testing.T) {
	for name, values := range map[string]struct{ good, bad []string }{
		"APPID": {
			[]string{"1000", "ws-1.example_x", strings.Repeat("a", 64)},
			[]string{"a b", "ü", "a/b", strings.Repeat("a", 65)},
		},
		"ADDR": {
			[]string{":0", ":65535", "127.0.0.1:80", "[::1]:80", "localhost:8080"},
			[]string{"8080", ":65536", ":http", "::1:80", "localhost", ":-1"},
		},
		"ARCHIVE_AGE":   {[]string{"0s", "720h"}, []string{"-1s", "30d"}},
		"ARCHIVE_COUNT": {[]string{"0", "100000"}, []string{"-1", "many"}},
		"ADMIN": {
			[]string{"ann", "Ann_Lee-7", strings.Repeat("a", 20)},
			[]string{"an", "ann lee", "änn", "ann\n", strings.Repeat("a", 21)},
		},
		"AUDIT_AGE": {[]string{"0s", "8760h"}, []string{"-1s", "365d"}},
		"ROLE":      {[]string{"all", "ws", "api"}, []string{"API", "ALL"}},
		"DATABASE_URL": {
			[]string{"postgres://u:p@db/livechat", "postgresql:///x", "sqlite:a b.db", "sqlite::memory:"},
			[]string{"mysql://db", "livechat.db", "postgres://", "sqlite:"},
		},
		"HEADER_TIMEOUT": {[]string{"1ms"}, []string{"0s", "-1s", "5", "soon"}},
		"ALLOWED_ORIGINS": {
			[]string{"*"},
			[]string{
				"chat.example", "https://a/", "https://a/path", "https://", "*,https://a",
				"https://a,,", "null", "https://u@a", "https://a?b", "//a",
			},
		},
		"TRUSTED_PROXIES": {
			[]string{"10.0.0.0/8", "192.0.2.1", "10.0.0.0/8, fd00::/8,::1"},
			[]string{"haproxy", "10.0.0.0/33", "10.0.0.0/8,", "10.0.0", "fe80::1%eth0", "0.0.0.0:80"},
		},
		"SECURE_COOKIES": {[]string{"true", "false", "0"}, []string{"yes"}},
		"POST_RATE": {
			[]string{"0", "0.0001", "1e6"},
			[]string{"-1", "0.00009", "NaN", "Inf", "five"},
		},
		"POST_BURST": {[]string{"1", "100000"}, []string{"0", "100001"}},
		"NAME_RATE": {
			[]string{"0", "0.0001", "1e6"},
			[]string{"-1", "0.00009", "NaN", "Inf", "five"},
		},
		"NAME_BURST":    {[]string{"1", "100000"}, []string{"0", "100001"}},
		"ADDRESS_RATE":  {[]string{"0", "0.0001", "1e6"}, []string{"-1", "0.00009", "NaN", "Inf", "five"}},
		"ADDRESS_BURST": {[]string{"1", "100000"}, []string{"0", "100001"}},
		"CHATS_HOUR":    {[]string{"0", "1", "100000"}, []string{"-1", "100001", "1.5"}},
		"ROOM_RATE":     {[]string{"0", "0.0001", "1e6"}, []string{"-1", "0.00009", "NaN", "Inf", "five"}},
		"ROOM_BURST":    {[]string{"1", "100000"}, []string{"0", "100001"}},
		"REGISTER_RATE": {
			[]string{"0", "0.0001", "1e6"},
			[]string{"-1", "0.00009", "NaN", "Inf", "five"},
		},
		"REGISTER_BURST": {[]string{"1", "100000"}, []string{"0", "100001"}},
		"REDIS_URL": {
			[]string{
				"redis://rds:6379/0", "rediss://:pw@rds", "unix:///run/redis.sock",
				"unix:///run/a:0/b", "redis://a:1,b:2", "redis://rds", "redis://rds:65535",
				"rediss://u:p@[::1]:1,[::2]/0",
			},
			[]string{
				"rds:6379", "http://rds", "redis://", "redis:// x", "redis://rds:0",
				"redis://rds:65536", "redis://rds:port", "redis://rds:-1", "redis://a:1,b:99999/0",
				"rediss://[::1]:0?db=1",
			},
		},
		"CHANNEL":              {[]string{"prod:chat", "a"}, []string{"{a}", "a b", strings.Repeat("a", 65)}},
		"ID_TTL":               {[]string{"16m", "24h"}, []string{"0", "1s", "15m", "15m59s"}},
		"ROOM_TTL":             {[]string{"1m", "24h"}, []string{"59s", "0s"}},
		"FEED_TTL":             {[]string{"1m", "24h"}, []string{"59s", "0s"}},
		"PUBLISH_TIMEOUT":      {[]string{"1ms"}, []string{"0s"}},
		"SUBSCRIPTION_TIMEOUT": {[]string{"1001ms"}, []string{"1s"}},
		"MAX_ROOMS":            {[]string{"1"}, []string{"0", "many", "1.5"}},
		"ROOM_LINGER":          {[]string{"0s"}, []string{"-1s"}},
		"RING_SIZE": {
			[]string{"256", "1048576"},
			[]string{"128", "0", "-256", "257", "4095", "2097152"},
		},
		"HISTORY_LENGTH":    {[]string{"1"}, []string{"0"}},
		"PING_INTERVAL":     {[]string{"1ms"}, []string{"0s"}},
		"PONG_TIMEOUT":      {[]string{"1ms"}, []string{"0s"}},
		"WRITE_TIMEOUT":     {[]string{"1ms"}, []string{"0s"}},
		"SEND_BUFFER":       {[]string{"4096", "16777216"}, []string{"4095", "16777217"}},
		"FLUSH_INTERVAL":    {[]string{"0s", "1s"}, []string{"-1ms", "1001ms"}},
		"MESSAGE_RATE":      {[]string{"0", "0.5", "1e6"}, []string{"-1", "-0.1", "NaN", "Inf", "five"}},
		"MESSAGE_BURST":     {[]string{"1"}, []string{"0"}},
		"MAX_TEXT":          {[]string{"1", "16384"}, []string{"0", "16385", "1000001"}},
		"EDIT_WINDOW":       {[]string{"0", "15m", "off"}, []string{"-1s", "on", "24"}},
		"MAX_FRAME":         {[]string{"4000", "16777216"}, []string{"1023", "16777217", "much"}},
		"MAX_CONNECTIONS":   {[]string{"0"}, []string{"-1"}},
		"DRAIN_DELAY":       {[]string{"0s"}, []string{"-1s"}},
		"DRAIN_PERIOD":      {[]string{"0s"}, []string{"-1s"}},
		"BALANCE":           {[]string{"true", "false", "1"}, []string{"maybe"}},
		"PRESENCE_INTERVAL": {[]string{"100ms", "2s"}, []string{"99ms"}},
		"PRESENCE_EXPIRY":   {[]string{"2s"}, []string{"1999ms"}},
		"LOG_LEVEL":         {[]string{"debug", "INFO", "warn", "error"}, []string{"loud"}},
		"LOG_FORMAT":        {[]string{"text", "json"}, []string{"xml"}},
	} {
		for _, value := range values.good {
			if _, err := Load(map[string]string{"ROLE": RoleWS, name: value}); err != nil {
				t.Errorf("%s=%s is refused: %v", name, value, err)
			}
		}
		for _, value := range values.bad {
			_, err := Load(map[string]string{name: value})
			if err == nil || !strings.HasPrefix(err.Error(), name+"=") || strings.Contains(err.Error(),
				"\n") {
				t.Errorf("%s=%s: got %v, want one line that starts with %s=", name, value, err, name)
			}
		}
	}
}

// The highest and lowest values that fit each other.
func TestMaxTextUpToMaxFrame(t *testing.T) {
	for _, environ := range []map[string]string{
		{"MAX_TEXT": "1000000", "MAX_FRAME": "1000000"}, {"MAX_TEXT": "1024", "MAX_FRAME": "1024"},
	} {
		if _, err := Load(environ); err != nil {
			t.Errorf("%v is refused: %v", environ, err)
		}
	}
}

func TestHostNameAsApp(t *testing.T) {
	c := Config{Server: Server{App: "bad host"}}
	if got, want := given(&c, nil, "APPID"), `APPID is not set and the host name is "bad host"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A setting without a rule would be dropped in silence if it did not parse.
func TestEverySettingHasRule(t *testing.T) {
	var fields, ruled []string
	for _, setting := range Settings() {
		fields = append(fields, setting.Name)
		if n := len(setting.About); n == 0 || n > 60 {
			t.Errorf("%s: %q is %d characters long, want 1 to 60", setting.Name, setting.About, n)
		}
	}
	for _, rule := range rules() {
		ruled = append(ruled, rule.name)
	}
	if !slices.Equal(fields, ruled) {
		t.Errorf("fields %q\nrules  %q, want the same in the same order", fields, ruled)
	}
}

func TestLogger(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, ok := (Log{}).Logger(null).Handler().(*slog.TextHandler); !ok {
		t.Error("on a terminal the default is not text")
	}

	for format, want := range map[string]string{"": `{"time"`, FormatJSON: `{"time"`, FormatText: "time="} {
		var out bytes.Buffer
		log := Log{Level: slog.LevelWarn, Format: format}.Logger(&out)
		log.Info("quiet")
		log.Warn("loud", "after", 1146*time.Millisecond)
		if got := out.String(); !strings.HasPrefix(got, want) || strings.Contains(got, "quiet") ||
			!strings.Contains(got, "loud") ||
			!strings.Contains(got, "1.146s") {
			t.Errorf("format %q wrote %q", format, got)
		}
	}
}
