package private

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

// world is the database and Redis of several processes, in memory.
type world struct {
	mu     sync.Mutex
	seq    int64               // guarded by mu, as is all that follows
	box    []store.Event       // the outbox
	said   map[int64][]string  // the ids of each user's events, as they were put into the outbox
	feeds  map[string][]string // the ids in each log
	digest map[string]string   // of each id in a log
	holder *process            // of the lease
	ends   time.Time           // the lease's end
	wrong  []string            // what must not happen
}

func newWorld() *world {
	return &world{said: make(map[int64][]string), feeds: make(map[string][]string), digest: make(map[string]string)}
}

// process is one server: its own view of the world, which may be disturbed, and a relay.
type process struct {
	*world
	*Relay
	stop func() // ends Run and waits

	// Guarded by world.mu.
	dead                              bool
	reads, publications, marks, locks int
	fault                             func(what string, user int64) fault // asked before each call; user 0: of nobody in particular
}

// fault is what goes wrong with a call.
type fault int

const (
	none   fault = iota
	before       // it fails and has done nothing
	after        // it fails and has been done
	slow         // it takes a while
	death        // it is done, and the process dies
)

// start starts a process, in a bubble of synctest.
func (w *world) start(change ...func(*RelayOptions)) *process {
	p := &process{world: w}
	opts := RelayOptions{Store: p, Publisher: p, App: "1000"}
	for _, c := range change {
		c(&opts)
	}
	p.Relay = NewRelay(opts)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = p.Run(ctx) })
	p.stop = func() {
		cancel()
		running.Wait()
	}
	return p
}

// kill ends a process without a farewell.
func (p *process) kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.stop()
}

// disturb sets what goes wrong from now on.
func (p *process) disturb(f func(what string, user int64) fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// call does something as this process does it: with its faults.
func (p *process) call(ctx context.Context, what string, user int64, do func() error) error {
	p.mu.Lock()
	f := none
	if p.fault != nil {
		f = p.fault(what, user)
	}
	p.mu.Unlock()
	if f == slow {
		sleep(ctx, 300*time.Millisecond)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead || f == before {
		return errDown
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := do()
	if f == death {
		p.dead = true
	}
	if p.dead || f == after {
		return errDown
	}
	return err
}

func (p *process) Outbox(ctx context.Context, limit int) (events []store.Event, err error) {
	err = p.call(ctx, "read", 0, func() error {
		p.reads++
		events = slices.Clone(p.box[:min(limit, len(p.box))])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

func (p *process) Published(ctx context.Context, seqs []int64) error {
	return p.call(ctx, "forget", 0, func() error {
		p.marks++
		p.box = slices.DeleteFunc(p.box, func(e store.Event) bool {
			forget := slices.Contains(seqs, e.Seq)
			if forget && p.digest[e.ID] == "" {
				p.wrong = append(p.wrong, fmt.Sprintf("event %d is forgotten and was not published", e.Seq))
			}
			return forget
		})
		return nil
	})
}

func (p *process) TryLock(ctx context.Context, _ string, ttl time.Duration) (ok bool, err error) {
	err = p.call(ctx, "lock", 0, func() error {
		p.locks++
		if now := time.Now(); p.holder == p || p.holder == nil || now.After(p.ends) {
			p.holder, p.ends, ok = p, now.Add(ttl), true
		}
		return nil
	})
	return ok && err == nil, err
}

func (p *process) Unlock(ctx context.Context, _ string) error {
	return p.call(ctx, "unlock", 0, func() error {
		if p.holder == p {
			p.holder = nil
		}
		return nil
	})
}

// Publish is the script in Redis: an id is in a log only once.
func (p *process) Publish(ctx context.Context, room, id string, _ []byte, digest string) error {
	var user int64
	if _, err := fmt.Sscanf(room, "user:%d", &user); err != nil {
		return err
	}
	return p.call(ctx, "publish", user, func() error {
		p.publications++
		switch known := p.digest[id]; known {
		case "":
			if next := len(p.feeds[room]); next >= len(p.said[user]) || p.said[user][next] != id {
				p.wrong = append(p.wrong, fmt.Sprintf("%s is published as number %d of %s", id, next+1, room))
			}
			p.digest[id] = digest
			p.feeds[room] = append(p.feeds[room], id)
		case digest:
		default:
			return chat.Errorf(chat.CodeIDConflict, "another one")
		}
		return nil
	})
}

// post commits an event for each of the users, and wakes no relay.
func (w *world) post(users ...int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, user := range users {
		w.seq++
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", w.seq)
		w.box = append(w.box, store.Event{Seq: w.seq, ID: id, User: user, Kind: "message", Text: "secret " + id, At: time.Now()})
		w.said[user] = append(w.said[user], id)
	}
}

// check says what is not as it has to be once all is quiet.
func (w *world) check() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) > 0 {
		return errors.New(w.wrong[0])
	}
	if len(w.box) > 0 {
		return fmt.Errorf("%d events wait in the outbox", len(w.box))
	}
	for user, said := range w.said {
		if got := w.feeds[chat.FeedRoom(user)]; !slices.Equal(got, said) {
			return fmt.Errorf("the feed of %d has %v, want %v", user, got, said)
		}
	}
	return nil
}

func (w *world) mustBeDone(t *testing.T) {
	t.Helper()
	if err := w.check(); err != nil {
		t.Error(err)
	}
}

// counts returns how often a process has read the outbox, published, and had events forgotten.
func (p *process) counts() (reads, publications, marks int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads, p.publications, p.marks
}

// pass lets time go by, and everybody do what is to be done then.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
