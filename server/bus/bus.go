// Package bus is the access to Redis: it appends messages to the logs of rooms,
// reads logs back, and delivers what all servers publish.
//
// A room has a channel and these keys. They share a hash tag, so in a Redis
// Cluster they are in one slot and a script may use them together:
//
//	livechat                  the channel of the default room;
//	                          livechat:room:<name> for others
//	{livechat}:head           hash: epoch and seq of the newest message, earlier
//	                          epochs (log.lua), subscribed servers
//	                          (subscribed.lua)
//	{livechat}:log            stream: the newest messages, id <seq>-0, field m
//	{livechat}:id:<id>        "<epoch>:<seq> <digest>": where the message with
//	                          this id is
//	{livechat}:news           sorted set, one for all: rooms with new messages
//	                          (news.go)
//	{livechat}:reactions:<id> hash: who reacted to the message with this id
//	                          (react.lua)
//	{livechat}:rules          hash: working copy of the rules of the room
//	                          (rules.lua)
//	{livechat}:last:<person>  string: in slow mode, when the last message of this
//	                          person was taken
//	{livechat}:mend           hash: servers that have staged what the log has
//	                          lost, while it is being repaired
//	{livechat}:mend:stage     sorted set: what they have staged, by seq
//	{livechat}:mend:built     stream: the log and what was staged, merged so far
//	livechat:came             hash: servers that have checked in since Redis came
//	                          back (arrivals.go)
//	livechat:write:<n>        string: Redis accepted a write just now (writes.go)
//	livechat:side             the gossip channel: what servers tell each other
//	                          beside messages
//	livechat:side:<server>    what one server alone is told
//
// The names of the last keys of a log and of this channel are frozen: see
// frozen.go.
//
// # The two directions
//
// Publications go through a queue to one goroutine, the publisher. It sends all
// that has gathered in one pipeline, and takes the next batch when that one is
// answered. So the order of each sender's messages is kept, and batches grow
// with the load.
//
// Messages of all servers arrive on one subscription, read by one goroutine.
// go-redis would not notice that its link has gone silent, and repairs a broken
// one without saying what it missed. So this package reads the link itself,
// pings Redis on it, and replaces it at the first doubt. Each room is then told
// that it is subscribed again, and reads what it missed from the stream.
//
// Nothing is retried silently. The publish script is idempotent by the id of
// the message, so a caller that got no answer may safely publish it again.
//
// # When a log leaves Redis
//
// Every key expires. A log expires when no server has been subscribed to its
// room and nothing has been published in it for a while, and not before it is
// archived: see expiry.go.
//
// # When Redis loses data
//
// A log can be used only in the process of Redis in which a server has found it
// intact. In any other process, and wherever it is older than what a server
// knows, it is closed until the servers have restored what they still have: see
// repair.go.
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

// Subscriber gets what the subscription delivers. Its methods are called by the
// goroutines that read the links, so none may block: while one runs, what
// follows waits in the socket. The payloads of one room come one at a time.
type Subscriber interface {
	// Subscribed says that the channel of a room has been subscribed, for the
	// first time or again after the link was replaced, or that its log was
	// repaired. Messages before this may have been missed, so the room reads
	// the stream. If that fails the room has to try again by itself.
	Subscribed(room string)
	// Payload is one message on the channel of a room, in the order of the
	// channel. The subscriber may keep the payload. A payload that is being
	// delivered while Unsubscribe is called may arrive after it, and even after
	// the Subscribe that follows. A room ignores payloads before its first
	// Subscribed.
	Payload(room string, payload []byte)
	// Gossip is one message on the gossip channel, or on this server's own
	// channel. The subscriber may keep the payload.
	Gossip(payload []byte)
	// GossipSubscribed says that the gossip channel has been subscribed, or
	// subscribed again: what was sent on it before may have been missed.
	GossipSubscribed()
	// LogInDoubt says that the log of a room, which need not be subscribed, was
	// sealed for repair or has begun again: something that was published in it
	// may be missing.
	LogInDoubt(room string)
	// Connected says that the link is up (Redis answers commands and the gossip
	// channel is subscribed), or that it is down. The two alternate, beginning
	// with true.
	Connected(up bool)
}

// RepairSource knows what this server has of the logs of rooms, and which
// servers take part in a repair. Its methods may be called from any goroutine.
type RepairSource interface {
	// Known returns a room's log as far as this server knows it; zero if it
	// does not know the room.
	Known(room string) chat.Log
	// Remember returns the messages that this server still has of a room's log
	// between two sequence numbers, both excluded, oldest first. Some may be
	// missing.
	Remember(room string, after, before uint64) []Restored
	// Unreceived returns the messages that this server has put into a room's
	// log and not received from the subscription, oldest first.
	Unreceived(room string) []Restored
	// Servers returns the names (Options.Name) of the servers that are up and
	// take sockets, as far as is known, this one included if it does.
	Servers() []string
}

// Bus is one server's access to Redis. All methods may be called from any
// goroutine.
type Bus struct {
	// Set at construction.
	options Options
	client  redis.UniversalClient
	logger  *slog.Logger

	name       string  // of this server among those that repair logs
	queue      *queue  // from Publish to the publisher
	nodes      *nodes  // of a cluster; nil: there is one Redis
	lanes      *lanes  // the queues to them
	watched    bool    // by Sentinels
	places     *places // at which node each room is subscribed
	gossipLink atomic.Pointer[link]
	topics     *topics  // from Subscribe and Unsubscribe to the links
	repairs    *repairs // from whoever finds a log closed to repairLogs
	leaving    *leaving
	arrivals   *arrivals // from OpenLog and repairLogs to announceArrivals
	logs       openLogs
	expiries   expiries
	news       *news
	recent     recent
	writes     writes
	rules      *Rules
	reactions  *Reactions
	scripts    sync.Map // *redis.Script by source, for Eval
	running    atomic.Bool
	denied     atomic.Bool  // the user of Redis lacks a right, which was logged
	source     atomic.Value // RepairSource of Run
}

// quietRedis discards what go-redis would print to stderr: a line for each
// failed dial, where the bus logs an outage once. The logger is a global of
// go-redis, and replaced once.
var quietRedis = sync.OnceFunc(func() { redis.SetLogger(nowhere{}) })

type nowhere struct{}

// Printf implements go-redis' logger.
func (nowhere) Printf(context.Context, string, ...any) {}

// Open checks the options. It does not connect: Redis may start later.
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
		options: o, logger: o.Logger, name: o.Name,
		queue: newQueue(queueLength), topics: newTopics(), repairs: newRepairs(),
		leaving: newLeaving(), arrivals: newArrivals(), lanes: newLanes(), places: newPlaces(), news: n,
		logs:   openLogs{changed: n.add},
		writes: writes{log: o.Logger},
	}
	b.rules, b.reactions = newRules(b), newReactions(b)
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

// Run publishes what is queued, and delivers to s what arrives, until ctx is
// done. When it returns, all goroutines that it started have ended and each
// queued publication has its answer. It can run once.
func (b *Bus) Run(ctx context.Context, s Subscriber, h RepairSource) error {
	if b.running.Swap(true) {
		return errors.New("the bus has already run")
	}
	b.source.Store(h)
	var others sync.WaitGroup
	others.Go(func() { b.publishAll(ctx) })
	others.Go(func() { b.repairLogs(ctx, h) })
	others.Go(func() { b.extendSubscribed(ctx) })
	others.Go(func() { b.republishAll(ctx, h) })
	others.Go(func() { b.leaveLogs(ctx) })
	others.Go(func() { b.announceNews(ctx) })
	others.Go(func() { b.announceArrivals(ctx) })
	others.Go(func() { b.tryWrites(ctx) })
	others.Go(func() { b.rules.load(ctx) })
	if b.nodes != nil {
		others.Go(func() { b.nodes.watch(ctx, b.rearrange) })
	}
	b.runLinks(ctx, s)
	others.Wait()
	return nil
}

// Close closes all connections. Call it after Run has returned.
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

// Subscribe requests the channel of a room. Subscriber.Subscribed confirms it,
// now and after every loss of the link, until Unsubscribe. A second request
// changes nothing. After Unsubscribe it is a new request, which is confirmed
// again.
func (b *Bus) Subscribe(room string) {
	b.expiries.add(room, time.Now().Add(b.lifetime(room).quiet/2))
	if b.nodes != nil {
		b.places.want(b.channel(room), room, b.nodes)
		return
	}
	b.topics.want(b.channel(room), room)
}

// Unsubscribe ends what Subscribe began. The room may be unknown.
func (b *Bus) Unsubscribe(room string) {
	request := uint64(0)
	if b.nodes != nil {
		request = b.places.drop(b.channel(room))
	} else {
		request = b.topics.drop(b.channel(room))
	}
	if request > 0 {
		b.leaving.add(room, strconv.FormatUint(request, 10))
	}
	b.arrivals.remove(room)
	b.logs.forget(room)
	b.expiries.forget(room)
}

// PublishGossip sends a payload to all servers on the gossip channel, at most
// once: a server that is not connected to Redis misses it.
func (b *Bus) PublishGossip(ctx context.Context, payload []byte) error {
	if err := b.gossipNode().Publish(ctx, b.gossipChannel(), payload).Err(); err != nil {
		return fmt.Errorf("publish on the gossip channel: %w", err)
	}
	return nil
}

func (b *Bus) channel(room string) string {
	if room == chat.DefaultRoom {
		return b.options.Channel
	}
	return b.options.Channel + ":room:" + room
}

// key returns the name of one of a room's keys. The braces are the hash tag.
func (b *Bus) key(room string, parts ...string) string {
	return "{" + b.channel(room) + "}:" + strings.Join(parts, ":")
}

// newEpoch draws the name of a new epoch.
func newEpoch() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
