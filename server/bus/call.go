package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// call is a call of one of the scripts that look after logs, and its reply.
type call struct {
	script *redis.Script
	room   string
	ids    []string // more keys: of the ids that unseal.lua may remember
	args   []any
	cmd    *redis.Cmd
	state  state
	err    error // carries a retryable chat.Error
}

func (b *Bus) call(script *redis.Script, room string, args ...any) *call {
	return &call{script: script, room: room, args: args}
}

// ask makes one call.
func (b *Bus) ask(ctx context.Context, script *redis.Script, room string, args ...any) (state, error) {
	c := b.call(script, room, args...)
	b.askAll(ctx, []*call{c})
	return c.state, c.err
}

// askAll makes calls in one round trip; in two, and out of order, where Redis
// does not know the scripts yet. In a cluster each node has its own.
func (b *Bus) askAll(ctx context.Context, calls []*call) {
	if len(calls) == 0 {
		return
	}
	if b.nodes == nil {
		ask(ctx, b, b.client, calls)
		return
	}
	byNode, lost := b.nodes.group(ctx, len(calls), func(i int) string { return b.channel(calls[i].room) })
	for i, err := range lost {
		calls[i].err = unavailable(err)
	}
	var rounds sync.WaitGroup
	for node, places := range byNode {
		rounds.Go(func() {
			some := make([]*call, len(places))
			for j, i := range places {
				some[j] = calls[i]
			}
			ask(ctx, b, node, some)
		})
	}
	rounds.Wait()
}

// ask makes calls to one Redis.
func ask(ctx context.Context, b *Bus, node redis.UniversalClient, calls []*call) {
	b.pipe(ctx, node, calls)
	var unknown []*call
	for _, c := range calls {
		if isNoScript(c.cmd.Err()) {
			unknown = append(unknown, c)
		}
	}
	loaded := make(map[*redis.Script]bool)
	for _, c := range unknown {
		if !loaded[c.script] {
			loaded[c.script] = c.script.Load(ctx, node).Err() == nil
		}
	}
	b.pipe(ctx, node, unknown)
	for _, c := range calls {
		c.read()
		b.noteRights(c.cmd.Err(), c.state.kind == "open")
	}
}

func (b *Bus) pipe(ctx context.Context, node redis.UniversalClient, calls []*call) {
	if len(calls) == 0 {
		return
	}
	pipe := node.Pipeline()
	for _, c := range calls {
		c.cmd = c.script.EvalSha(ctx, pipe, append(b.logKeys(c.room), c.ids...), c.args...)
	}
	_, _ = pipe.Exec(ctx) // the commands have errors of their own
}

// lastingKeys returns the keys of a log that is not being repaired.
func (b *Bus) lastingKeys(room string) []string {
	return []string{b.key(room, "head"), b.key(room, "log"), b.key(room, "tombs"), b.key(room, "about")}
}

// logKeys returns the keys of the scripts that look after a log.
func (b *Bus) logKeys(room string) []string {
	return []string{
		b.key(room, "head"), b.key(room, "log"),
		b.key(room, repairKey), b.key(room, repairKey, stagedKey), b.key(room, repairKey, mergedKey),
		b.key(room, "tombs"), b.key(room, "about"),
	}
}

func (c *call) read() {
	reply, err := c.cmd.StringSlice()
	if err != nil {
		c.err = unavailable(err)
		return
	}
	if c.state, err = readState(reply); err != nil {
		c.err = fmt.Errorf("read %q: %w", reply, err)
	}
}

// state is the state of a log as the scripts report it.
type state struct {
	kind string // open, closed, begins; wait, stage, restoring (unseal.lua); left (leave.lua)
	log  chat.Log
	run  string
	// of closed:
	lack  string // what the log lacks, see seal.lua
	first uint64 // oldest message that it has
	// of restoring:
	ids []string // keys of the ids of the messages that come next
	// of wait:
	repair    string   // identifies this repair
	restarted bool     // it was closed because it was found in another process of Redis
	listed    bool     // the log lists at least one that has staged as subscribed
	staged    []string // servers that have staged
	missing   []string // subscribed servers, as far as known, that have not
	listeners string   // all: all listeners of its channel have staged; nothing: and had nothing
}

func readState(reply []string) (s state, err error) {
	s.kind = reply[0]
	switch {
	case s.kind == "restoring":
		s.ids = reply[1:]
	case s.kind == "wait" && len(reply) == 8:
		s.run, s.repair, s.restarted, s.listed = reply[1], reply[2], reply[3] == "1", reply[4] == "1"
		s.listeners = reply[7]
		s.staged, s.missing = strings.Fields(reply[5]), strings.Fields(reply[6])
	case len(reply) == 4, len(reply) == 6:
		s.run = reply[3]
		if reply[1] != ":0" { // else there is no log
			s.log.Head, err = chat.ParsePosition(reply[1])
		}
		if err == nil {
			s.log.Epochs, err = chat.ParseEpochHistory(reply[2])
		}
		if err == nil && len(reply) == 6 {
			s.lack = reply[4]
			s.first, err = strconv.ParseUint(reply[5], 10, 64)
		}
	case len(reply) != 1 || s.kind == "open" || s.kind == "wait":
		err = errors.New("unknown reply")
	}
	return s, err
}

// openCall opens a log. If there is none the log begins after base, where the
// last epoch of past ended; base is empty if that is not known yet.
func (b *Bus) openCall(room string, seen chat.Position, past, base string) *call {
	life := b.lifetime(room)
	args := []any{
		newEpoch(), seen.Epoch, strconv.FormatUint(seen.Seq, 10), b.gossipChannel(), room, b.name,
		past, base, b.request(room), b.options.HistoryLength,
	}
	args = append(args, b.listening(room)...)
	wait := one(b.recent.has(room) || b.repairs.recovering())
	args = append(args, wait, life.idle.Milliseconds(), life.quiet.Milliseconds())
	return b.call(openScript, room, args...)
}

// listening returns the arguments with which subscribed.lua counts the listeners
// of a room's channel, and 1 if this server is one.
func (b *Bus) listening(room string) []any {
	count := "NUMSUB"
	if b.nodes != nil {
		count = "SHARDNUMSUB"
	}
	channel := b.channel(room)
	_, subscribed := b.subscribedRoom(channel)
	return []any{channel, count, one(subscribed)}
}

// one returns a flag as scripts take it.
func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// unavailable is what a client gets when Redis did not answer, or not as
// expected. Whether it did what it was asked to is unknown.
func unavailable(cause error) error {
	return fmt.Errorf("%w: %w", &chat.Error{
		Code: chat.CodeUnavailable, Message: "the room cannot be reached right now; try again in a moment",
		Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
	}, cause)
}
