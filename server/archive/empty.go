package archive

import (
	"context"
	"fmt"
)

// empty stores what is still in the logs, whoever was handed it, until ctx ends. First in the rooms that are known, then in those that are
// newer than the last look, since looking for all rooms may take long.
func (a *Archiver) empty(ctx context.Context) {
	err := a.emptyRooms(ctx, a.names())
	if err == nil {
		var rooms []string
		if rooms, err = a.opts.Source.Rooms(ctx); err == nil {
			rooms, err = a.opts.Source.Behind(ctx, rooms)
		}
		if err == nil {
			err = a.emptyRooms(ctx, rooms)
		}
	}
	if err != nil {
		a.opts.Log.Warn("the archive stopped before it had all that is in the rooms' logs", "error", err)
	}
}

func (a *Archiver) emptyRooms(ctx context.Context, rooms []string) error {
	for _, room := range rooms {
		claim := func() (Batch, error) {
			return a.opts.Source.Claim(ctx, room, a.opts.Consumer, 0, a.opts.Batch)
		}
		read := func() (Batch, error) { return a.opts.Source.Read(ctx, room, a.opts.Consumer, a.opts.Batch) }
		for _, hand := range []func() (Batch, error){claim, read} {
			if err := a.emptyRoom(ctx, hand); err != nil {
				return fmt.Errorf("empty the log of room %s: %w", room, err)
			}
		}
	}
	return nil
}

// emptyRoom stores what hand returns, until it returns nothing more.
func (a *Archiver) emptyRoom(ctx context.Context, hand func() (Batch, error)) error {
	for {
		batch, err := hand()
		if err != nil || len(batch.Entries) == 0 {
			return err
		}
		if !a.take(ctx, batch) || !a.keep(ctx) {
			return ctx.Err()
		}
	}
}
