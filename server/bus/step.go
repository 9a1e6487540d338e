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

// turn is one step towards an open log. It may be taken any number of times.
type turn struct {
	*closedLog
	known chat.Log // as far as this server has it
	late  bool     // this server has put something into it that it has not heard
	found state    // what there is of it
	state state    // where it stands now
	err   error
}

// step takes a step for each of some logs, in a few rounds for all of them.
func (b *Bus) step(ctx context.Context, h Handler, logs []*closedLog) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	link := b.came.now()
	turns := make([]*turn, len(logs))
	for i, c := range logs {
		known := h.Known(c.room)
		turns[i] = &turn{closedLog: c, known: known, late: len(b.unheard(h, c.room, known.Head)) > 0}
	}
	b.lookAll(ctx, turns)
	b.checkIn(ctx, turns)
	b.offerAll(ctx, h, turns)
	b.decideAll(ctx, h, turns)
	b.loadAll(ctx, turns)
	for _, t := range turns {
		if t.err == nil && (t.state.kind == "open" || t.state.kind == "wait") {
			b.came.add(link, t.room, t.state.run)
		}
		b.finish(t)
	}
}

// closed returns the turns whose logs are not open, as far as is known.
func closed(turns []*turn, kinds ...string) (some []*turn) {
	for _, t := range turns {
		if t.err == nil && t.state.kind != "open" && (len(kinds) == 0 || slices.Contains(kinds, t.state.kind)) {
			some = append(some, t)
		}
	}
	return some
}

// lookAll opens the logs that may be open, and begins those of which there is nothing.
func (b *Bus) lookAll(ctx context.Context, turns []*turn) {
	var calls []*call
	var looks []*turn
	for _, t := range turns {
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
	sideBySide(closed(looks, "begins"), func(t *turn) {
		t.state, t.err = b.begin(ctx, t.room, t.known.Head)
		t.look = t.err != nil
	})
}

// checkIn closes the logs that are not in order, and says in each that this
// server has put back what it has, if there is nothing that the log does not
// have. Where that goes for all who follow it the log is open then: if nothing
// was lost that is all that it takes.
func (b *Bus) checkIn(ctx context.Context, turns []*turn) {
	var calls []*call
	some := closed(turns)
	for _, t := range some {
		calls = append(calls, b.mendCall(t), b.reopenCall(t, false, ""))
	}
	b.askAll(ctx, calls)
	for i, t := range some {
		t.found, t.err = calls[2*i].state, calls[2*i].err
		if t.state = t.found; t.err == nil && t.state.kind != "open" {
			t.state, t.err = calls[2*i+1].state, calls[2*i+1].err
		}
	}
}

// offerAll puts back into logs what they have not.
func (b *Bus) offerAll(ctx context.Context, h Handler, turns []*turn) {
	some := closed(turns, "offer")
	sideBySide(some, func(t *turn) { t.err = b.offer(ctx, h, t.room, t.found, t.known) })
	b.reopenAll(ctx, append(some, closed(turns, "merging")...), func(*turn) string { return "" })
}

// decideAll opens the logs that need not, or cannot, wait for others any longer.
func (b *Bus) decideAll(ctx context.Context, h Handler, turns []*turn) {
	some := closed(turns, "wait")
	if len(some) == 0 {
		return
	}
	alive := h.Servers()
	came := b.cameTo(ctx, alive, some)
	excused := make(map[*turn]string)
	for _, t := range some {
		if t.repair != t.state.repair {
			t.repair, t.since = t.state.repair, time.Now()
		}
		excused[t] = b.excused(t, alive, came[t.state.run])
	}
	some = slices.DeleteFunc(some, func(t *turn) bool { return excused[t] == "" })
	b.reopenAll(ctx, some, func(t *turn) string { return excused[t] })
}

// reopenAll opens logs; what was offered goes into them a page at a time.
func (b *Bus) reopenAll(ctx context.Context, turns []*turn, excused func(*turn) string) {
	for some := turns; len(some) > 0; some = closed(some, "merging") {
		b.reopenOnce(ctx, some, excused)
	}
}

func (b *Bus) reopenOnce(ctx context.Context, turns []*turn, excused func(*turn) string) {
	var calls []*call
	var some []*turn
	for _, t := range turns {
		if t.err == nil {
			some = append(some, t)
			calls = append(calls, b.reopenCall(t, true, excused(t)))
		}
	}
	b.askAll(ctx, calls)
	for i, t := range some {
		t.state, t.err = calls[i].state, calls[i].err
	}
}

// loadAll gives Redis the publish scripts of the logs that are open now.
func (b *Bus) loadAll(ctx context.Context, turns []*turn) {
	tried := make(map[*runScript]error)
	for _, t := range turns {
		if t.err != nil || t.state.kind != "open" {
			continue
		}
		b.logs.set(t.room, t.state.log, t.state.run)
		l := b.logs.get(t.room)
		if _, ok := tried[l.runScript]; !ok {
			tried[l.runScript] = nil
			if !l.loaded.Load() {
				tried[l.runScript] = b.loadPublish(ctx, t.room, t.state.log.Head)
			}
		}
		if t.err = tried[l.runScript]; t.err != nil {
			t.look = true
		}
	}
}

// finish takes note of what has come of a step.
func (b *Bus) finish(t *turn) {
	open := t.err == nil && t.state.kind == "open"
	switch {
	case open:
		switch {
		case t.found.kind != "closed":
		case t.found.lack == "tail" && t.found.log.Head.Seq == t.state.log.Head.Seq: // as after any planned restart
			b.options.Metrics.Mends.WithLabelValues(metrics.Whole).Inc()
			b.log.Info("a log was found whole and opened again", "room", t.room, "found", t.found.log.Head, "log", t.state.log.Head)
		default:
			b.options.Metrics.Mends.WithLabelValues(metrics.Mended).Inc()
			b.log.Warn("a log was mended", "room", t.room, "found", t.found.log.Head, "log", t.state.log.Head)
		}
		t.fails, t.pause = 0, 0
	case t.err != nil && !errors.Is(t.err, chat.ErrLogClosed):
		b.options.Metrics.Mends.WithLabelValues(metrics.Failed).Inc()
		b.log.Debug("cannot mend a log yet", "room", t.room, "error", t.err)
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
	b.mends.done(t.closedLog, epoch)
	if open {
		b.sayRecentAgain(t.room, t.state.log)
		b.release(t.room)
	}
}

// longestPause returns how long at most the pause after a step is that failed. A
// slot moves fast, and the log can be opened as soon as it has: TRYAGAIN, ASK and
// MOVED cost a node nothing, unlike what is wrong for longer.
func longestPause(err error) time.Duration {
	for _, prefix := range []string{"TRYAGAIN ", "ASK ", "MOVED "} {
		if redis.HasErrorPrefix(err, prefix) {
			return lastMove
		}
	}
	return lastFail
}

func (b *Bus) mendCall(t *turn) *call {
	return b.call(mendScript, t.room, t.known.Head.Epoch, t.known.Head.Seq, b.side(), t.room, b.name, newEpoch(),
		b.options.HistoryLength, t.known.Past.String())
}

// reopenCall opens a log if it need not wait for others; offered says that this server has put back all it has.
func (b *Bus) reopenCall(t *turn, offered bool, excused string) *call {
	all := "?"
	if offered {
		all = "all"
	} else if t.late {
		all = "more"
	}
	args := []any{
		newEpoch(), b.name, b.wish(t.room), t.known.Head.Epoch, t.known.Head.Seq, all, excused,
		b.side(), t.room, b.options.HistoryLength, b.options.IDTTL.Milliseconds(),
	}
	return b.call(reopenScript, t.room, append(args, b.listening(t.room)...)...)
}

// begin begins a log behind what is archived of it.
func (b *Bus) begin(ctx context.Context, room string, seen chat.Position) (state, error) {
	l := b.archived(ctx, room)
	past := l.Past
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

// sideBySide does something for each of some logs, for a few at a time.
func sideBySide[T any](list []T, do func(T)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, offerLanes)
	for _, t := range list {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(t)
		})
	}
	all.Wait()
}
