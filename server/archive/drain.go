package archive

import (
	"context"
	"fmt"
)

// drain stores what is still in the logs, whoever it was delivered to, until
// ctx ends. It begins with the known rooms, because scanning for those that are
// newer may take long.
func (a *Archiver) drain(ctx context.Context) {
	err := a.drainRooms(ctx, a.names())
	if err == nil {
		var rooms []string
		if rooms, err = a.opts.Source.Rooms(ctx); err == nil {
			rooms, err = a.opts.Source.Behind(ctx, rooms)
		}
		if err == nil {
			err = a.drainRooms(ctx, rooms)
		}
	}
	if err != nil {
		a.opts.Logger.Warn("archive: stopped before all logs were archived", "error", err)
	}
}

func (a *Archiver) drainRooms(ctx context.Context, rooms []string) error {
	for _, room := range rooms {
		claim := func() (Batch, error) {
			return a.opts.Source.Claim(ctx, room, a.opts.Consumer, 0, a.opts.Batch)
		}
		read := func() (Batch, error) { return a.opts.Source.Read(ctx, room, a.opts.Consumer, a.opts.Batch) }
		for _, deliver := range []func() (Batch, error){claim, read} {
			if err := a.drainRoom(ctx, deliver); err != nil {
				return fmt.Errorf("drain the log of room %s: %w", room, err)
			}
		}
	}
	return nil
}

// drainRoom stores what deliver returns, until that is nothing.
func (a *Archiver) drainRoom(ctx context.Context, deliver func() (Batch, error)) error {
	for {
		batch, err := deliver()
		if err != nil || len(batch.Entries) == 0 {
			return err
		}
		if !a.take(ctx, batch) || !a.keep(ctx) {
			return ctx.Err()
		}
	}
}
