package archive

import (
	"context"
	"time"
)

// alertAt is the part of a log that may wait for the archive before that is an error: there is still as much time as it took to get there.
const alertAt = 0.5

// Lag is how far the archive is behind the rooms. All archivers together are meant, not one of them.
type Lag struct {
	Entries int64     // of all rooms, not in the store yet
	Ratio   float64   // of what a log can hold, in the room that is the furthest behind; at 1 messages are lost
	Room    string    // which that is; empty if none is behind
	At      time.Time // when the measurement began; zero: there was none yet
}

// Lag returns the last measurement; Options.LagEvery says how often there is one. While Redis does not answer there is none.
func (a *Archiver) Lag() Lag {
	if lag := a.lag.Load(); lag != nil {
		return *lag
	}
	return Lag{}
}

// watch measures the lag until ctx is done. It does not wait for the store, which is when the lag grows.
func (a *Archiver) watch(ctx context.Context) {
	alert := false
	for sleep(ctx, a.opts.LagEvery) {
		lag, err := a.measure(ctx)
		if err != nil {
			a.opts.Log.Debug("cannot measure how far the archive is behind", "error", err)
			continue
		}
		a.lag.Store(&lag)
		switch far := lag.Ratio >= alertAt; {
		case far && !alert:
			a.opts.Log.Error("the archive is far behind: when the room's log is full its oldest messages are lost to the archive",
				"room", lag.Room, "ratio", lag.Ratio, "entries", lag.Entries)
		case alert && !far:
			a.opts.Log.Info("the archive is catching up", "ratio", lag.Ratio, "entries", lag.Entries)
		}
		alert = lag.Ratio >= alertAt
	}
}

func (a *Archiver) measure(ctx context.Context) (lag Lag, err error) {
	lag.At = time.Now()
	if err := a.hear(ctx); err != nil {
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
