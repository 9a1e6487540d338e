package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// Passwords as users choose them, among them one from `openssl rand -base64 16`.
var hardPasswords = []string{
	"ivKw/8RrO+c2Q1m6pYz0Tg==", "a b%41@c:d?e#f", "x,y;z&=+$!'()*[]", `"\`, "пароль", "100%", " x ",
}

// A password from a variable or a file reaches the database and Redis literally.
func TestPasswordsAreLiteral(t *testing.T) {
	for _, password := range hardPasswords {
		for _, suffix := range []string{"", "_FILE"} {
			value := password
			if suffix != "" {
				value = write(t, password+"\n")
			}
			c, err := Load(map[string]string{
				"REDIS_URL": "redis://me@rds:6379/3", "REDIS_PASSWORD" + suffix: value,
				"DATABASE_URL": "postgres://livechat@db/livechat?sslmode=disable", "DATABASE_PASSWORD" + suffix: value,
			})
			if err != nil {
				t.Fatalf("%q%s: %v", password, suffix, err)
			}
			database, err := pgx.ParseConfig(c.Database.URL)
			if err != nil || database.Password != password || database.User != "livechat" || database.Host != "db" ||
				database.Database != "livechat" {
				t.Errorf("%q%s: the database gets %+v, %v", password, suffix, database, err)
			}
			o, err := redis.ParseURL(c.Redis.URL)
			if err != nil || o.Password != password || o.Username != "me" || o.Addr != "rds:6379" || o.DB != 3 {
				t.Errorf("%q%s: Redis gets %+v, %v", password, suffix, o, err)
			}
		}
	}
}

func TestPasswordOfManyHosts(t *testing.T) {
	c, err := Load(
		map[string]string{"REDIS_URL": "redis://s1,s2,s3?master_name=m", "REDIS_PASSWORD": "a,b/c", "ROLE": "ws"},
	)
	if want := "redis://:a%2Cb%2Fc@s1,s2,s3?master_name=m"; err != nil || c.Redis.URL != want {
		t.Errorf("%q, %v, want %q", c.Redis.URL, err, want)
	}
	c, err = Load(map[string]string{"REDIS_URL": "unix:///run/redis.sock", "REDIS_PASSWORD": "x", "ROLE": "ws"})
	if want := "unix://:x@/run/redis.sock"; err != nil || c.Redis.URL != want {
		t.Errorf("%q, %v, want %q", c.Redis.URL, err, want)
	}
}

func TestURLsFromFiles(t *testing.T) {
	c, err := Load(map[string]string{
		"REDIS_URL_FILE": write(
			t,
			"redis://rds:6379\r\n",
		), "DATABASE_URL_FILE": write(t, "postgres://db/x"), "DATABASE_PASSWORD": "y",
	})
	if err != nil || c.Redis.URL != "redis://rds:6379" || c.Database.URL != "postgres://:y@db/x" {
		t.Errorf("%q, %q, %v", c.Redis.URL, c.Database.URL, err)
	}
}

// The errors name what is set twice or cannot be read. They show no secret.
func TestBadSecretsAreNamedAndNotShown(t *testing.T) {
	secret := write(t, "hunter2")
	for name, c := range map[string]struct {
		environ map[string]string
		want    string
	}{
		"both": {
			map[string]string{"DATABASE_PASSWORD": "hunter2", "DATABASE_PASSWORD_FILE": secret},
			"DATABASE_PASSWORD and DATABASE_PASSWORD_FILE are both set",
		},
		"both URLs": {
			map[string]string{"REDIS_URL": "redis://:hunter2@x", "REDIS_URL_FILE": secret},
			"REDIS_URL and REDIS_URL_FILE are both set",
		},
		"no file": {
			map[string]string{"REDIS_PASSWORD_FILE": "/nothing/here"},
			"REDIS_PASSWORD_FILE=/nothing/here: want a file that can be read",
		},
		"empty": {
			map[string]string{"REDIS_PASSWORD_FILE": write(t, "\n")}, "want a file that contains a value",
		},
		"two": {
			map[string]string{"DATABASE_URL": "postgres://u:hunter2@db/x", "DATABASE_PASSWORD": "hunter2"},
			"DATABASE_PASSWORD: want a password for DATABASE_URL: the URL contains a password already",
		},
		"no server": {
			map[string]string{"DATABASE_PASSWORD_FILE": secret},
			"DATABASE_PASSWORD: want a password for DATABASE_URL: the URL names no server",
		},
		"of a file": {
			map[string]string{"DATABASE_URL": "sqlite:x.db", "DATABASE_PASSWORD": "hunter2"},
			"the URL names no server",
		},
		"bad in file": {
			map[string]string{"DATABASE_URL_FILE": write(t, "mysql://u:hunter2@db")},
			"DATABASE_URL=mysql://***@db: want a URL",
		},
	} {
		_, err := Load(c.environ)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func write(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
