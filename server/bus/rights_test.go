package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// restricted runs a Redis that has, beside the default user, one of those rules, and returns that one's URL.
func restricted(t testing.TB, acl string, args ...string) (r *testredis.Server, url string) {
	t.Helper()
	args = append(append([]string{"--user", "livechat", "on", ">secret"}, strings.Fields(acl)...), args...)
	r = testredis.New(t, args...)
	r.Start()
	return r, "unix://livechat:secret@" + strings.TrimPrefix(r.URL, "unix://")
}

// TestSufficientRights: what is documented suffices for all that a bus does, and a Redis that comes back.
func TestSufficientRights(t *testing.T) {
	r, url := restricted(t, SufficientACL)
	b, h := start(t, url, Options{PublishTimeout: patient}, room, "hall")
	if err := b.CheckRights(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustSay(t, b, room, "1", "hello")
	mustSay(t, b, "hall", "2", "hello")
	poll.Until(t, "it is heard", func() bool { return h.count("payload", room) == 1 && h.count("payload", "hall") == 1 })
	h.learn(t, b, room)
	r.Kill()
	r.Start()
	mustSay(t, b, room, "3", "after a repair")
	a := b.Archive()
	if batch, err := a.Read(t.Context(), room, "one", 10); err != nil || len(batch.Entries) != 2 || a.Ack(t.Context(), batch) != nil {
		t.Errorf("for the archive: %v, %v", batch, err)
	}
	if rooms, err := a.Rooms(t.Context()); err != nil || len(rooms) != 2 {
		t.Errorf("rooms: %v, %v", rooms, err)
	}
	if _, err := a.Behind(t.Context(), []string{room}); err != nil {
		t.Error(err)
	}
	poll.Until(t, "the news come", func() bool {
		rooms, _, err := a.News(t.Context(), 0)
		return err == nil && len(rooms) == 2
	})
}

func TestMissingRightsAreNamed(t *testing.T) {
	for _, test := range []struct{ less, want string }{
		{"-info", "INFO"},
		{"-publish", "PUBLISH"},
		{"-subscribe", "SUBSCRIBE"},
		{"-eval", "EVAL"},
		{"-evalsha", "EVALSHA"},
		{"-script", "SCRIPT"},
		{"-xadd", "XADD"},
		{"-sadd", "SADD"},
		{"resetkeys", "{livechat}:"},
		{"resetkeys ~{livechat*", "livechat:names"},
		{"resetchannels", "PUBLISH"},
		{"resetchannels &livechat", "livechat:"},
	} {
		t.Run(test.less, func(t *testing.T) {
			t.Parallel()
			_, url := restricted(t, SufficientACL+" "+test.less)
			err := open(t, url, Options{}).CheckRights(t.Context())
			if !errors.Is(err, ErrNoRight) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %v; want one that names %s", err, test.want)
			}
		})
	}
}

func TestRightsOfNobody(t *testing.T) {
	r := realRedis(t)
	b := open(t, r.url, Options{})
	if err := b.CheckRights(t.Context()); err != nil {
		t.Errorf("the default user: %v", err)
	}
	if keys := r.raw.Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("it has left keys: %v", keys)
	}
	r.stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := b.CheckRights(ctx); err == nil || errors.Is(err, ErrNoRight) {
		t.Errorf("a Redis that is away: %v", err)
	}
}

// TestNoNumberTwiceWithoutINFO: the right is taken away while servers run, and Redis comes back older. Nothing is published rather than a number given
// twice, which is logged once; when the right is back all goes on.
func TestNoNumberTwiceWithoutINFO(t *testing.T) {
	t.Parallel()
	r, url := restricted(t, SufficientACL, "--appendonly", "no", "--save", "")
	var lines lockedBuffer
	b, h := start(t, url, Options{Log: slog.New(slog.NewTextHandler(&lines, nil))}, room)
	mustSay(t, b, room, "a", "hello")
	r.CLI("save")
	lost := mustSay(t, b, room, "b", "hello").Position
	poll.Until(t, "all is heard", func() bool { return h.count("payload", room) == 2 })
	h.learn(t, b, room)
	r.Kill()
	r.Start()
	r.CLI("acl", "setuser", "livechat", "-info")
	fresh, f := start(t, url, Options{})
	f.meet(fresh.name, b.name)
	for i := range 3 {
		if got, err := say(t, fresh, room, fmt.Sprint("c", i), "another message"); err == nil {
			t.Errorf("another message is at %v; one at %v is lost", got.Position, lost)
		}
		if _, err := say(t, b, room, fmt.Sprint("d", i), "another message"); err == nil {
			t.Error("a server that knows the log has published without knowing which Redis it is")
		}
	}
	if n := strings.Count(lines.String(), "lacks a right"); n != 1 {
		t.Errorf("it was logged %d times, want once", n)
	}
	r.CLI("acl", "setuser", "livechat", "+info")
	poll.Until(t, "it is published", func() bool {
		got, err := say(t, b, room, "e", "at last")
		return err == nil && got.Position != lost // which of the two mends the log, with what it knows, is a race
	})
	if !strings.Contains(lines.String(), "has the rights that it needs again") {
		t.Error("the log does not say that it is over")
	}
}

// lockedBuffer is written to by a logger and read by a test.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestEveryCommandIsChecked: what the scripts say is asked for at the start.
func TestEveryCommandIsChecked(t *testing.T) {
	files, err := filepath.Glob("*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	checked := []string{"INFO"} // really said
	for _, words := range open(t, "redis://127.0.0.1:1", Options{}).commands() {
		checked = append(checked, fmt.Sprint(words[0]))
	}
	call := regexp.MustCompile(`redis\.p?call\('([A-Z]+)'`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range call.FindAllSubmatch(source, -1) {
			if name := string(match[1]); !slices.Contains(checked, name) {
				t.Errorf("%s says %s, which commands() in rights.go lacks", file, name)
			}
		}
	}
}

func TestSufficientRightsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if line := "ACL SETUSER livechat on >PASSWORD " + SufficientACL; !bytes.Contains(text, []byte(line)) {
		t.Errorf("README.md lacks %q", line)
	}
}

// TestClusterWithoutShardedPubSub: before Redis 7 nobody would hear a room.
func TestClusterWithoutShardedPubSub(t *testing.T) {
	port := freePort(t)
	node := tcpRedis(t, port, "--cluster-enabled", "yes", "--cluster-port", freePort(t), "--rename-command", "SPUBLISH", "")
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the cluster is ready", func() bool { return node.Set(t.Context(), "probe", "x", 0).Err() == nil })
	err := open(t, "redis://127.0.0.1:"+port+",127.0.0.1:"+port, Options{}).CheckRights(t.Context())
	if !errors.Is(err, ErrNoRight) || !strings.Contains(err.Error(), "Redis 7") {
		t.Errorf("a Cluster without SPUBLISH: %v", err)
	}
}
