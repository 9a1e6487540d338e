package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
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

func newPause() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: firstPause, Multiplier: 2, RandomizationFactor: jitter,
		MaxInterval: maxPause * 2 / 3, // half of that upwards is maxPause
	}
}

// feed keeps a subscription alive until ctx is done. It replaces it whenever anything about it is in doubt.
func (b *Bus) feed(ctx context.Context, h Handler) {
	pause := newPause()
	trouble := outage{bus: b}
	for {
		s := subscription{bus: b, handler: h, outage: &trouble}
		err := s.run(ctx)
		if ctx.Err() != nil {
			return
		}
		trouble.began(err)
		if !s.up.IsZero() {
			b.options.Metrics.LinksLost.Inc()
		}
		if !s.up.IsZero() && time.Since(s.up) > maxPause {
			pause.Reset()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// outage logs a time without a link: one line when it begins, one when it ends, none per attempt.
type outage struct {
	bus      *Bus
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
	o.bus.log.Warn(what, "error", err)
}

func (o *outage) ended() {
	switch {
	case !o.since.IsZero():
		o.bus.log.Info("Redis is there", "after", time.Since(o.since).Round(time.Millisecond), "attempts", o.attempts)
	case !o.everUp:
		o.bus.log.Info("Redis is there")
	}
	o.since, o.attempts, o.everUp = time.Time{}, 0, true
}

// subscription is one link to Redis, from dialling to its first doubtful moment.
type subscription struct {
	bus     *Bus
	handler Handler
	outage  *outage
	pubsub  *redis.PubSub
	up      time.Time // when it stood; zero: not yet
}

// run subscribes and hands over what comes. It returns when ctx is done or with the reason why the link can no longer be trusted.
func (s *subscription) run(ctx context.Context) error {
	// The feed is of no use to rooms that cannot read their logs. And go-redis, after many failed dials, refuses commands for another
	// second when Redis is back: wait for that here, or each room would fail on its own.
	if err := s.ping(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.pubsub = s.bus.client.Subscribe(ctx) // names no channel, so it does not connect yet
	if err := s.pubsub.Subscribe(ctx, append([]string{s.bus.side(), s.bus.direct(s.bus.name)}, s.bus.topics.restart()...)...); err != nil {
		_ = s.pubsub.Close()
		return fmt.Errorf("subscribe: %w", err)
	}
	var asker sync.WaitGroup
	asker.Go(func() {
		cancel(s.ask(ctx))
		_ = s.pubsub.Close() // what is being read ends with an error
	})
	err := s.receive(ctx)
	cancel(err) // the first reason stays
	asker.Wait()
	if !s.up.IsZero() {
		s.handler.Feed(false)
	}
	return context.Cause(ctx)
}

func (s *subscription) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.bus.options.FeedTimeout)
	defer cancel()
	if err := s.bus.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// ask is the link's only writer: it sends what has changed in what is wanted, and asks for a sign of life at least three times in the
// time in which one answer must come, so that a Redis that is only slow is not taken for a dead one.
func (s *subscription) ask(ctx context.Context) error {
	alive := time.NewTicker(min(time.Second, s.bus.options.FeedTimeout/3))
	defer alive.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-alive.C:
			err = s.pubsub.Ping(ctx)
		case <-s.bus.topics.wake:
			subscribe, unsubscribe := s.bus.topics.changes()
			if len(subscribe) > 0 {
				err = s.pubsub.Subscribe(ctx, subscribe...)
			}
			if len(unsubscribe) > 0 { // without a name it would mean all
				err = errors.Join(err, s.pubsub.Unsubscribe(ctx, unsubscribe...))
			}
		}
		if err != nil {
			return fmt.Errorf("write to the subscription: %w", err)
		}
	}
}

// receive reads until the first error. A timeout is one as well: half a reply may have been read, and what follows would be taken for
// something else. (go-redis dials again by itself on most errors, before it reports them; that link is closed unread.)
func (s *subscription) receive(ctx context.Context) error {
	for {
		msg, err := s.pubsub.ReceiveTimeout(ctx, s.bus.options.FeedTimeout)
		if err != nil {
			return fmt.Errorf("read from the subscription: %w", err)
		}
		switch msg := msg.(type) {
		case *redis.Message:
			err = s.pushed(ctx, msg)
		case *redis.Subscription:
			if msg.Kind == "subscribe" {
				err = s.subscribed(ctx, msg.Channel)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (s *subscription) pushed(ctx context.Context, msg *redis.Message) error {
	switch msg.Channel {
	case s.bus.side():
		return s.side(ctx, msg.Payload)
	case s.bus.direct(s.bus.name):
		s.handler.Side([]byte(msg.Payload))
		return nil
	}
	room, ok := s.bus.topics.hears(msg.Channel)
	if !ok {
		return nil
	}
	if err := s.handler.Payload(ctx, room, []byte(msg.Payload)); err != nil {
		return fmt.Errorf("take payload in room %s: %w", room, err)
	}
	return nil
}

// side takes what servers tell each other. What is about logs is the bus' own.
func (s *subscription) side(ctx context.Context, payload string) error {
	n, ok := aboutLog(payload)
	if !ok {
		s.handler.Side([]byte(payload))
		return nil
	}
	if n.Type == "mended" {
		s.bus.mends.poke(n.Room)
	}
	if _, ok := s.bus.topics.hears(s.bus.channel(n.Room)); !ok || n.By == s.bus.name {
		return nil
	}
	if n.Type == "mend" {
		s.bus.mends.want(n.Room, n.Epoch, false)
		return nil
	}
	if err := s.handler.Subscribed(ctx, n.Room); err != nil {
		return fmt.Errorf("look at the log of room %s: %w", n.Room, err)
	}
	return nil
}

// notice is what the scripts that look after logs say on the side channel.
type notice struct {
	Type  string `json:"type"` // mend: it was closed; mended: it was opened again; begun
	By    string `json:"by"`   // the server that called the script, if it need not be told
	Room  string `json:"room"`
	Epoch string `json:"epoch"` // mend: that was closed, as far as the log knows
}

// aboutLog reads a notice.
func aboutLog(payload string) (n notice, ok bool) {
	for _, kind := range []string{"mend", "mended", "begun"} {
		if strings.HasPrefix(payload, `{"type":"`+kind+`",`) {
			err := json.Unmarshal([]byte(payload), &n)
			return n, err == nil
		}
	}
	return n, false
}

func (s *subscription) subscribed(ctx context.Context, channel string) error {
	if channel == s.bus.side() { // the first that was asked for, so the first to be confirmed
		if s.up.IsZero() {
			s.up = time.Now()
			s.bus.mends.linked()
			s.outage.ended()
			s.handler.Feed(true)
		}
		s.handler.SideSubscribed()
		return nil
	}
	room, ok := s.bus.topics.confirm(channel)
	if !ok {
		return nil
	}
	if err := s.handler.Subscribed(ctx, room); err != nil {
		return fmt.Errorf("begin to follow room %s: %w", room, err)
	}
	return nil
}
