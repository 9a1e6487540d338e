package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"livechat/client"
	"livechat/load/plan"
	"livechat/load/rest"
)

const (
	// besideTime bounds an act over HTTP, with all attempts.
	besideTime = 30 * time.Second
	// maxBeside is how many of them there are at once. More would only wait.
	maxBeside = 1000
	// besideConns is how many connections they share, to each address.
	besideConns = 64

	disorder = "out of order" // the reason of a failed page of the history
)

// besides is what people do besides sending messages in rooms.
type besides struct {
	transport *http.Transport
	sites     []*rest.Site // by address of the settings
	people    []*person
	parted    sync.Once
	doing     sync.WaitGroup // acts over HTTP
	inFlight  atomic.Int64
}

func newBesides(s *plan.Settings) *besides {
	b := &besides{transport: http.DefaultTransport.(*http.Transport).Clone()}
	b.transport.MaxIdleConnsPerHost, b.transport.MaxConnsPerHost = besideConns, besideConns
	b.transport.TLSClientConfig = s.TLS()
	for _, address := range s.URLs {
		if site, err := rest.New(address, b.transport); err == nil { // Check has parsed it
			b.sites = append(b.sites, site)
		}
	}
	return b
}

// site returns the API at the address of a client.
func (b *besides) site(client int) *rest.Site { return b.sites[client%len(b.sites)] }

// probeAPI returns an error if the mix needs an API that an address lacks.
func probeAPI(ctx context.Context, s *plan.Settings) error {
	if !s.Mix.NeedsAPI() {
		return nil
	}
	b := newBesides(s)
	defer b.transport.CloseIdleConnections()
	for _, site := range b.sites {
		if err := site.Probe(ctx, s.RoomNamed(0)); err != nil {
			return err
		}
	}
	return nil
}

// beside does what comes to a message that is due so long after the first one.
// It does not wait: what takes time goes on until ctx ends at most.
func (r *run) beside(ctx context.Context, m *member, random *rand.Rand, after time.Duration) {
	for _, what := range r.settings.Mix.Besides(random) {
		who := r.members[random.IntN(len(r.members))]
		if who.away.Load() {
			who = m
		}
		r.acts.tried(what)
		if what == plan.Type {
			r.typing(who)
			continue
		}
		seed := random.Uint64()
		if r.besides.inFlight.Add(1) > maxBeside {
			r.besides.inFlight.Add(-1)
			r.acts.failed(what, "too many at once")
			continue
		}
		r.besides.doing.Go(func() {
			defer r.besides.inFlight.Add(-1)
			ctx, cancel := context.WithTimeout(ctx, besideTime)
			defer cancel()
			if err := r.act(ctx, what, who, rand.New(rand.NewPCG(seed, 0)), after); err != nil {
				r.acts.failed(what, reasonOf(err))
				return
			}
			r.actAnswered(what, after)
		})
	}
}

// reasonOf returns why an act failed, in a few words.
func reasonOf(err error) string {
	if errors.Is(err, rest.ErrDisorder) {
		return disorder
	}
	reason, _ := whyNot(err)
	return reason
}

// act does one thing over HTTP.
func (r *run) act(ctx context.Context, what plan.Act, who *member, random *rand.Rand,
	after time.Duration,
) error {
	switch what {
	case plan.Scroll:
		return r.scroll(ctx, who)
	case plan.Search:
		return r.besides.people[random.IntN(len(r.besides.people))].Search(ctx, someWord(random))
	default:
		return r.writePrivately(ctx, random, after)
	}
}

func (r *run) typing(who *member) {
	l := who.current.Load()
	if l == nil || l.conn == nil {
		r.acts.failed(plan.Type, "no connection")
		return
	}
	if err := l.conn.Typing(); err != nil {
		r.acts.failed(plan.Type, "no connection")
	}
}

// scroll reads the page of the history before the one that the client has read
// last, and the newest one again after the oldest.
func (r *run) scroll(ctx context.Context, who *member) error {
	first, err := r.besides.site(who.index).Page(ctx, who.room.name, who.scrolled.Load())
	if err != nil {
		return err
	}
	who.scrolled.Store(first)
	return nil
}

// someWord returns a word to search for, which messages have.
func someWord(random *rand.Rand) string {
	all := strings.FieldsFunc(filler(100), func(r rune) bool { return r == ' ' || r == ',' })
	return all[random.IntN(len(all))]
}

// settled reports whether all acts over HTTP have ended, and all private
// messages have arrived.
func (b *besides) settled() bool {
	if b.inFlight.Load() > 0 {
		return false
	}
	for _, p := range b.people {
		if p.missing() > 0 {
			return false
		}
	}
	return true
}

// repeat does something over HTTP until it succeeds or is refused for good.
func repeat(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		refusal, ok := errors.AsType[*client.RefusedError](err)
		if ctx.Err() != nil || ok && (refusal.Final() || refusal.Status == http.StatusTooManyRequests) {
			return err
		}
		pause := time.NewTimer(rand.N(2 * uploadPause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}
