// Package bus is Redis: it appends messages to the logs of rooms, reads them back, and hears what every server says.
//
// A room has a channel and these keys. They share a hash tag, so that in a Redis Cluster they lie in one slot and a script may
// touch them together:
//
//	livechat                  the channel of the default room; livechat:room:<name> for others
//	{livechat}:head           hash: epoch and seq of the newest message, the epochs before (log.lua), who follows the log (follow.lua)
//	{livechat}:log            stream: the newest messages, id <seq>-0, field m
//	{livechat}:id:<id>        "<epoch>:<seq> <digest>": where the message is that is known by this id, which says whose it is
//	{livechat}:news           sorted set, one for all: rooms in which something was said lately (news.go)
//	{livechat}:mend           hash: which servers have offered what the log has lost, while it is being mended
//	livechat:came             hash: servers that have checked in since Redis came back (came.go)
//	{livechat}:mend:stage     sorted set: what they have offered, by seq
//	{livechat}:mend:built     stream: the log and what was offered, as far as they have been put together
//	livechat:write:<n>        string: Redis took a write just now; see writes.go
//	livechat:side             one channel for all rooms: what servers tell each other beside messages
//	livechat:side:<server>    what one server alone is told by others
//
// # The two directions
//
// What this server says goes through a queue to one goroutine, which sends all that has gathered in one pipeline and takes
// the next when that one is answered. So the order of a sender's messages is kept, and batches grow with the load by themselves.
//
// What all servers say comes through one subscription, read by one goroutine. go-redis would never notice that its link has gone
// silent, and repairs one that broke without a word about what it missed. So this package reads the link itself, asks it for a sign of
// life all the time, and replaces it at the first doubt; each room then hears that it is subscribed again, and reads what it missed
// from the stream.
//
// Nothing is ever retried in silence: the publish script is idempotent by the id of the message, so whoever waits for an answer may
// safely say the same again.
//
// # When a log leaves Redis
//
// Every key has an end. A log goes when nobody has followed it and nothing has been said in it for a while, and not before it is
// archived: see keep.go.
//
// # When Redis comes back without something
//
// A log can be used only in the process of Redis in which a server has found it in order. In any other, and wherever it is behind what a
// server knows, it is closed until the servers have put back what they still have: see mend.go.
package bus

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// Handler hears what comes from Redis. Its methods, but for those that say so, are called by the goroutines that read subscriptions, so none may
// block: while one runs, what follows waits in the socket. The payloads of a room come one after another.
type Handler interface {
	// Subscribed says that the channel of a room has been subscribed: for the first time, or again after the link was replaced; or that
	// its log was mended. What was said before may have been missed: the room is to read the stream. What it cannot read it tries again by
	// itself.
	Subscribed(room string)
	// Payload is one push on the channel of a room, in the order of the channel. It is the handler's to keep. A payload that is being
	// handed over while Unsubscribe is called may arrive after it, and even after the Subscribe that follows; a room takes none before its
	// first Subscribed.
	Payload(room string, payload []byte)
	// Side is one push on the side channel, or on that of this server alone. The payload is the handler's to keep.
	Side(payload []byte)
	// SideSubscribed says that the side channel has been subscribed, or subscribed again: what was said on it before is unknown.
	SideSubscribed()
	// Known returns a room's log as far as this server knows it; zero if it does not know the room. Called from any goroutine.
	Known(room string) chat.Log
	// Remember returns the messages that this server still has of a room's log behind after and before before, oldest first; there may be
	// holes. Called from any goroutine.
	Remember(room string, after, before uint64) []Kept
	// Unheard returns the messages that this server has put into a room's log and not heard, oldest first. Called from any goroutine.
	Unheard(room string) []Kept
	// Servers returns the names (Options.Name) of the servers that are alive
	// and take sockets, as far as is known, this one included if it does.
	// Called from any goroutine.
	Servers() []string
	// Feed says that the link stands (commands are answered and the side channel is subscribed), or that it no longer does.
	// The two alternate, beginning with true.
	Feed(up bool)
}

// Bus is one server's access to Redis. All methods may be called from any goroutine.
type Bus struct {
	// Set at construction.
	options Options
	client  redis.UniversalClient
	log     *slog.Logger

	name    string  // of this server, among those who mend a log
	queue   *queue  // from Publish to the publisher
	nodes   *nodes  // of a cluster; nil: there is one Redis
	lanes   *lanes  // the queues to them
	watched bool    // by Sentinels
	places  *places // which node each room is subscribed at
	gossip  atomic.Pointer[link]
	topics  *topics // from Subscribe and Unsubscribe to the feed
	mends   *mends  // from whoever finds a log closed to the mender
	leaving *leaving
	came    *arrivals // from OpenLog and the mender to sayArrivals
	logs    openLogs
	keeper  keeper
	news    *news
	recent  recent
	writes  writes
	running atomic.Bool
	denied  atomic.Bool  // the user of Redis lacks a right, which was logged
	handler atomic.Value // Run's
}

// quietRedis sends what go-redis would print to stderr by itself nowhere: each failed dial would be a line, and the bus says it once.
// The logger is a global of go-redis; it is replaced once.
var quietRedis = sync.OnceFunc(func() { redis.SetLogger(nowhere{}) })

type nowhere struct{}

// Printf implements go-redis' logger.
func (nowhere) Printf(context.Context, string, ...any) {}

// Open checks the options. It does not connect: Redis may come later.
func Open(o Options) (*Bus, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open bus: %w", err)
	}
	c, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("open bus: %w", err)
	}
	quietRedis()
	n := newNews()
	b := &Bus{
		options: o, log: o.Log, name: o.Name,
		queue: newQueue(queueLength), topics: newTopics(), mends: newMends(),
		leaving: newLeaving(), came: newArrivals(), lanes: newLanes(), places: newPlaces(), news: n, logs: openLogs{changed: n.add},
		writes: writes{log: o.Log},
	}
	if c.MasterName == "" && len(c.Addrs) > 1 {
		b.nodes = newNodes(c)
		b.client = b.nodes.client
		b.logs.command = "SPUBLISH"
		return b, nil
	}
	b.client, b.watched = redis.NewUniversalClient(c), c.MasterName != ""
	b.client.AddHook(linkHook{})
	return b, nil
}

// Run publishes what is queued and hands h what comes, until ctx is done. When it returns all that it started has ended, and each
// publication that was queued has had its answer. It can run once.
func (b *Bus) Run(ctx context.Context, h Handler) error {
	if b.running.Swap(true) {
		return errors.New("the bus has already run")
	}
	b.handler.Store(h)
	var others sync.WaitGroup
	others.Go(func() { b.publishAll(ctx) })
	others.Go(func() { b.mend(ctx, h) })
	others.Go(func() { b.keepFollowed(ctx) })
	others.Go(func() { b.sayAllAgain(ctx, h) })
	others.Go(func() { b.leave(ctx) })
	others.Go(func() { b.tellNews(ctx) })
	others.Go(func() { b.sayArrivals(ctx) })
	others.Go(func() { b.tryWrites(ctx) })
	if b.nodes != nil {
		others.Go(func() { b.nodes.watch(ctx, b.rearrange) })
	}
	b.feed(ctx, h)
	others.Wait()
	return nil
}

// Close ends all connections. Call it after Run has returned.
func (b *Bus) Close() error {
	err := b.client.Close()
	if b.nodes != nil {
		err = errors.Join(err, b.nodes.close())
	}
	if err != nil {
		return fmt.Errorf("close redis: %w", err)
	}
	return nil
}

// Subscribe asks for the channel of a room; Handler.Subscribed confirms it, now and after every loss of the link, until
// Unsubscribe. Asking again changes nothing. After an Unsubscribe it is a new request with a confirmation of its own.
func (b *Bus) Subscribe(room string) {
	b.keeper.follow(room, time.Now().Add(b.lifetime(room).quiet/2))
	if b.nodes != nil {
		b.places.want(b.channel(room), room, b.nodes)
		return
	}
	b.topics.want(b.channel(room), room)
}

// Unsubscribe ends what Subscribe began. Unknown rooms are fine.
func (b *Bus) Unsubscribe(room string) {
	wish := uint64(0)
	if b.nodes != nil {
		wish = b.places.drop(b.channel(room))
	} else {
		wish = b.topics.drop(b.channel(room))
	}
	if wish > 0 {
		b.leaving.add(room, strconv.FormatUint(wish, 10))
	}
	b.came.remove(room)
	b.logs.forget(room)
	b.keeper.forget(room)
}

// PublishSide tells all servers something on the side channel, at most once: who is not connected to Redis misses it.
func (b *Bus) PublishSide(ctx context.Context, payload []byte) error {
	if err := b.sideNode().Publish(ctx, b.side(), payload).Err(); err != nil {
		return fmt.Errorf("publish on the side channel: %w", err)
	}
	return nil
}

func (b *Bus) channel(room string) string {
	if room == chat.DefaultRoom {
		return b.options.Channel
	}
	return b.options.Channel + ":room:" + room
}

func (b *Bus) side() string { return b.options.Channel + ":side" }

// key returns the name of one of a room's keys. The braces are the hash tag.
func (b *Bus) key(room string, parts ...string) string {
	return "{" + b.channel(room) + "}:" + strings.Join(parts, ":")
}

// newEpoch draws the name of a log that begins.
func newEpoch() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// unavailable is what a client hears when Redis did not answer, or not well: whether it has done what it was asked to is unknown.
func unavailable(cause error) error {
	return fmt.Errorf("%w: %w", &chat.Error{
		Code: chat.CodeUnavailable, Message: "the room cannot be reached right now; try again",
		Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
	}, cause)
}
