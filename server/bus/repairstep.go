package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// repairStep is one step towards an open log. It may be repeated any number of
// times.
type repairStep struct {
	*closedLog
	known      chat.Log // as far as this server knows it
	unreceived bool     // this server has published something that it has not received
	found      state    // as sealed
	state      state    // as it is now
	err        error
}

// step takes a step for each of some logs, in a few round trips for all of
// them.
func (b *Bus) step(ctx context.Context, h RepairSource, logs []*closedLog) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	link := b.arrivals.now()
	steps := make([]*repairStep, len(logs))
	for i, c := range logs {
		known := h.Known(c.room)
		steps[i] = &repairStep{closedLog: c, known: known, unreceived: len(b.unreceived(h, c.room, known.Head)) > 0}
	}
	b.lookAll(ctx, steps)
	b.sealAll(ctx, steps)
	b.stageAll(ctx, h, steps)
	b.decideAll(ctx, h, steps)
	b.loadAll(ctx, steps)
	for _, t := range steps {
		if t.err == nil && (t.state.kind == "open" || t.state.kind == "wait") {
			b.arrivals.add(link, t.room, t.state.run)
		}
		b.finish(t)
	}
}

// closed returns the steps whose logs are not open, as far as is known.
func closed(steps []*repairStep, kinds ...string) (some []*repairStep) {
	for _, t := range steps {
		if t.err == nil && t.state.kind != "open" && (len(kinds) == 0 || slices.Contains(kinds, t.state.kind)) {
			some = append(some, t)
		}
	}
	return some
}

// lookAll opens the logs that may be open, and begins those that do not exist.
func (b *Bus) lookAll(ctx context.Context, steps []*repairStep) {
	var calls []*call
	var looks []*repairStep
	for _, t := range steps {
		if t.look {
			looks = append(looks, t)
			calls = append(calls, b.openCall(t.room, t.known.Head, "", ""))
		}
	}
	b.askAll(ctx, calls)
	for i, t := range looks {
		t.state, t.err = calls[i].state, calls[i].err
		t.look = t.err != nil
		if t.err == nil && t.state.kind == "open" && b.isBack(t.room, t.state.log) {
			t.state.kind = "closed"
		}
	}
	sideBySide(closed(looks, "begins"), func(t *repairStep) {
		t.state, t.err = b.begin(ctx, t.room, t.known.Head)
		t.look = t.err != nil
	})
}

// sealAll seals the logs that are not intact, and notes in each that this
// server has staged what it has, if it has nothing that the log lacks. If that
// is so for all subscribed servers the log is open then: where nothing was lost
// this is all it takes.
func (b *Bus) sealAll(ctx context.Context, steps []*repairStep) {
	var calls []*call
	some := closed(steps)
	for _, t := range some {
		calls = append(calls, b.sealCall(t), b.unsealCall(t, false, ""))
	}
	b.askAll(ctx, calls)
	for i, t := range some {
		t.found, t.err = calls[2*i].state, calls[2*i].err
		if t.state = t.found; t.err == nil && t.state.kind != "open" {
			t.state, t.err = calls[2*i+1].state, calls[2*i+1].err
		}
	}
}

// stageAll stages what logs lack.
func (b *Bus) stageAll(ctx context.Context, h RepairSource, steps []*repairStep) {
	some := closed(steps, "stage")
	sideBySide(some, func(t *repairStep) { t.err = b.stage(ctx, h, t.room, t.found, t.known) })
	b.unsealAll(ctx, append(some, closed(steps, "restoring")...), func(*repairStep) string { return "" })
}

// decideAll unseals the logs that need not, or cannot, wait any longer.
func (b *Bus) decideAll(ctx context.Context, h RepairSource, steps []*repairStep) {
	some := closed(steps, "wait")
	if len(some) == 0 {
		return
	}
	alive := h.Servers()
	arrived := b.arrivedIn(ctx, alive, some)
	excused := make(map[*repairStep]string)
	for _, t := range some {
		if t.repair != t.state.repair {
			t.repair, t.since = t.state.repair, time.Now()
		}
		excused[t] = b.excused(t, alive, arrived[t.state.run])
	}
	some = slices.DeleteFunc(some, func(t *repairStep) bool { return excused[t] == "" })
	b.unsealAll(ctx, some, func(t *repairStep) string { return excused[t] })
}

// unsealAll unseals logs; what was staged is restored a page at a time.
func (b *Bus) unsealAll(ctx context.Context, steps []*repairStep, excused func(*repairStep) string) {
	for some := steps; len(some) > 0; some = closed(some, "restoring") {
		b.unsealOnce(ctx, some, excused)
	}
}

func (b *Bus) unsealOnce(ctx context.Context, steps []*repairStep, excused func(*repairStep) string) {
	var calls []*call
	var some []*repairStep
	for _, t := range steps {
		if t.err == nil {
			some = append(some, t)
			calls = append(calls, b.unsealCall(t, true, excused(t)))
		}
	}
	b.askAll(ctx, calls)
	for i, t := range some {
		t.state, t.err = calls[i].state, calls[i].err
	}
}

// loadAll loads the publish scripts of the logs that are open now.
func (b *Bus) loadAll(ctx context.Context, steps []*repairStep) {
	tried := make(map[*runScript]error)
	for _, t := range steps {
		if t.err != nil || t.state.kind != "open" {
			continue
		}
		b.logs.set(t.room, t.state.log, t.state.run)
		l := b.logs.get(t.room)
		if _, ok := tried[l.runScript]; !ok {
			tried[l.runScript] = nil
			if !l.loaded.Load() {
				tried[l.runScript] = b.loadPublish(ctx, t.room)
			}
		}
		if t.err = tried[l.runScript]; t.err != nil {
			t.look = true
		}
	}
}

// finish notes the result of a step.
func (b *Bus) finish(t *repairStep) {
	open := t.err == nil && t.state.kind == "open"
	switch {
	case open:
		switch {
		case t.found.kind != "closed":
		case t.found.lack == "tail" && t.found.log.Head.Seq == t.state.log.Head.Seq: // as after any planned restart
			b.options.Metrics.LogRepairs.WithLabelValues(metrics.Whole).Inc()
			b.logger.Info("log repair: nothing was missing",
				"room", t.room, "found", t.found.log.Head, "log", t.state.log.Head)
		default:
			b.options.Metrics.LogRepairs.WithLabelValues(metrics.Repaired).Inc()
			b.logger.Warn("log repair: done", "room", t.room, "found", t.found.log.Head, "log", t.state.log.Head)
		}
		t.fails, t.pause = 0, 0
	case t.err != nil && !errors.Is(t.err, chat.ErrLogClosed):
		b.options.Metrics.LogRepairs.WithLabelValues(metrics.Failed).Inc()
		b.logger.Debug("log repair: step failed", "room", t.room, "error", t.err)
		t.fails++
		t.pause = min(max(2*t.pause, firstLook), longestPause(t.err))
	default:
		t.fails = 0
		t.pause = min(max(2*t.pause, firstLook), lastLook)
	}
	t.due = time.Now().Add(t.pause)
	epoch := ""
	if open {
		epoch = t.state.log.Head.Epoch
	}
	b.repairs.done(t.closedLog, epoch)
	if open {
		b.republishRecent(t.room, t.state.log)
		b.release(t.room)
	}
}

// longestPause returns the maximum pause after a step that failed with err. A
// slot moves fast, and the log can be opened as soon as it has moved: TRYAGAIN,
// ASK and MOVED cost a node nothing, unlike longer failures.
func longestPause(err error) time.Duration {
	for _, prefix := range []string{"TRYAGAIN ", "ASK ", "MOVED "} {
		if redis.HasErrorPrefix(err, prefix) {
			return lastMove
		}
	}
	return lastFail
}

func (b *Bus) sealCall(t *repairStep) *call {
	return b.call(sealScript, t.room,
		t.known.Head.Epoch, t.known.Head.Seq, b.gossipChannel(), t.room, b.name, newEpoch(),
		b.options.HistoryLength, t.known.Epochs.String())
}

// unsealCall unseals a log if it need not wait for other servers; staged says
// that this server has staged all it has.
func (b *Bus) unsealCall(t *repairStep, staged bool, excused string) *call {
	all := "?"
	if staged {
		all = "all"
	} else if t.unreceived {
		all = "more"
	}
	args := []any{
		newEpoch(), b.name, b.request(t.room), t.known.Head.Epoch, t.known.Head.Seq, all, excused,
		b.gossipChannel(), t.room, b.options.HistoryLength, b.options.IDTTL.Milliseconds(),
	}
	c := b.call(unsealScript, t.room, append(args, b.listening(t.room)...)...)
	c.ids = t.state.ids
	return c
}

// begin begins a log after what is archived of it.
func (b *Bus) begin(ctx context.Context, room string, seen chat.Position) (state, error) {
	l := b.archived(ctx, room)
	past := l.Epochs
	if l.Head.Epoch != "" {
		past = append(past, l.Head)
	}
	c := b.openCall(room, seen, past.String(), strconv.FormatUint(l.Head.Seq, 10))
	b.askAll(ctx, []*call{c})
	if c.err != nil {
		return c.state, fmt.Errorf("begin log of room %s: %w", room, c.err)
	}
	return c.state, nil
}

// sideBySide calls do for each element, for a few at a time.
func sideBySide[T any](list []T, do func(T)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, repairLanes)
	for _, t := range list {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(t)
		})
	}
	all.Wait()
}
