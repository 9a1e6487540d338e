package archive

import (
	"context"
	"time"
)

// alertAt is the part of a log that may wait for the archive before it is
// logged as an error: as much time is left as it took to get there.
const alertAt = 0.5

// Lag is how far the archive is behind the rooms, for all archivers together.
type Lag struct {
	Entries int64 // not stored yet, in all rooms
	// part of the log's capacity in use, in the room that is the furthest
	// behind; at 1 messages are lost
	Ratio float64
	Room  string    // the room that is the furthest behind; empty if none is behind
	At    time.Time // when the measurement began; zero if there was none yet
}

// Lag returns the last measurement; see Options.LagEvery. There are none while
// Redis does not answer.
func (a *Archiver) Lag() Lag {
	if lag := a.lag.Load(); lag != nil {
		return *lag
	}
	return Lag{}
}

// watch measures the lag until ctx ends. It does not wait for the store,
// because the lag grows while the store is unavailable.
func (a *Archiver) watch(ctx context.Context) {
	alert := false
	for sleep(ctx, a.opts.LagEvery) {
		lag, err := a.measure(ctx)
		if err != nil {
			a.opts.Logger.Debug("archive: cannot measure the lag", "error", err)
			continue
		}
		a.lag.Store(&lag)
		switch far := lag.Ratio >= alertAt; {
		case far && !alert:
			a.opts.Logger.Error("archive: far behind, messages are lost when the room's log is full",
				"room", lag.Room, "ratio", lag.Ratio, "entries", lag.Entries)
		case alert && !far:
			a.opts.Logger.Info("archive: catching up", "ratio", lag.Ratio, "entries", lag.Entries)
		}
		alert = lag.Ratio >= alertAt
	}
}

func (a *Archiver) measure(ctx context.Context) (lag Lag, err error) {
	lag.At = time.Now()
	if err := a.readNews(ctx); err != nil {
		return lag, err
	}
	for _, room := range a.names() {
		behind, length, err := a.opts.Source.Lag(ctx, room)
		if err != nil {
			return lag, err
		}
		lag.Entries += behind
		if ratio := float64(behind) / float64(max(length, 1)); ratio > lag.Ratio {
			lag.Ratio, lag.Room = ratio, room
		}
	}
	return lag, nil
}
