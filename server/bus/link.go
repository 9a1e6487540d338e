package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/outage"
)

// subscription is one connection of a link, from dialling to its first doubtful
// moment.
type subscription struct {
	*link
	bus     *Bus
	handler Subscriber
	outage  *outage.Log
	node    redis.UniversalClient
	pubsub  *redis.PubSub
	conn    *linkConn
	cancel  context.CancelCauseFunc
	up      time.Time // when it came up; zero: not yet
}

// run subscribes and delivers what arrives. It returns when ctx is done, or
// with the reason why the link can no longer be trusted.
func (s *subscription) run(ctx context.Context) error {
	var err error
	if s.node, err = s.choose(ctx); err != nil {
		return err
	}
	// The subscription is of no use to rooms that cannot read their logs. After
	// many failed dials go-redis refuses commands for another second when Redis
	// is back: wait for that here, or each room would fail on its own.
	if err := ping(ctx, s.node, s.bus.options.SubscriptionTimeout); err != nil {
		return err
	}
	ctx, dial := withLinkDial(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.cancel = cancel
	s.pubsub = s.node.Subscribe(ctx) // without a channel it does not connect yet
	if err := s.begin(ctx); err != nil {
		_ = s.pubsub.Close()
		return fmt.Errorf("subscribe: %w", err)
	}
	s.conn = dial.conn
	var asker sync.WaitGroup
	var broken error
	asker.Go(func() {
		if err := s.ask(ctx); ctx.Err() == nil {
			broken = err
			s.conn.drain(s.bus.options.SubscriptionTimeout)
			<-ctx.Done() // it has been read to the end
		}
		_ = s.pubsub.Close() // ends the read with an error
	})
	err = s.receive(ctx)
	cancel(err) // the first cause is kept
	asker.Wait()
	if s.gossips && !s.up.IsZero() {
		s.handler.Connected(false)
	}
	if broken != nil {
		return broken
	}
	return context.Cause(ctx)
}

func ping(ctx context.Context, node redis.UniversalClient, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := node.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// begin dials and subscribes to all that is wanted.
func (s *subscription) begin(ctx context.Context) error {
	rooms := s.topics.restart()
	if s.gossips {
		return s.pubsub.Subscribe(ctx,
			append([]string{s.bus.gossipChannel(), s.bus.ownChannel(s.bus.name)}, rooms...)...)
	}
	if err := s.pubsub.Ping(ctx); err != nil { // the answer shows that the link is up
		return err
	}
	return s.subscribe(ctx, rooms)
}

func (s *subscription) subscribe(ctx context.Context, channels []string) (err error) {
	switch {
	case len(channels) == 0:
	case !s.sharded:
		err = s.pubsub.Subscribe(ctx, channels...)
	default: // one command may only name channels of one slot
		for _, c := range channels {
			err = errors.Join(err, s.pubsub.SSubscribe(ctx, c))
		}
	}
	return err
}

func (s *subscription) unsubscribe(ctx context.Context, channels []string) (err error) {
	switch {
	case len(channels) == 0: // without a channel it would mean all
	case !s.sharded:
		err = s.pubsub.Unsubscribe(ctx, channels...)
	default:
		for _, c := range channels {
			err = errors.Join(err, s.pubsub.SUnsubscribe(ctx, c))
		}
	}
	return err
}

// ask is the only writer of the link. It sends changes of what is wanted, and
// pings at least three times in the time in which one answer has to arrive, so
// that a slow Redis is not taken for a dead one.
func (s *subscription) ask(ctx context.Context) error {
	alive := time.NewTicker(min(time.Second, s.bus.options.SubscriptionTimeout/3))
	defer alive.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-alive.C:
			err = s.pubsub.Ping(ctx)
		case <-s.topics.wake:
			subscribe, unsubscribe := s.topics.changes()
			err = errors.Join(s.subscribe(ctx, subscribe), s.unsubscribe(ctx, unsubscribe))
		}
		if err = errors.Join(err, s.conn.writeError()); err != nil {
			return fmt.Errorf("write to the subscription: %w", err)
		}
	}
}

// receive reads until the first error. A timeout is one as well: half a reply
// may have been read, and the rest would be misread.
func (s *subscription) receive(ctx context.Context) error {
	for {
		msg, err := s.pubsub.ReceiveTimeout(ctx, s.bus.options.SubscriptionTimeout)
		if err != nil && s.sharded && isReply(err) && elsewhere(err) {
			s.bus.nodes.failed(err) // the room is placed again
			continue
		}
		if err != nil {
			return fmt.Errorf("read from the subscription: %w", err)
		}
		if s.sharded && s.up.IsZero() {
			s.markUp()
		}
		switch msg := msg.(type) {
		case *redis.Message:
			s.pushed(msg)
		case *redis.Subscription:
			switch msg.Kind {
			case "subscribe", "ssubscribe":
				s.subscribed(msg.Channel)
			case "sunsubscribe":
				if s.topics.lost(msg.Channel) {
					s.bus.nodes.slotMoved()
				}
			}
		}
	}
}

func (s *subscription) markUp() {
	s.up = time.Now()
	if ended := s.outage.Succeeded(); !ended && !s.wasUp {
		s.logger.Info(connected)
	}
	s.wasUp, s.outage.Began = true, "redis: connection lost, reconnecting"
	s.active.Store(s)
}

// isReply reports that an error is an answer of Redis, so the connection is
// good.
func isReply(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}
