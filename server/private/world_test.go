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

// world is the database and the Redis of several processes, in memory.
type world struct {
	mu         sync.Mutex
	seq        int64               // guarded by mu, like everything below
	box        []store.Event       // the outbox
	sent       map[int64]time.Time // when events were first published, by Seq
	resent     map[int64]bool      // which of those are to be published again
	epochs     map[int64]string    // in which they were published
	losses     map[string]int      // how often each log has lost events
	posted     map[int64][]string  // ids of each user's events in outbox order
	feeds      map[string][]string // ids in each log
	ids        map[string]bool     // in a log
	holder     *process            // of the lease
	ends       time.Time           // when the lease ends
	violations []string            // broken invariants
}

func newWorld() *world {
	return &world{posted: make(map[int64][]string), feeds: make(map[string][]string),
		ids: make(map[string]bool), sent: make(map[int64]time.Time), resent: make(map[int64]bool),
		losses: make(map[string]int), epochs: make(map[int64]string)}
}

// process is one server: a relay and its own view of the world, which may have
// faults.
type process struct {
	*world
	*Relay
	stop func() // stops Run and waits for it

	// Guarded by world.mu.
	dead                              bool
	reads, publications, marks, locks int
	// Called before each call; user is 0 if the call concerns no particular
	// user.
	fault func(what string, user int64) fault
}

// fault is what goes wrong with a call.
type fault int

const (
	none   fault = iota
	before       // fails without an effect
	after        // fails after the effect
	slow         // takes some time
	death        // has its effect, and the process dies
)

// start starts a process in a synctest bubble.
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

// kill ends a process abruptly.
func (p *process) kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.stop()
}

// disturb sets the faults from now on.
func (p *process) disturb(f func(what string, user int64) fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// call runs do as this process, with its faults.
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

// post commits an event for each of the users and wakes no relay.
func (w *world) post(users ...int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, user := range users {
		w.seq++
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", w.seq)
		w.box = append(w.box, store.Event{Seq: w.seq, ID: id, User: user, Kind: "message", Text: "secret " +
			id, At: time.Now()})
		w.posted[user] = append(w.posted[user], id)
	}
}

// check returns an error if the world is not as it must be when idle.
func (w *world) check() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.violations) > 0 {
		return errors.New(w.violations[0])
	}
	if waiting := w.waiting(); len(waiting) > 0 {
		return fmt.Errorf("%d events wait in the outbox", len(waiting))
	}
	for user, said := range w.posted {
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

// counts returns how often a process has read the outbox, published, and
// removed events.
func (p *process) counts() (reads, publications, marks int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads, p.publications, p.marks
}

// pass lets time pass until every process has done what is due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
