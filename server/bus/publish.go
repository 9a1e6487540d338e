package bus

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// A pipeline takes what has gathered while the one before it was in flight, up
// to a limit. Redis needs some 35 µs for each publication with four servers,
// the embedded Redis ten times as long, a busy machine longer still. A pipeline
// that is not answered in time fails as a whole, so the limit is halved while
// pipelines are slow and doubled while they are not.
const (
	minPipeline = 16
	maxPipeline = 512
)

// maxTries is how often a publication is sent whose log is found closed each
// time although it was opened.
const maxTries = 4

// nextLimit returns the limit of the next pipeline after one that took took of
// the time that it had.
func nextLimit(limit int, took, had time.Duration) int {
	if took > had/8 {
		return max(limit/2, minPipeline)
	}
	return min(limit*2, maxPipeline)
}

// publish is the publisher: it sends what is queued until ctx is done or the
// queue is closed. What still waits then gets an error.
func (b *Bus) publish(ctx context.Context, queue *queue) {
	var batch []queued
	var looked time.Time
	limit := minPipeline
	for ctx.Err() == nil {
		if time.Since(looked) >= heldCheck {
			b.refuseLate(queue)
			looked = time.Now()
		}
		if batch = queue.take(batch, limit); len(batch) == 0 {
			var look <-chan time.Time
			if queue.hasHeld() {
				look = time.After(heldCheck)
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

// refuseLate answers publications that cannot wait for their logs any longer.
func (b *Bus) refuseLate(queue *queue) {
	for _, p := range queue.expired(time.Now().Add(b.options.attempt() - b.options.PublishTimeout)) {
		p.Done(Receipt{}, chat.ErrLogClosed)
	}
}

// send publishes a batch and gives each publication its answer, in order. Those
// whose log is closed, or whose script Redis does not know, are held until that
// is repaired. (If the scripts are flushed in the middle of a pipeline and
// another server loads this one before its end, those between go in after those
// at the end: each once, but not in the order of their sender.) A batch in
// flight when ctx ends gets its answer as well: at shutdown, too, it is better
// to know. It returns how many were answered.
func (b *Bus) send(ctx context.Context, queue *queue, batch []queued) (answered int) {
	deadline := time.Now().Add(b.options.attempt())
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()

	fresh := batch[:0]
	for _, p := range batch {
		if deadline.Sub(p.since) > b.options.PublishTimeout { // earlier pipelines have used up its time
			p.Done(Receipt{}, unavailable(errors.New("waited too long for earlier pipelines")))
			continue
		}
		fresh = append(fresh, p)
	}
	answered = len(batch)
	aside := make(map[string][]queued)
	var closed, moving, unruled []string // rooms of those
	for i, cmd := range b.pipeline(ctx, fresh) {
		p := fresh[i]
		if b.nodes != nil && elsewhere(cmd.Err()) {
			aside[p.Room], moving = append(aside[p.Room], p), append(moving, p.Room)
			answered--
			continue
		}
		if p.again = lacksWords(cmd); p.again {
			p.looks++
		}
		if p.again && p.looks <= maxLooks || lacksRules(cmd) { // bounded by the time that it may be held
			aside[p.Room], unruled = append(aside[p.Room], p), append(unruled, p.Room)
			answered--
			continue
		}
		if p.tries++; refused(cmd) && p.tries < maxTries {
			if isNoScript(cmd.Err()) {
				b.logs.get(p.Room).loaded.Store(false)
			}
			closed = append(closed, p.Room)
			if p.Epoch != "" {
				p.Done(Receipt{}, chat.ErrLogClosed)
				continue
			}
			aside[p.Room] = append(aside[p.Room], p)
			answered--
			continue
		}
		b.writes.note(cmd.Err())
		r, err := readReceipt(cmd)
		r.Epoch = p.epoch
		if err == nil && !r.Duplicate {
			b.recent.add(p.Publication, r.Position, b.logs.get(p.Room))
		}
		p.Done(r, err)
	}
	for room, list := range aside {
		queue.putBack(room, list)
	}
	for _, room := range slices.Compact(closed) {
		b.repairs.want(room, b.logs.get(room).epoch, true)
	}
	for _, room := range slices.Compact(unruled) {
		b.rules.Want(room)
	}
	b.waitForNode(moving)
	return answered
}

// openToPublish opens a log, and loads the script that publishes in it if load
// is set or this server has not loaded it yet.
func (b *Bus) openToPublish(ctx context.Context, room string, seen chat.Position, load bool) error {
	_, err := b.OpenLog(ctx, room, seen)
	if err == nil && (load || !b.logs.get(room).loaded.Load()) {
		err = b.loadPublish(ctx, room)
	}
	return err
}

// pipeline sends all publications in one round trip, in a cluster one to each
// node, and waits for the answers, which the commands hold.
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
	var received uint64
	must := one(b.rules.needed())
	for i, p := range batch {
		if p.again {
			b.look(&p.Publication)
			batch[i] = p
		}
		log := b.logs.get(p.Room)
		if i == 0 || batch[i-1].Room != p.Room {
			received = b.newestReceived(p.Room, log.epoch)
		}
		batch[i].epoch = cmp.Or(p.Epoch, log.epoch)
		args := []any{
			b.channel(p.Room), p.Body, p.Digest, b.options.IDTTL.Milliseconds(), b.options.HistoryLength,
			batch[i].epoch, received, b.lifetime(p.Room).fresh.Milliseconds(),
			string(p.By.Person), string(p.By.Address), must, p.Verdict,
		}
		keys := []string{
			b.key(p.Room, "head"), b.key(p.Room, "log"), b.key(p.Room, "id", p.ID), b.key(p.Room, "tombs"),
			b.key(p.Room, "about"),
		}
		if p.Known {
			args = append(args, "-")
		} else if p.About.ID != "" && chat.IsFeed(p.Room) {
			args = append(args, chat.TypeMessage, p.About.ID)
		} else if p.About.ID != "" {
			keys = append(keys, b.key(p.Room, "deleted", p.About.ID), b.key(p.Room, "id", p.AboutKey))
			if p.Type == chat.TypeDelete || p.Type == chat.TypeReactions {
				keys = append(keys, b.reactionsKey(p.Room, p.About.ID))
			}
			args = append(args, cmp.Or(p.Type, chat.TypeMessage), p.About.ID, p.About.Seq)
		} else if p.Type != "" {
			args = append(args, p.Type)
		}
		if p.By.Person != "" {
			keys = append(keys, b.rulesKey(p.Room), b.lastKey(p.Room, p.By))
		}
		cmds[i] = log.script.EvalSha(ctx, pipe, keys, args...)
	}
	_, _ = pipe.Exec(ctx) // the commands have errors of their own
	for i, p := range batch {
		if reply, _ := cmds[i].StringSlice(); len(reply) == 2 && (reply[1] == "quiet" ||
			reply[1] == "words" || ruleRefusal(reply[1], reply[0]) != nil) {
			continue // nothing was
		}
		b.news.add(p.Room) // even if it is not known whether it was appended
	}
	return cmds
}

// newestReceived returns the newest message of a log's epoch that this server
// has received. A log that is older has gone back, and would use numbers twice.
func (b *Bus) newestReceived(room, epoch string) uint64 {
	if h, ok := b.source.Load().(RepairSource); ok {
		if at := h.Known(room).Head; at.Epoch == epoch {
			return at.Seq
		}
	}
	return 0
}
