// Package archive copies messages from the rooms' logs in Redis, which are
// short, into the store, which keeps them.
//
// # At least once, stored once
//
// A log delivers each entry to one archiver, and to another if that one does
// not acknowledge it. An archiver acknowledges only what the store has taken.
// So whatever fails in between, each entry reaches the store at least once, as
// long as it is in the log; and the store keeps a message once, by its place
// (room, epoch, seq). Any number of archivers may work on the same logs: one in
// each API process.
//
// # While the store is unavailable
//
// An archiver that cannot store keeps the entries that it was delivered and
// retries. The rest waits in Redis, where rooms continue. The archive loses
// messages only when a log fills up before the store is back: Lag reports how
// close that is, and it is logged.
package archive

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/chat"
	"livechat/server/outage"
	"livechat/server/store"
)

// Store is where the messages are archived.
type Store interface {
	// AddRoomMessages stores messages and returns how many were new. A message
	// that is stored already is no error.
	AddRoomMessages(ctx context.Context, list []store.RoomMessage) (added int64, err error)
	// EndEpochs records where epochs ended. Their messages past the end are not
	// part of the log.
	EndEpochs(ctx context.Context, ends []store.EpochEnd) error
	// AddReactions records who reacted to a message. What it knows already and
	// newer stays.
	AddReactions(ctx context.Context, room, target string, list []chat.Reaction) error
}

// Source is the rooms' logs in Redis: bus.Archive, which documents it.
type Source interface {
	Rooms(ctx context.Context) ([]string, error)
	Behind(ctx context.Context, rooms []string) ([]string, error)
	News(ctx context.Context, mark int64) (rooms []string, next int64, err error)
	Read(ctx context.Context, room, consumer string, limit int) (Batch, error)
	Claim(ctx context.Context, room, consumer string, idle time.Duration, limit int) (Batch, error)
	Hold(ctx context.Context, batch Batch, consumer string) error
	Ack(ctx context.Context, batch Batch) error
	Lag(ctx context.Context, room string) (behind, length int64, err error)
	Reactions(ctx context.Context, room, id string) ([]chat.Reaction, error)
}

// Batch is entries of one room's log, as they were handed out together. It is
// the bus' type as well: a nameless struct is one type wherever it is written
// down.
type Batch = struct {
	Room    string
	Group   string  // the consumer group that delivered them, for Ack
	Entries []Entry // oldest first
	// messages that left the log before they were archived, as far as known
	Lost   int64
	Epochs chat.EpochHistory // where the log's earlier epochs ended; nil if the batch is empty
	// entries, including these, that were delivered to a consumer and are not
	// acknowledged
	Pending int64
}

// Entry is one entry of a log.
type Entry = struct {
	ID      string // `<seq>-0` of a message
	Payload []byte // empty if the entry has none
}

// Options configure an Archiver. A zero field means its default.
type Options struct {
	Source Source
	Store  Store

	// MaxAge is the age up to which messages are stored; 0 means any. Messages
	// that the store deleted for their age may still be in a log, and are
	// delivered again when the log has lost its consumer groups. Messages
	// deleted for another reason are then archived again, until the store
	// deletes them again.
	MaxAge time.Duration

	Consumer string // name of this archiver, unique even across restarts; default random
	Batch    int    // messages stored at once, at most; default 500

	// Minimum time between two reads of a room with new messages, which lets a
	// batch gather. A room whose entries were delivered to others is read less
	// and less often, down to once per MaxPause. Defaults 100ms and 2s.
	MinPause, MaxPause time.Duration
	// interval at which rooms with new messages are asked for; default 500ms
	NewsEvery time.Duration
	// interval between scans for all rooms, because news may be lost; default
	// 10m
	ScanEvery time.Duration

	// Idle is how long an archiver may take to acknowledge entries before they
	// go to another; default 30s.
	Idle time.Duration
	// StoreTimeout limits one attempt to store a batch; default 10s.
	StoreTimeout time.Duration
	// Grace is how long Run continues after its context has ended, to store
	// what is still in the logs; default 3s, negative: not at all. With an
	// embedded Redis nobody else can do that later.
	Grace time.Duration
	// LagEvery is the interval between measurements of Lag; default 5s.
	LagEvery time.Duration

	Logger *slog.Logger // default: none
}

func (o Options) withDefaults() (Options, error) {
	if o.Source == nil || o.Store == nil {
		return o, errors.New("the archive needs a source and a store")
	}
	o.Consumer = cmp.Or(o.Consumer, rand.Text())
	o.Batch = cmp.Or(o.Batch, 500)
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.MinPause, 100 * time.Millisecond}, {&o.MaxPause, 2 * time.Second},
		{&o.NewsEvery, 500 * time.Millisecond}, {&o.ScanEvery, 10 * time.Minute},
		{&o.Idle, 30 * time.Second}, {&o.StoreTimeout, 10 * time.Second}, {&o.Grace, 3 * time.Second},
		{&o.LagEvery, 5 * time.Second},
	} {
		*f.field = cmp.Or(*f.field, f.value)
		if *f.field < 0 && f.field != &o.Grace {
			return o, errors.New("the archive's times must be positive")
		}
	}
	if o.Batch < 0 {
		return o, errors.New("the archive's batch must be positive")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Archiver copies the logs of all rooms. Its methods may be called from any
// goroutine.
type Archiver struct {
	opts Options // set at construction

	// Owned by Run.
	looks  looks
	load   load
	source outage.Log
	store  outage.Log
	good   store.RoomMessage // a message that the store has taken; zero: none yet
	// messages that the store did not take even alone, with the number of
	// attempts
	aside map[place]int
	// rooms with earlier epochs: what the store was told of them last
	epochs map[string]chat.EpochHistory

	running  atomic.Bool
	wake     chan struct{} // holds a token while there may be rooms due for a read; never closed
	newsLost atomic.Bool   // news may have been lost: scan for all rooms
	counts   counters
	lag      atomic.Pointer[Lag]

	newsMu sync.Mutex // held while the news are read
	mark   int64      // guarded by newsMu: the news up to here were read

	mu    sync.Mutex
	rooms map[string]visit // guarded by mu: rooms that are not fully archived, as far as known
}

// visit is when a room is read next.
type visit struct {
	due   time.Time
	pause time.Duration // the pause that led to due
	news  uint64        // how often there were news
}

// looks is when to scan and to claim next.
type looks struct {
	scan, claim time.Time
	scanned     time.Time // when all rooms were scanned last
}

// load is what was read from the logs and is not stored yet.
type load struct {
	batches  []Batch
	messages []store.RoomMessage
	skipped  map[place]struct{}           // messages that the store can never take
	epochs   map[string]chat.EpochHistory // rooms whose earlier epochs the store does not know yet
}

// counters are what Counts returns.
type counters struct{ stored, duplicates, skipped, expired, lost, failures atomic.Int64 }

// Counts is what an archiver has done since New.
type Counts struct {
	Stored     int64 // messages that were new to the store
	Duplicates int64 // messages that the store had, from another archiver or this one
	Skipped    int64 // entries that are not messages, or that the store can never take
	Expired    int64 // messages that were too old
	Lost       int64 // messages that left a log before they were archived, as far as known
	Failures   int64 // failed attempts to store
}

// New checks the options. It contacts neither Redis nor the store.
func New(o Options) (*Archiver, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Archiver{
		opts: o, wake: make(chan struct{}, 1), rooms: make(map[string]visit),
		epochs: make(map[string]chat.EpochHistory), aside: make(map[place]int),
		source: waiting(o.Logger, "the rooms' logs"),
		store:  waiting(o.Logger, "the store"),
	}, nil
}

// Run copies until ctx ends, then stores what is still in the logs, for up to
// Options.Grace. When it returns, all its goroutines have ended. It can run
// once. Redis and the store may be unavailable: Run waits for them.
func (a *Archiver) Run(ctx context.Context) error {
	if a.running.Swap(true) {
		return errors.New("the archiver has already run")
	}
	var others sync.WaitGroup
	others.Go(func() { a.watch(ctx) })
	others.Go(func() { a.followNews(ctx) })
	a.copy(ctx)
	others.Wait()
	if a.opts.Grace > 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.opts.Grace)
		defer cancel()
		a.drain(ctx)
	}
	return nil
}

// Counts returns what this archiver has done so far.
func (a *Archiver) Counts() Counts {
	c := &a.counts
	return Counts{c.stored.Load(), c.duplicates.Load(), c.skipped.Load(), c.expired.Load(), c.lost.Load(),
		c.failures.Load()}
}
