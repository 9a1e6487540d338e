package archive

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"livechat/server/store"
)

// Pauses between attempts to store, with jitter: all archivers lose the store
// at the same moment.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// maxEpochRooms is the number of rooms for which the archiver remembers what
// the store was told of their epochs.
const maxEpochRooms = 10_000

const (
	siftEvery  = 4    // failed attempts before the messages are tried one by one
	asideTimes = 10   // attempts for a message that fails without a reason while others do not
	maxAside   = 1000 // messages whose failed attempts are remembered
	// if this many fail and none succeeds, the store is at fault, not the
	// messages
	siftTries = 8
)

// keep stores the load and acknowledges it. It retries until that has
// succeeded, or returns false when ctx has ended. The load is then dropped, and
// Redis delivers it again. The ends of epochs are stored first, so that no page
// has both messages past an end and those that replaced them. Reactions are
// stored last, as a delete among the messages forgets them.
func (a *Archiver) keep(ctx context.Context) (ok bool) {
	defer func() { a.load = load{} }()
	held := time.Now()
	insist := func(ctx context.Context, try func(attempt int) bool) bool {
		return insist(ctx, func(attempt int) bool {
			if time.Since(held) > a.opts.Idle/3 {
				a.hold(ctx)
				held = time.Now()
			}
			return try(attempt)
		})
	}
	if !insist(ctx, func(int) bool { return len(a.load.epochs) == 0 || a.end(ctx) == nil }) {
		return false
	}
	stored := insist(ctx, func(attempt int) bool {
		return len(a.load.messages) == 0 || a.put(ctx, a.load.messages) ||
			attempt%siftEvery == 0 && a.sift(ctx)
	})
	if !stored {
		return false
	}
	messages := reactedOf(a.load.messages)
	if !insist(ctx, func(int) bool { return a.keepReactions(ctx, messages) }) {
		return false
	}
	for _, batch := range a.load.batches {
		// if this fails, the entries are delivered again, and the store has
		// them already
		a.failed(ctx, &a.source, a.opts.Source.Ack(ctx, batch))
	}
	return ctx.Err() == nil
}

// hold tells the other archivers that the load is being worked on: they need
// not claim it, nor count as lost what has left the log meanwhile.
func (a *Archiver) hold(ctx context.Context) {
	for _, batch := range a.load.batches {
		a.failed(ctx, &a.source, a.opts.Source.Hold(ctx, batch, a.opts.Consumer))
	}
}

// insist retries until try succeeds, or returns false when ctx has ended.
func insist(ctx context.Context, try func(attempt int) (done bool)) bool {
	pause := firstPause
	for attempt := 1; !try(attempt); attempt++ {
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return false
		}
		pause = min(2*pause, maxPause)
	}
	return true
}

// end makes one attempt to record ends of epochs in the store. An end at 0
// means only that the log has nothing of that epoch, as when it was created
// again (see adopt_epochs.lua). The archive may have messages of it, which stay.
func (a *Archiver) end(ctx context.Context) error {
	attempt, cancel := context.WithTimeout(ctx, a.opts.StoreTimeout)
	defer cancel()
	var ends []store.EpochEnd
	for room, past := range a.load.epochs {
		for _, p := range past {
			if p.Seq > 0 {
				ends = append(ends, store.EpochEnd{Room: room, Epoch: p.Epoch, Seq: int64(p.Seq)})
			}
		}
	}
	if err := a.stored(ctx, a.opts.Store.EndEpochs(attempt, ends)); err != nil {
		return err
	}
	if len(a.epochs) > maxEpochRooms {
		clear(a.epochs) // they are recorded again
	}
	maps.Copy(a.epochs, a.load.epochs)
	return nil
}

// add makes one attempt to store messages.
func (a *Archiver) add(ctx context.Context, list []store.RoomMessage) error {
	attempt, cancel := context.WithTimeout(ctx, a.opts.StoreTimeout)
	defer cancel()
	added, err := a.opts.Store.AddRoomMessages(attempt, list)
	if store.IsRefused(err) { // the store is available and has answered
		a.store.Succeeded()
		a.counts.failures.Add(1)
		return err
	}
	if err := a.stored(ctx, err); err != nil {
		return err
	}
	a.counts.stored.Add(added)
	a.counts.duplicates.Add(int64(len(list)) - added)
	a.good = list[0]
	return nil
}

// put stores messages. It skips those that the store reports it can never take,
// by halving the list, so that one among many costs few attempts. ok is false
// if the store has to be tried again.
func (a *Archiver) put(ctx context.Context, list []store.RoomMessage) (ok bool) {
	err := a.add(ctx, list)
	switch {
	case err == nil:
		return true
	case !store.IsRefused(err) || ctx.Err() != nil:
		return false
	case len(list) == 1:
		a.skip(list[0], err)
		return true
	}
	half := len(list) / 2
	return a.put(ctx, list[:half]) && a.put(ctx, list[half:])
}

// place identifies a message in the archive.
type place struct {
	room, epoch string
	seq         int64
}

func placeOf(m store.RoomMessage) place { return place{m.Room, m.Epoch, m.Seq} }

// skip gives up a message of the load. It is logged once, however often the
// load is tried.
func (a *Archiver) skip(m store.RoomMessage, reason error) {
	if _, known := a.load.skipped[placeOf(m)]; known {
		return
	}
	if a.load.skipped == nil {
		a.load.skipped = make(map[place]struct{})
	}
	a.load.skipped[placeOf(m)] = struct{}{}
	delete(a.aside, placeOf(m))
	a.counts.skipped.Add(1)
	a.opts.Logger.Error("archive: skipped a message that the store refuses", "room", m.Room, "epoch",
		m.Epoch, "seq", m.Seq, "error", reason)
}

// stored counts a failed attempt and returns its error.
func (a *Archiver) stored(ctx context.Context, err error) error {
	if a.failed(ctx, &a.store, err) && ctx.Err() == nil {
		a.counts.failures.Add(1)
	}
	return err
}

// sift stores the messages of the load one by one. Messages that the store
// refuses while it takes others are set aside: they are not acknowledged, so
// they are delivered again after Options.Idle and delay nobody meanwhile. After
// asideTimes attempts they are skipped. ok is false if the store seems to take
// nothing at all.
func (a *Archiver) sift(ctx context.Context) (ok bool) {
	// the store has it already
	if a.good.Seq != 0 && a.add(ctx, []store.RoomMessage{a.good}) != nil {
		return false
	}
	list := a.load.messages
	var refused []store.RoomMessage
	var reason error
	// in random order, so that a few bad ones at the front do not look like a
	// full store
	for n, i := range rand.Perm(len(list)) {
		if n == siftTries && len(refused) == n {
			return false
		}
		if err := a.add(ctx, list[i:i+1]); err != nil {
			refused, reason = append(refused, list[i]), err
		}
		if ctx.Err() != nil {
			return false
		}
	}
	if a.good.Seq == 0 { // the store has never taken any
		return false
	}
	if len(a.aside) > maxAside {
		clear(a.aside)
	}
	refused = slices.DeleteFunc(refused, func(m store.RoomMessage) bool {
		if a.aside[placeOf(m)]++; a.aside[placeOf(m)] < asideTimes {
			a.putAside(m)
			return false
		}
		a.skip(m, reason)
		return true
	})
	if len(refused) > 0 {
		a.opts.Logger.Error("archive: the store refuses messages, retrying later", "messages", len(refused),
			"room", refused[0].Room, "epoch", refused[0].Epoch, "seq", refused[0].Seq, "error", reason)
	}
	return true
}

// putAside removes a message from the entries to acknowledge.
func (a *Archiver) putAside(m store.RoomMessage) {
	for i := range a.load.batches {
		if batch := &a.load.batches[i]; batch.Room == m.Room {
			batch.Entries = slices.DeleteFunc(
				batch.Entries, func(e Entry) bool { return e.ID == entryID(m.Seq) })
		}
	}
}

// entryID returns the id that the publish script gives an entry.
func entryID(seq int64) string { return strconv.FormatInt(seq, 10) + "-0" }
