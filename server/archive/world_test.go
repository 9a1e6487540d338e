package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ Source = (*bus.Archive)(nil)

// memoryStore is a Store in memory, with the unique key of the real one. A test
// may hook into it before it takes a batch.
type memoryStore struct {
	before func(ctx context.Context, list []store.RoomMessage) error // set at construction

	mu   sync.Mutex
	rows map[place]store.RoomMessage // guarded by mu
	ends [][]store.EpochEnd          // guarded by mu: as they were recorded

	who map[reacted][]chat.Reaction // guarded by mu: as they were recorded last
}

func (s *memoryStore) AddRoomMessages(ctx context.Context, list []store.RoomMessage) (
	added int64, err error) {
	if s.before != nil {
		if err := s.before(ctx, list); err != nil {
			return 0, err
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = make(map[place]store.RoomMessage)
	}
	for _, m := range list {
		at := place{m.Room, m.Epoch, m.Seq}
		if _, ok := s.rows[at]; !ok {
			s.rows[at] = m
			added++
		}
	}
	return added, nil
}

func (s *memoryStore) EndEpochs(ctx context.Context, ends []store.EpochEnd) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, ends)
	return ctx.Err()
}

func (s *memoryStore) AddReactions(ctx context.Context, room, target string, who []chat.Reaction) error {
	if s.before != nil {
		if err := s.before(ctx, nil); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.who == nil {
		s.who = make(map[reacted][]chat.Reaction)
	}
	s.who[reacted{room, target}] = who
	return ctx.Err()
}

func (s *memoryStore) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

func (s *memoryStore) has(room, epoch string, seq int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.rows[place{room, epoch, seq}]
	return ok
}

// world is a Redis with rooms' logs. They are written as the publish script
// would, without servers.
type world struct {
	raw    *redis.Client
	source *bus.Archive
	log    *journal
}

// journal is a log that a test can read.
type journal struct {
	t  testing.TB
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.t.Logf("%s", p[:len(p)-1])
	return j.b.Write(p)
}

func (j *journal) count(what string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.b.String(), what)
}

const (
	room  = "den"
	first = "00000000000000aa"
	next  = "00000000000000bb"
	words = "a secret text"
)

func realWorld(t testing.TB) *world {
	t.Helper()
	s := testredis.New(t, "--appendfsync", "no")
	s.Start()
	return newWorld(t, s.URL, &redis.Options{Network: "unix", Addr: strings.TrimPrefix(s.URL, "unix://")})
}

// realStore is an empty store on disk.
func realStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "livechat.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func miniWorld(t testing.TB) *world {
	t.Helper()
	m := testredis.Mini(t)
	return newWorld(t, "redis://"+m.Addr(), &redis.Options{Addr: m.Addr()})
}

func newWorld(t testing.TB, url string, o *redis.Options) *world {
	t.Helper()
	b, err := bus.Open(bus.Options{URL: url, Channel: "livechat", HistoryLength: 100})
	if err != nil {
		t.Fatal(err)
	}
	o.Protocol = 2
	w := &world{raw: redis.NewClient(o), source: b.Archive(), log: &journal{t: t}}
	t.Cleanup(func() {
		if err := errors.Join(w.raw.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func key(room, part string) string { return "{livechat:room:" + room + "}:" + part }

// say writes messages from..to into a room's log, in an epoch.
func (w *world) say(t testing.TB, room, epoch string, from, to int) {
	t.Helper()
	pipe := w.raw.Pipeline()
	pipe.HSet(t.Context(), key(room, "head"), "epoch", epoch)
	w.sayIn(t, pipe, room, epoch, from, to)
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// sayIn writes them with a pipeline, and does not move the head.
func (w *world) sayIn(t testing.TB, pipe redis.Pipeliner, room, epoch string, from, to int) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		payload := fmt.Sprintf(
			`{"type":"message","seq":%d,"id":"%s","app":"1000","session":"s","name":"ann",`+
				`"text":"%s %d","at":%d,"epoch":"%s"}`,
			seq,
			uuid.NewString(),
			words,
			seq,
			time.Now().UnixMilli(),
			epoch,
		)
		pipe.XAdd(t.Context(), &redis.XAddArgs{
			Stream: key(room, "log"), ID: fmt.Sprint(seq, "-0"), Values: []string{"m", payload}})
	}
}

// archiver creates an archiver with short pauses.
func (w *world) archiver(t testing.TB, o Options) *Archiver {
	t.Helper()
	if o.Source == nil {
		o.Source = w.source
	}
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	if o.LagEvery == 0 {
		o.LagEvery = 5 * time.Millisecond
	}
	if o.Grace == 0 {
		o.Grace = -1
	}
	o.MinPause, o.MaxPause, o.NewsEvery, o.ScanEvery = time.Millisecond, 5*time.Millisecond,
		5*time.Millisecond, 5*time.Millisecond
	o.Logger = slog.New(slog.NewTextHandler(w.log, nil))
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run starts an archiver; the returned function stops it and waits.
func run(t testing.TB, a *Archiver) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// caughtUp returns when a measurement that begins now finds no lag: all
// messages so far are stored and acknowledged.
func caughtUp(t testing.TB, a *Archiver) {
	t.Helper()
	now := time.Now()
	poll.Until(t, "nothing is behind", func() bool {
		lag := a.Lag()
		return lag.At.After(now) && lag.Entries == 0
	})
}
