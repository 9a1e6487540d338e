// Package archive copies what is said in rooms from their logs in Redis, which are short, into the store, which is not.
//
// # At least once, and stored once
//
// A log hands each entry to one archiver, and to another if that one does not acknowledge it. An archiver acknowledges what the store has
// taken, never before. So whatever dies in between, each entry reaches the store at least once, as long as it is in the log; and
// the store keeps a message once, by its place (room, epoch, seq). Any number of archivers may work at the same logs: one in each API process.
//
// # While the store is away
//
// An archiver that cannot store keeps what it was handed and tries again; the rest waits in Redis, where rooms go on meanwhile. Only a log
// that is written full before the store is back loses messages to the archive: Lag says how near that is, and it is logged.
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
	"livechat/server/store"
)

// Store is where the messages go.
type Store interface {
	// AddRoomMessages stores messages and says how many it did not have yet. One that it has is no error.
	AddRoomMessages(ctx context.Context, list []store.RoomMessage) (added int64, err error)
	// EndEpochs takes note of where epochs have ended, behind which they have messages that are not in their logs.
	EndEpochs(ctx context.Context, ends []store.EpochEnd) error
}

// Source is the logs of rooms in Redis: bus.Archive, which describes it.
type Source interface {
	Rooms(ctx context.Context) ([]string, error)
	Behind(ctx context.Context, rooms []string) ([]string, error)
	News(ctx context.Context, mark int64) (rooms []string, next int64, err error)
	Read(ctx context.Context, room, consumer string, limit int) (Batch, error)
	Claim(ctx context.Context, room, consumer string, idle time.Duration, limit int) (Batch, error)
	Hold(ctx context.Context, batch Batch, consumer string) error
	Ack(ctx context.Context, batch Batch) error
	Lag(ctx context.Context, room string) (behind, length int64, err error)
}

// Batch is entries of one room's log, as they were handed out together. It is the bus' type as well: a nameless struct is one type wherever it
// is written down.
type Batch = struct {
	Room    string
	Group   string       // that they were handed out by, for Ack
	Entries []Entry      // oldest first
	Lost    int64        // so many messages left the log before they were archived, as far as is known
	Past    chat.Lineage // where the log's earlier epochs ended; nil if the batch is empty
	Pending int64        // so many entries, these included, were handed to somebody and are not acknowledged
}

// Entry is one entry of a log.
type Entry = struct {
	ID      string // `<seq>-0` of a message
	Payload []byte // empty if there is none
}

// Options say from where to where, and how often to look. A zero field means its default.
type Options struct {
	Source Source
	Store  Store

	// MaxAge is how old a message may be to be stored; 0: any. What the store has deleted for its age may still be in a log, and is handed out again
	// whenever the log has forgotten who was handed what. What was deleted for another reason then comes again, until the store deletes it again.
	MaxAge time.Duration

	Consumer string // name of this archiver, unlike any other's, also of those before a restart; default random
	Batch    int    // messages stored at once, at most; default 500

	// How long after a message a room is looked at again, at least: it lets a batch gather. A room that others were handed
	// entries of is looked at less and less often, down to once in MaxPause. Defaults 100ms and 2s.
	MinPause, MaxPause time.Duration
	NewsEvery          time.Duration // between two looks in which rooms something was said; default 500ms
	ScanEvery          time.Duration // between two looks for all rooms, since news may be lost; default 10m

	// Idle is how long an archiver may take to acknowledge before what it was handed goes to another; default 30s.
	Idle time.Duration
	// StoreTimeout is how long one attempt to store a batch may take; default 10s.
	StoreTimeout time.Duration
	// Grace is how long Run goes on after its context has ended, to store what is still in the logs; default 3s, negative: not at all. Where
	// Redis is a part of this process nobody else can do that later.
	Grace time.Duration
	// LagEvery is the time between two measurements of Lag; default 5s.
	LagEvery time.Duration

	Log *slog.Logger // default: none
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
		{&o.MinPause, 100 * time.Millisecond}, {&o.MaxPause, 2 * time.Second}, {&o.NewsEvery, 500 * time.Millisecond}, {&o.ScanEvery, 10 * time.Minute},
		{&o.Idle, 30 * time.Second}, {&o.StoreTimeout, 10 * time.Second}, {&o.Grace, 3 * time.Second}, {&o.LagEvery, 5 * time.Second},
	} {
		*f.field = cmp.Or(*f.field, f.value)
		if *f.field < 0 && f.field != &o.Grace {
			return o, errors.New("the archive's times must be positive")
		}
	}
	if o.Batch < 0 {
		return o, errors.New("the archive's batch must be positive")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Archiver copies the logs of all rooms. Its methods may be called from any goroutine.
type Archiver struct {
	opts Options // set at construction

	// Owned by Run.
	looks  looks
	load   load
	source outage
	store  outage
	good   store.RoomMessage       // the store has taken it; zero: none yet
	aside  map[place]int           // of messages that the store has not taken, alone: how often it was tried
	past   map[string]chat.Lineage // of rooms that have one: what the store was told of it last

	running atomic.Bool
	wake    chan struct{} // holds a token while there may be rooms to look at that nobody waits for; never closed
	deaf    atomic.Bool   // news may have been lost: all rooms are to be looked for
	counts  counters
	lag     atomic.Pointer[Lag]

	hearing sync.Mutex // held by whoever asks for news
	mark    int64      // guarded by hearing: the news up to here have been heard

	mu    sync.Mutex
	rooms map[string]turn // guarded by mu: those of which not all is archived, as far as is known
}

// turn is when a room is looked at again.
type turn struct {
	due   time.Time
	pause time.Duration // that led to due
	news  uint64        // how often there were any
}

// looks is when to look for what does not come by itself.
type looks struct {
	scan, claim time.Time
	scanned     time.Time // when it was looked for all rooms last
}

// load is what was taken out of the logs and is not stored yet.
type load struct {
	batches  []Batch
	messages []store.RoomMessage
	skipped  map[place]struct{}      // of messages, those that the store can never take
	past     map[string]chat.Lineage // of rooms in which the store was told of another one, or of none
}

// counters are what Counts returns.
type counters struct{ stored, again, skipped, expired, lost, failures atomic.Int64 }

// Counts is what an archiver has done since it was made.
type Counts struct {
	Stored   int64 // messages that the store did not have
	Again    int64 // messages that it had: another archiver, or this one, had stored them
	Skipped  int64 // entries that are no messages, or that the store can never take
	Expired  int64 // messages that were too old
	Lost     int64 // messages that had left a log before they were archived, as far as is known
	Failures int64 // attempts to store that failed
}

// New checks the options. It asks neither Redis nor the store anything.
func New(o Options) (*Archiver, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Archiver{
		opts: o, wake: make(chan struct{}, 1), rooms: make(map[string]turn), past: make(map[string]chat.Lineage), aside: make(map[place]int),
		source: outage{log: o.Log, what: "the rooms' logs"}, store: outage{log: o.Log, what: "the store"},
	}, nil
}

// Run copies until ctx is done, then stores what is still in the logs for as long as Options.Grace allows. When it returns all
// that it started has ended. It can run once. Neither Redis nor the store need be there: it waits for them.
func (a *Archiver) Run(ctx context.Context) error {
	if a.running.Swap(true) {
		return errors.New("the archiver has already run")
	}
	var others sync.WaitGroup
	others.Go(func() { a.watch(ctx) })
	others.Go(func() { a.listen(ctx) })
	a.copy(ctx)
	others.Wait()
	if a.opts.Grace > 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.opts.Grace)
		defer cancel()
		a.empty(ctx)
	}
	return nil
}

// Counts returns what this archiver has done so far.
func (a *Archiver) Counts() Counts {
	c := &a.counts
	return Counts{c.stored.Load(), c.again.Load(), c.skipped.Load(), c.expired.Load(), c.lost.Load(), c.failures.Load()}
}
