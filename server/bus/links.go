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

	"livechat/server/outage"
)

// The pauses between attempts to subscribe. The first attempt after a link that
// was up comes soon. Later ones spare Redis, with jitter, since all servers
// have lost it at the same moment.
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

// mostPause is shorter where another Redis is promoted when one has died: the
// attempts are spread over the Sentinels, and the wait is noticed.
func (b *Bus) mostPause() time.Duration {
	if b.nodes != nil || b.watched {
		return maxPause / 4
	}
	return maxPause
}

// runLinks keeps the subscription alive until ctx is done: in a cluster one to
// any node for gossip, and one to each node that has rooms.
func (b *Bus) runLinks(ctx context.Context, h Subscriber) {
	main := newLink(b, h)
	main.gossips = true
	if b.nodes == nil {
		main.topics = b.topics
		main.choose = func(context.Context) (redis.UniversalClient, error) { return b.client, nil }
		main.keep(ctx)
		return
	}
	main.choose = b.anyNode()
	b.gossipLink.Store(main)
	var shards sync.WaitGroup
	b.places.open(func(node *redis.Client) *link {
		l := newLink(b, h)
		l.sharded = true
		l.choose = func(context.Context) (redis.UniversalClient, error) { return node, nil }
		l.logger = l.logger.With("node", node.Options().Addr)
		ctx, cancel := context.WithCancel(ctx)
		l.end = cancel
		shards.Go(func() { l.keep(ctx) })
		return l
	})
	b.nodes.trouble() // there may be rooms to place
	main.keep(ctx)
	b.places.close()
	shards.Wait()
}

// link is a subscription that is replaced whenever anything about it is in
// doubt.
type link struct {
	bus     *Bus
	handler Subscriber
	topics  *topics // the rooms that it is for
	gossips bool    // it receives gossip, and decides whether the subscription is up
	sharded bool    // rooms' channels live on its node alone
	choose  func(context.Context) (redis.UniversalClient, error)
	end     context.CancelFunc // of a sharded link: ends it
	logger  *slog.Logger
	wasUp   bool                         // owned by keep's goroutine
	active  atomic.Pointer[subscription] // nil: the link is down
}

// connected is the line when a link is up, after an outage or for the first
// time.
const connected = "redis: connected"

func newLink(b *Bus, h Subscriber) *link {
	return &link{bus: b, handler: h, topics: newTopics(), logger: b.logger}
}

// keep keeps the link alive until ctx is done.
func (l *link) keep(ctx context.Context) {
	pause := newPause(l.bus.mostPause())
	trouble := outage.Log{
		Logger: l.logger, Level: slog.LevelWarn,
		Began: "redis: not reachable yet, retrying", Ended: connected,
	}
	for {
		s := subscription{link: l, bus: l.bus, handler: l.handler, outage: &trouble}
		err := s.run(ctx)
		l.active.Store(nil)
		if l.gossips {
			l.bus.repairs.unlinked()
		}
		if ctx.Err() != nil {
			return
		}
		l.bus.nodes.trouble()
		trouble.Failed(err)
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

func (s *subscription) pushed(msg *redis.Message) {
	switch msg.Channel {
	case s.bus.gossipChannel():
		s.gossip(msg.Payload)
		return
	case s.bus.ownChannel(s.bus.name):
		s.handler.Gossip([]byte(msg.Payload))
		return
	}
	if room, ok := s.topics.roomOf(msg.Channel); ok {
		s.handler.Payload(room, []byte(msg.Payload))
	}
}

// gossip handles what servers tell each other. Messages about logs stay in the
// bus.
func (s *subscription) gossip(payload string) {
	n, ok := aboutLog(payload)
	if !ok {
		s.handler.Gossip([]byte(payload))
		return
	}
	switch n.Type {
	case noticeCame:
		s.bus.repairs.pokeAll()
		return
	case noticeUnsealed:
		s.bus.repairs.poke(n.Room)
	}
	if n.Type != noticeUnsealed {
		s.handler.LogInDoubt(n.Room)
	}
	if n.By == s.bus.name {
		return
	}
	_, subscribed := s.bus.subscribedRoom(s.bus.channel(n.Room))
	switch {
	case n.Type == noticeSealed && (subscribed || s.bus.recent.has(n.Room)):
		s.bus.repairs.want(n.Room, n.Epoch, false)
		s.bus.repairs.poke(n.Room) // earlier steps may have failed, and others wait
	case n.Type == noticeBegun && !subscribed && s.bus.recent.has(n.Room):
		s.bus.repairs.want(n.Room, n.Epoch, true) // what this server has published is not part of it
	case n.Type != noticeSealed && subscribed:
		s.handler.Subscribed(n.Room)
	}
}

// notice is what the scripts that look after logs publish on the gossip
// channel.
type notice struct {
	Type  string `json:"type"` // noticeSealed, …
	By    string `json:"by"`   // the server that called the script, if it need not be told
	Room  string `json:"room"`
	Epoch string `json:"epoch"` // noticeSealed: the epoch that was sealed, as far as the log knows
}

// aboutLog parses a notice.
func aboutLog(payload string) (n notice, ok bool) {
	for _, kind := range []string{noticeSealed, noticeUnsealed, noticeBegun, noticeCame} {
		if strings.HasPrefix(payload, `{"type":"`+kind+`",`) {
			err := json.Unmarshal([]byte(payload), &n)
			return n, err == nil
		}
	}
	return n, false
}

func (s *subscription) subscribed(channel string) {
	if channel == s.bus.gossipChannel() { // requested first, so confirmed first
		if s.up.IsZero() {
			s.markUp()
			s.bus.arrivals.begin(s.bus.subscribedRooms())
			s.bus.repairs.linked()
			s.handler.Connected(true)
		}
		s.handler.GossipSubscribed()
		return
	}
	if room, ok := s.topics.confirm(channel); ok {
		s.handler.Subscribed(room)
	}
}
