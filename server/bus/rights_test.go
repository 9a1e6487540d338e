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
	"livechat/server/auth"
)

// restricted runs a Redis with a user that has these rules, beside the default
// one, and returns the URL of that user.
func restricted(t testing.TB, acl string, args ...string) (r *testredis.Server, url string) {
	t.Helper()
	args = append(append([]string{"--user", "livechat", "on", ">secret"}, strings.Fields(acl)...), args...)
	r = testredis.New(t, args...)
	r.Start()
	return r, "unix://livechat:secret@" + strings.TrimPrefix(r.URL, "unix://")
}

// TestSufficientRights: the documented rules suffice for everything a bus does,
// also when Redis restarts.
func TestSufficientRights(t *testing.T) {
	r, url := restricted(t, SufficientACL)
	b, h := start(t, url, Options{PublishTimeout: patient}, room, "hall")
	if err := b.CheckRights(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustSay(t, b, room, "1", "hello")
	mustSay(t, b, "hall", "2", "hello")
	poll.Until(t, "the message is received", func() bool {
		return h.count("payload", room) == 1 && h.count("payload", "hall") == 1
	})
	h.learn(t, b, room)
	r.Kill()
	r.Start()
	mustSay(t, b, room, "3", "after a repair")
	a := b.Archive()
	if batch, err := a.Read(t.Context(), room, "one", 10); err != nil || len(batch.Entries) != 2 ||
		a.Ack(t.Context(), batch) != nil {
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
			err := open(t, url, Options{Commands: auth.Commands("livechat")}).CheckRights(t.Context())
			if !errors.Is(err, ErrNoRight) || !strings.Contains(err.Error(), test.want) ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %v; want one that names %s", err, test.want)
			}
		})
	}
}

func TestDefaultUserHasAllRights(t *testing.T) {
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

// TestNoSeqIsUsedTwiceWithoutINFO: the right is revoked while servers run, and
// Redis restarts from an older snapshot. Nothing is published rather than a
// number used twice, which is logged once. When the right is granted again all
// continues.
func TestNoSeqIsUsedTwiceWithoutINFO(t *testing.T) {
	t.Parallel()
	r, url := restricted(t, SufficientACL, "--appendonly", "no", "--save", "")
	var lines lockedBuffer
	const timeout = 3 * time.Second // of publications that fail
	b, h := start(t, url, Options{PublishTimeout: timeout,
		Logger: slog.New(slog.NewTextHandler(&lines, nil))}, room)
	mustSay(t, b, room, "a", "hello")
	r.CLI("save")
	lost := mustSay(t, b, room, "b", "hello").Position
	poll.Until(t, "all messages are received", func() bool { return h.count("payload", room) == 2 })
	h.learn(t, b, room)
	r.Kill()
	r.Start()
	r.CLI("acl", "setuser", "livechat", "-info")
	fresh, f := start(t, url, Options{PublishTimeout: timeout})
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
		return err == nil && got.Position != lost // which of the two repairs the log, with what it knows, is a race
	})
	if !strings.Contains(lines.String(), "has all rights again") {
		t.Error("the log does not say that it is over")
	}
}

// lockedBuffer is written by a logger and read by a test.
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

// TestCheckRightsCoversEveryCommand: the commands in scripts are checked at the
// start.
func TestCheckRightsCoversEveryCommand(t *testing.T) {
	var files []string
	for _, folder := range []string{"lua", "../auth/lua"} {
		some, err := filepath.Glob(folder + "/*.lua")
		if err != nil || len(some) == 0 {
			t.Fatal(folder, some, err)
		}
		files = append(files, some...)
	}
	checked := []string{"INFO"} // it is really sent
	for _, words := range open(t, "redis://127.0.0.1:1",
		Options{Commands: auth.Commands("livechat")}).commands() {
		checked = append(checked, fmt.Sprint(words[0]))
	}
	call := regexp.MustCompile(`redis\.p?call\('([A-Z]+)'`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range call.FindAllSubmatch(source, -1) {
			name := string(match[1])
			if name == "SCRIPT" || strings.HasPrefix(name, "FLUSH") {
				t.Errorf("%s calls %s, which touches what is not ours", file, name)
			}
			if !slices.Contains(checked, name) {
				t.Errorf("%s calls %s, which commands() in rights.go lacks", file, name)
			}
		}
	}
}

func TestSufficientRightsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if line := "ACL SETUSER livechat on >PASSWORD " + SufficientACL; !bytes.Contains(text, []byte(line)) {
		t.Errorf("docs/configuration.md lacks %q", line)
	}
}

// TestClusterWithoutShardedPubSubIsRefused: before Redis 7 no room would
// receive anything.
func TestClusterWithoutShardedPubSubIsRefused(t *testing.T) {
	t.Parallel()
	url := testredis.NewOneNodeCluster(t, "--rename-command", "SPUBLISH", "")
	err := open(t, url, Options{}).CheckRights(t.Context())
	if !errors.Is(err, ErrNoRight) || !strings.Contains(err.Error(), "Redis 7") {
		t.Errorf("a Cluster without SPUBLISH: %v", err)
	}
}
