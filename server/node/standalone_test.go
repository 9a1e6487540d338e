package node

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/testredis"
	"livechat/server/config"
)

// Two servers of which one has an embedded Redis do not share a database file:
// the second is refused and told why. Servers with a common Redis share it.
func TestDatabaseFileOfTwoServers(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	file := "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db")
	refused := func(t *testing.T, redisURL string) {
		t.Helper()
		cfg, err := config.Load(map[string]string{
			"ADDR": "127.0.0.1:0", "METRICS_ADDR": "off",
			"DATABASE_URL": strings.TrimPrefix(file, "DATABASE_URL="), "REDIS_URL": redisURL,
		})
		if err != nil {
			t.Fatal(err)
		}
		n, err := Start(cfg, slog.New(slog.DiscardHandler), "test")
		if err == nil {
			_ = n.Shutdown(t.Context())
			t.Fatal("the second server starts")
		}
		for _, part := range []string{"livechat.db is in use by process " + fmt.Sprint(os.Getpid()), "REDIS_URL",
			"DATABASE_URL"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error does not say %q: %v", part, err)
			}
		}
	}
	t.Run("each on its own", func(t *testing.T) {
		start(t, file)
		refused(t, "")
		refused(t, r.URL)
	})
	t.Run("with one Redis", func(t *testing.T) { // the file is free again
		start(t, file, "REDIS_URL="+r.URL)
		start(t, file, "REDIS_URL="+r.URL)
		refused(t, "")
	})
}

// Other users of the machine can reach the port of the embedded Redis, but not
// use it.
func TestEmbeddedRedisRequiresPassword(t *testing.T) {
	n := start(t)
	conn, err := net.Dial("tcp", n.embedded.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, command := range []string{"PUBLISH livechat notice", "SET livechat:ticket:x y", "KEYS *",
		"AUTH guess", "SUBSCRIBE livechat"} {
		if _, err := fmt.Fprintf(conn, "%s\r\n", inline(command)); err != nil {
			t.Fatal(err)
		}
		answer, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(answer, "-NOAUTH") && !strings.HasPrefix(answer, "-WRONGPASS") {
			t.Errorf("%s is answered with %q, %v", command, answer, err)
		}
	}
}

// inline encodes a command for Redis' protocol.
func inline(command string) string {
	words := strings.Fields(command)
	s := fmt.Sprintf("*%d\r\n", len(words))
	for _, w := range words {
		s += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
	}
	return strings.TrimSuffix(s, "\r\n")
}
