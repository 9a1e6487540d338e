package bus

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// A cluster refuses a script whose keys are in different slots, even with one
// node.
func TestCluster(t *testing.T) {
	t.Parallel()
	b, h := start(t, testredis.NewOneNodeCluster(t), Options{}, room, other)
	if _, ok := b.client.(*redis.ClusterClient); !ok {
		t.Fatalf("two addresses make a %T", b.client)
	}
	speak(t, b, h)
}

func TestSentinel(t *testing.T) {
	ports, err := localcluster.OwnPorts(2)
	if err != nil {
		t.Fatal(err)
	}
	port, sentinel := ports[0], ports[1]
	tcpRedis(t, port)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, "sentinel monitor mymaster 127.0.0.1 %s 1\n", port),
		0o600); err != nil {
		t.Fatal(err)
	}
	serveRedis(t, sentinel, config, "--sentinel")
	b, h := start(t, "redis://127.0.0.1:"+sentinel+"?master_name=mymaster", Options{}, room, other)
	speak(t, b, h)
}

// speak does everything once, in two rooms.
func speak(t *testing.T, b *Bus, h *recorder) {
	t.Helper()
	for _, r := range []string{room, other} {
		head := opened(t, b, r)
		for i := range 20 {
			mustSay(t, b, r, fmt.Sprint(i), "hello")
		}
		poll.Until(t, "all messages are received", func() bool { return h.count("payload", r) == 20 })
		wantDense(t, r, h.seqs(t, r), 1, 20)
		if tail, err := b.Tail(t.Context(), r, 99); err != nil || len(tail) != 20 {
			t.Errorf("tail of %s: %d, %v", r, len(tail), err)
		}
		m := chat.Message{ID: uuid.NewString(), Author: "@ann"}
		given := []chat.Reaction{by("@bob", thumb, true)}
		if _, err := b.Reactions().Restore(t.Context(), r, &m, given, chat.EarlierGiven); err != nil {
			t.Error(err)
		}
		if list, err := b.Archive().Reactions(t.Context(), r, m.ID); err != nil || len(list) != 1 {
			t.Errorf("reactions in %s: %v, %v", r, list, err)
		}
		h.learn(t, b, r)
		b.client.Del(t.Context(), b.key(r, "head"), b.key(r, "log"))
		if p := mustSay(t, b, r, "21", "hello").Position; p.Seq != 21 || p.Epoch == head.Epoch {
			t.Errorf("after the log of %s was deleted: %v", r, p)
		}
	}
	if err := b.PublishGossip(t.Context(), []byte("x")); err != nil {
		t.Error(err)
	}
	poll.Until(t, "the gossip is received", func() bool { return h.count("side", "") == 1 })
}

// tcpRedis starts a redis-server on a port of this machine.
func tcpRedis(t *testing.T, port string, args ...string) *redis.Client {
	t.Helper()
	serveRedis(t, port, append([]string{"--save", "", "--dir", t.TempDir()}, args...)...)
	raw := rawClient(t, &backend{network: "tcp", addr: "127.0.0.1:" + port})
	poll.Until(t, "redis-server answers", func() bool { return raw.Ping(t.Context()).Err() == nil })
	return raw
}

func serveRedis(t *testing.T, port string, args ...string) {
	t.Helper()
	cmd := exec.Command(need.Program(t, "redis-server"),
		append(args, "--port", port, "--bind", "127.0.0.1", "--logfile", "/dev/null")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}
