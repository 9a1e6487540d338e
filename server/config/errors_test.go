package config

import (
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	const wantDatabase = "want a URL that starts with postgres:// or postgresql://, or sqlite: and a path; " +
		"it must be set where servers share a Redis (REDIS_URL) and this one has the API (ROLE all or api), " +
		"or each would have its own accounts"
	const wantText = "want a number of characters from 1 to 1000000, and not above MAX_FRAME, " +
		"the limit in bytes of a whole message"
	for _, test := range []struct {
		environ map[string]string
		want    string
	}{
		{
			map[string]string{"MESSAGE_RATE": "-1"},
			"MESSAGE_RATE=-1: want a number of messages per second, 0 (no limit) or more",
		},
		{map[string]string{"PING_INTERVAL": "25"}, "PING_INTERVAL=25: want a duration above 0, such as 25s"},
		{
			map[string]string{"APPID": "two words"},
			`APPID="two words": want 1 to 64 letters, digits, dots, dashes or underscores`,
		},
		{
			map[string]string{"CHANNEL": "a\nb"},
			`CHANNEL="a\nb": want 1 to 64 letters, digits, dots, dashes, underscores or colons`,
		},
		{ // all of them, in the order of the rules
			map[string]string{"LOG_LEVEL": "loud", "ADDR": "8080", "RING_SIZE": "4k", "ROLE": "db"},
			"ADDR=8080: want host:port or :port, with a port from 0 to 65535\nROLE=db: want all, ws or api\n" +
				"RING_SIZE=4k: want a power of two from 256 to 1048576\nLOG_LEVEL=loud: want debug, info, warn or error",
		},
		{ // each of several servers would have its own accounts
			map[string]string{"REDIS_URL": "redis://rds:6379", "ROLE": "api"},
			"DATABASE_URL is not set: " + wantDatabase,
		},
		{
			map[string]string{"DATABASE_URL": "mysql://ann:secret@db/x"},
			"DATABASE_URL=mysql://***@db/x: " + wantDatabase,
		},
		{ // a character is at least one byte
			map[string]string{"MAX_TEXT": "2001", "MAX_FRAME": "2000"},
			"MAX_TEXT=2001: " + wantText,
		},
		{
			map[string]string{"MAX_FRAME": "1024"},
			"MAX_TEXT=4000: " + wantText,
		},
		{
			map[string]string{"REDIS_URL": "redis://ann:secret@rds:99999"},
			"REDIS_URL=redis://***@rds:99999: want a URL that starts with redis://, rediss:// or unix://, " +
				"with ports from 1 to 65535, or nothing for an embedded Redis",
		},
		{ // another variable makes a default bad, which is shown
			map[string]string{"PRESENCE_INTERVAL": "10s"},
			"PRESENCE_EXPIRY=4s: want a duration of at least twice PRESENCE_INTERVAL, " +
				"or one lost report would empty a room",
		},
	} {
		if _, err := Load(test.environ); err == nil || err.Error() != test.want {
			t.Errorf("%v gives\n%v\nwant\n%s", test.environ, err, test.want)
		}
	}
}

func TestErrorsHidePasswords(t *testing.T) {
	for given, shown := range map[string]string{
		"http://ann:secret@rds:6379":          "http://***@rds:6379",
		"redis://:sec/ret@a:1, :secret@b:2":   "redis://***@b:2",
		"ann:secret@rds":                      "***@rds",
		"redis ://\nsecret@rds":               "***@rds",
		"redis:// rds":                        `"redis:// rds"`,
		"postgres://ann:se@cret@rds?sslmode=": "postgres://***@rds?sslmode=",
	} {
		_, err := Load(map[string]string{"REDIS_URL": given})
		if err == nil || !strings.HasPrefix(err.Error(), "REDIS_URL="+shown+": want ") {
			t.Errorf("REDIS_URL=%s gives %v, want REDIS_URL=%s", given, err, shown)
		}
	}
}
