package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/redis/go-redis/v9"
)

// Between two attempts to subscribe. The first after a link that stood comes soon; then it is for Redis' sake, with jitter, since every
// server has lost it at the same moment.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
	jitter     = 0.5 // of the pause, up and down
)

func newPause(most time.Duration) *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: firstPause, Multiplier: 2, RandomizationFactor: jitter,
		MaxInterval: most * 2 / 3, // half of that upwards is most
	}
}

// mostPause is shorter where another Redis is promoted in place of one that has
// died: the attempts share out between the Sentinels, and the wait is noticed.
func (b *Bus) mostPause() time.Duration {
	if b.nodes != nil || b.watched {
		return maxPause / 4
	}
	return maxPause
}

// feed keeps the subscription alive until ctx is done; in a cluster one to any
// node for what servers tell each other, and one to each node that has rooms.
func (b *Bus) feed(ctx context.Context, h Handler) {
	main := newLink(b, h)
	main.main = true
	if b.nodes == nil {
		main.topics = b.topics
		main.choose = func(context.Context) (redis.UniversalClient, error) { return b.client, nil }
		main.keep(ctx)
		return
	}
	main.choose = b.anyNode()
	b.gossip.Store(main)
	var shards sync.WaitGroup
	b.places.open(func(node *redis.Client) *link {
		l := newLink(b, h)
		l.sharded = true
		l.choose = func(context.Context) (redis.UniversalClient, error) { return node, nil }
		l.log = l.log.With("node", node.Options().Addr)
		ctx, cancel := context.WithCancel(ctx)
		l.end = cancel
		shards.Go(func() { l.keep(ctx) })
		return l
	})
	b.nodes.trouble() // there may be rooms to be placed
	main.keep(ctx)
	b.places.close()
	shards.Wait()
}

// link is a subscription that is replaced whenever anything about it is in doubt.
type link struct {
	bus     *Bus
	handler Handler
	topics  *topics // the rooms that it is for
	main    bool    // it hears what servers tell each other, and says whether the feed is up
	sharded bool    // rooms' channels live on its node alone
	choose  func(context.Context) (redis.UniversalClient, error)
	end     context.CancelFunc // of a sharded link: ends keep
	log     *slog.Logger
	stands  atomic.Pointer[subscription] // nil: it does not
}

func newLink(b *Bus, h Handler) *link {
	return &link{bus: b, handler: h, topics: newTopics(), log: b.log}
}

// keep keeps the link until ctx is done.
func (l *link) keep(ctx context.Context) {
	pause := newPause(l.bus.mostPause())
	trouble := outage{log: l.log}
	for {
		s := subscription{link: l, bus: l.bus, handler: l.handler, outage: &trouble}
		err := s.run(ctx)
		l.stands.Store(nil)
		if l.main {
			l.bus.mends.unlinked()
		}
		if ctx.Err() != nil {
			return
		}
		l.bus.nodes.trouble()
		trouble.began(err)
		if !s.up.IsZero() {
			l.bus.options.Metrics.LinksLost.Inc()
		}
		if !s.up.IsZero() && time.Since(s.up) > maxPause {
			pause.Reset()
		}
		if !sleep(ctx, pause.NextBackOff()) {
			return
		}
	}
}

// outage logs a time without a link: one line when it begins, one when it ends, none per attempt.
type outage struct {
	log      *slog.Logger
	since    time.Time // zero: there is none
	attempts int
	everUp   bool
}

func (o *outage) began(err error) {
	o.attempts++
	if !o.since.IsZero() {
		return
	}
	o.since = time.Now()
	what := "cannot reach Redis yet, trying on"
	if o.everUp {
		what = "lost Redis, trying to get it back"
	}
	o.log.Warn(what, "error", err)
}

func (o *outage) ended() {
	switch {
	case !o.since.IsZero():
		o.log.Info("Redis is there", "after", time.Since(o.since).Round(time.Millisecond), "attempts", o.attempts)
	case !o.everUp:
		o.log.Info("Redis is there")
	}
	o.since, o.attempts, o.everUp = time.Time{}, 0, true
}

func (s *subscription) pushed(msg *redis.Message) {
	switch msg.Channel {
	case s.bus.side():
		s.side(msg.Payload)
		return
	case s.bus.direct(s.bus.name):
		s.handler.Side([]byte(msg.Payload))
		return
	}
	if room, ok := s.topics.hears(msg.Channel); ok {
		s.handler.Payload(room, []byte(msg.Payload))
	}
}

// side takes what servers tell each other. What is about logs is the bus' own.
func (s *subscription) side(payload string) {
	n, ok := aboutLog(payload)
	if !ok {
		s.handler.Side([]byte(payload))
		return
	}
	switch n.Type {
	case "came":
		s.bus.mends.pokeAll()
		return
	case "mended":
		s.bus.mends.poke(n.Room)
	}
	if n.By == s.bus.name {
		return
	}
	_, hears := s.bus.hears(s.bus.channel(n.Room))
	switch {
	case n.Type == "mend" && (hears || s.bus.recent.has(n.Room)):
		s.bus.mends.want(n.Room, n.Epoch, false)
		s.bus.mends.poke(n.Room) // it may have failed until now, and others wait
	case n.Type == "begun" && !hears && s.bus.recent.has(n.Room):
		s.bus.mends.want(n.Room, n.Epoch, true) // what was said here before is no part of it
	case n.Type != "mend" && hears:
		s.handler.Subscribed(n.Room)
	}
}

// notice is what the scripts that look after logs say on the side channel.
type notice struct {
	Type  string `json:"type"` // mend: it was closed; mended: it was opened again; begun; came: see came.go
	By    string `json:"by"`   // the server that called the script, if it need not be told
	Room  string `json:"room"`
	Epoch string `json:"epoch"` // mend: that was closed, as far as the log knows
}

// aboutLog reads a notice.
func aboutLog(payload string) (n notice, ok bool) {
	for _, kind := range []string{"mend", "mended", "begun", "came"} {
		if strings.HasPrefix(payload, `{"type":"`+kind+`",`) {
			err := json.Unmarshal([]byte(payload), &n)
			return n, err == nil
		}
	}
	return n, false
}

func (s *subscription) subscribed(channel string) {
	if channel == s.bus.side() { // the first that was asked for, so the first to be confirmed
		if s.up.IsZero() {
			s.stand()
			s.bus.came.begin(s.bus.followed())
			s.bus.mends.linked()
			s.handler.Feed(true)
		}
		s.handler.SideSubscribed()
		return
	}
	if room, ok := s.topics.confirm(channel); ok {
		s.handler.Subscribed(room)
	}
}
