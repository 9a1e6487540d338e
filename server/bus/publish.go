package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// A pipeline holds what has gathered while the one before it was under way, up to a limit. Redis needs some 20 µs for each publication, the
// one that is built into the server twenty times as long, a machine that is busy with something else longer still. A pipeline that does not
// come back in time fails as a whole, so the limit is halved while pipelines take long and doubled while they do not.
const (
	minPipeline = 16
	maxPipeline = 512
)

// maxTries is how often a publication is sent whose log is closed each time although it was found open.
const maxTries = 4

// nextLimit returns the limit of the next pipeline after one that took so long, of the time that it had.
func nextLimit(limit int, took, had time.Duration) int {
	if took > had/8 {
		return max(limit/2, minPipeline)
	}
	return min(limit*2, maxPipeline)
}

// Publication is a message on its way into the log of its room.
type Publication struct {
	Room string
	// ID is what the message is known by: its id, and whose that is. Publishing it again, by any server within the time that ids are remembered, appends
	// nothing. No spaces.
	ID string
	// Body is the middle of the payload, `"id":…,"app":…,"session":…,"name":…,"text":…`, as JSON that has been checked; the script
	// puts seq, time and epoch around it. It must not change until Done.
	Body []byte
	// Digest of what is said, without spaces: it tells a resend from another message under the same ID.
	Digest string
	// Done is called exactly once, by the publisher: it must not block, nor call Publish. The error carries a chat.Error: id_conflict, or a
	// retryable unavailable, after which the message may or may not be in the log and publishing it again is right.
	Done func(Receipt, error)
}

// Receipt says where a message is in the log.
type Receipt struct {
	Position  chat.Position
	Duplicate bool // it had been there before
}

// Publish queues p; while the queue is full it waits. One caller's publications reach the log in the order of its calls. An error, ctx's
// or that the bus has stopped (a retryable unavailable), means that p has not been queued and Done is not called.
func (b *Bus) Publish(ctx context.Context, p Publication) error {
	switch err := b.put(ctx, queued{Publication: p, since: time.Now()}); {
	case errors.Is(err, errStopped):
		return fmt.Errorf("publish: %w", unavailable(err))
	case err != nil:
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// publish is the publisher: it sends what is queued until ctx is done or the queue is closed. What then still waits gets an error.
func (b *Bus) publish(ctx context.Context, queue *queue) {
	var batch []queued
	var looked time.Time
	limit := minPipeline
	for ctx.Err() == nil {
		if time.Since(looked) >= holdLook {
			b.refuseLate(queue)
			looked = time.Now()
		}
		if batch = queue.take(batch, limit); len(batch) == 0 {
			var look <-chan time.Time
			if queue.holds() {
				look = time.After(holdLook)
			}
			select {
			case <-ctx.Done():
			case <-queue.closed:
				return // it was empty
			case <-queue.wake:
			case <-look:
			}
			continue
		}
		began := time.Now()
		if answered := b.send(ctx, queue, batch); answered > 0 {
			b.options.Metrics.PublishSeconds.Observe(time.Since(began).Seconds())
			b.options.Metrics.PublishMessages.Observe(float64(answered))
		}
		limit = nextLimit(limit, time.Since(began), b.options.attempt())
		clear(batch)
	}
	for _, p := range queue.close() {
		p.Done(Receipt{}, unavailable(errStopped))
	}
}

// refuseLate answers the publications that have waited for their logs as long as they can.
func (b *Bus) refuseLate(queue *queue) {
	for _, p := range queue.late(time.Now().Add(b.options.attempt() - b.options.PublishTimeout)) {
		p.Done(Receipt{}, chat.ErrLogClosed)
	}
}

// send publishes a batch and gives each publication its answer, in order. Those whose log is closed, or whose script Redis does not know, wait until that is
// mended. (If somebody flushes the scripts in the middle of a pipeline and another server loads this one before its end, those between go in behind those at the
// end: each once, but not in the order of their sender.) A batch that is under way when ctx ends gets its answer
// too: on the way out, as anywhere, it is better to know. It returns how many got their answer.
func (b *Bus) send(ctx context.Context, queue *queue, batch []queued) (answered int) {
	deadline := time.Now().Add(b.options.attempt())
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()

	fresh := batch[:0]
	for _, p := range batch {
		if deadline.Sub(p.since) > b.options.PublishTimeout { // the pipelines before it have used up its time
			p.Done(Receipt{}, unavailable(errors.New("waited too long behind others")))
			continue
		}
		fresh = append(fresh, p)
	}
	answered = len(batch)
	aside := make(map[string][]queued)
	var closed, moving []string // rooms of those
	for i, cmd := range b.pipeline(ctx, fresh) {
		p := fresh[i]
		if b.nodes != nil && elsewhere(cmd.Err()) {
			aside[p.Room], moving = append(aside[p.Room], p), append(moving, p.Room)
			answered--
			continue
		}
		if p.tries++; refused(cmd) && p.tries < maxTries {
			if isNoScript(cmd.Err()) {
				b.logs.get(p.Room).loaded.Store(false)
			}
			aside[p.Room], closed = append(aside[p.Room], p), append(closed, p.Room)
			answered--
			continue
		}
		b.writes.note(cmd.Err())
		r, err := readReceipt(cmd)
		if err == nil && !r.Duplicate {
			b.recent.add(p.Publication, r.Position, b.logs.get(p.Room))
		}
		p.Done(r, err)
	}
	for room, list := range aside {
		queue.hold(room, list)
	}
	for _, room := range slices.Compact(closed) {
		b.mends.want(room, b.logs.get(room).epoch, true)
	}
	b.waitForNode(moving)
	return answered
}

// openToPublish opens a log, and if asked to gives Redis the script to publish in it.
func (b *Bus) openToPublish(ctx context.Context, room string, seen chat.Position, load bool) error {
	_, err := b.OpenLog(ctx, room, seen)
	if err == nil && (load || !b.logs.get(room).loaded.Load()) {
		err = b.loadPublish(ctx, room, seen)
	}
	return err
}

// pipeline sends all publications in one go, in a cluster to each node in one, and waits for all answers; each command holds its own.
func (b *Bus) pipeline(ctx context.Context, batch []queued) []*redis.Cmd {
	if len(batch) == 0 {
		return nil
	}
	if b.nodes != nil {
		return b.pipelineByNode(ctx, batch)
	}
	return b.pipelineTo(ctx, b.client, batch)
}

func (b *Bus) pipelineTo(ctx context.Context, node redis.UniversalClient, batch []queued) []*redis.Cmd {
	pipe := node.Pipeline()
	cmds := make([]*redis.Cmd, len(batch))
	var heard uint64
	for i, p := range batch {
		log := b.logs.get(p.Room)
		if i == 0 || batch[i-1].Room != p.Room {
			heard = b.heard(p.Room, log.epoch)
		}
		cmds[i] = log.script.EvalSha(ctx, pipe,
			[]string{b.key(p.Room, "head"), b.key(p.Room, "log"), b.key(p.Room, "id", p.ID)},
			b.channel(p.Room), p.Body, p.Digest, b.options.IDTTL.Milliseconds(), b.options.HistoryLength, log.epoch, heard,
			b.lifetime(p.Room).fresh.Milliseconds())
	}
	_, _ = pipe.Exec(ctx) // its error is that of one of the commands, which have their own
	for _, p := range batch {
		b.news.add(p.Room) // also where it is not known whether it was taken
	}
	return cmds
}

// heard returns the newest message of a log's epoch that this server has heard. A log that is behind it has gone back, and would give its numbers to
// others.
func (b *Bus) heard(room, epoch string) uint64 {
	if h, ok := b.handler.Load().(Handler); ok {
		if at := h.Known(room).Head; at.Epoch == epoch {
			return at.Seq
		}
	}
	return 0
}

// refused says that a publication was not taken because its log is not open here.
func refused(cmd *redis.Cmd) bool {
	// The head has gone back behind the stream, or somebody has put something else at one of the keys.
	if err := cmd.Err(); isNoScript(err) || err != nil && (strings.Contains(err.Error(), "The ID specified in XADD") || strings.Contains(err.Error(), "WRONGTYPE")) {
		return true
	}
	reply, err := cmd.StringSlice()
	return err == nil && len(reply) == 2 && reply[1] == "closed"
}

// isFinal says that Redis has refused what it was asked to do, and would again. A Redis that is loading, full or a replica says so otherwise.
func isFinal(err error) bool {
	reply, ok := errors.AsType[redis.Error](err)
	return ok && (strings.HasPrefix(reply.Error(), "ERR ") || redis.HasErrorPrefix(err, "WRONGTYPE"))
}

// isNoScript says that Redis has not run a script because it does not know it.
func isNoScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }

// readReceipt reads the answer of the publish script.
func readReceipt(cmd *redis.Cmd) (Receipt, error) {
	reply, err := cmd.StringSlice()
	if err != nil {
		return Receipt{}, unavailable(err)
	}
	if len(reply) != 2 {
		return Receipt{}, fmt.Errorf("read answer of the publish script: %d values", len(reply))
	}
	if reply[1] == "closed" {
		return Receipt{}, fmt.Errorf("%w: it was closed again at once", chat.ErrLogClosed)
	}
	position, err := chat.ParsePosition(reply[0])
	if err != nil {
		return Receipt{}, fmt.Errorf("read answer of the publish script: position %q", reply[0])
	}
	switch outcome := reply[1]; outcome {
	case "new", "duplicate":
		return Receipt{Position: position, Duplicate: outcome == "duplicate"}, nil
	case "conflict":
		return Receipt{}, chat.Errorf(chat.CodeIDConflict, "this id is already that of another message")
	default:
		return Receipt{}, fmt.Errorf("read answer of the publish script: outcome %q", outcome)
	}
}
