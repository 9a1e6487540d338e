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
	"livechat/load/network"
	"livechat/load/plan"
	"livechat/load/rest"
)

const (
	// besideTime bounds an act over HTTP, with all attempts.
	besideTime = 30 * time.Second
	// maxBeside is how many of them there are at once. More would only wait.
	maxBeside = 1000
	// httpConns is how many connections they share, to each address.
	httpConns = 64

	disorder = "out of order" // the reason of a failed page of the history
)

// besides is what people do besides sending messages in rooms.
type besides struct {
	transports []*http.Transport
	sites      []*rest.Site // by address of the settings
	slow       []*rest.Site // the same over the slow network, if there is one
	people     []*person
	parted     sync.Once
	doing      sync.WaitGroup // acts over HTTP
	inFlight   atomic.Int64
}

// newBesides returns what people do. slow may be nil.
func newBesides(s *plan.Settings, slow *slowNetwork) *besides {
	b := &besides{}
	b.sites = b.open(s, nil)
	if slow != nil {
		b.slow = b.open(s, slow.Dialer(nil))
	}
	return b
}

// open returns the APIs at all addresses over connections that dial opens; nil:
// those of this machine.
func (b *besides) open(s *plan.Settings, dial network.Dial) (sites []*rest.Site) {
	transport := newTransport(s, dial)
	b.transports = append(b.transports, transport)
	for _, address := range s.URLs {
		if site, err := rest.New(address, transport); err == nil { // Check has parsed it
			sites = append(sites, site)
		}
	}
	return sites
}

// newTransport returns one for HTTP over connections that dial opens; nil: those
// of this machine.
func newTransport(s *plan.Settings, dial network.Dial) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost, t.MaxConnsPerHost = httpConns, httpConns
	t.TLSClientConfig = s.TLS()
	if dial != nil {
		t.DialContext = dial
	}
	return t
}

func (b *besides) close() {
	for _, t := range b.transports {
		t.CloseIdleConnections()
	}
}

// site returns the API at the address of a client, over its network.
func (m *member) site() *rest.Site {
	sites := m.run.besides.sites
	if m.network != nil {
		sites = m.run.besides.slow
	}
	return sites[m.index%len(sites)]
}

// probeAPI returns an error if the mix needs an API that an address lacks.
func probeAPI(ctx context.Context, s *plan.Settings) error {
	if !s.Mix.NeedsAPI() {
		return nil
	}
	b := newBesides(s, nil)
	defer b.close()
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
		if what == plan.Search || what == plan.Private {
			who = nil // somebody with an account
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
			r.actAnswered(what, who, after)
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
	first, err := who.site().Page(ctx, who.room.name, who.scrolled.Load())
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
