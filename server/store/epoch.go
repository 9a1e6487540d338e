package store

import (
	"context"
	"database/sql"
	"fmt"
)

// EpochEnd is where an epoch of a room's log has ended: the log went on in another one, and gives the numbers behind Seq again.
type EpochEnd struct {
	Room, Epoch string
	Seq         int64
}

const (
	endEpoch = `
INSERT INTO room_epochs (room, epoch, last) VALUES ($1, $2, $3)
ON CONFLICT (room, epoch) DO UPDATE SET last = excluded.last WHERE room_epochs.last <> excluded.last`

	// inLog is true of a row m of room_messages that its epoch does not have behind its end. The end is looked up by its key for each row that would
	// be shown: as a join, PostgreSQL might do it first. Of an epoch that is not known to have ended all rows are shown.
	inLog = `m.seq <= coalesce((SELECT e.last FROM room_epochs e WHERE e.room = m.room AND e.epoch = m.epoch), 9223372036854775807)`
	// inEpoch is the same where room and epoch are given as $1 and $2: then the end is looked up once, and bounds what is read of the index.
	inEpoch = `seq <= coalesce((SELECT last FROM room_epochs WHERE room = $1 AND epoch = $2), 9223372036854775807)`
)

// EndEpochs takes note of ends of epochs, all or none. What the archive has of an epoch behind its end, or gets later, is in no page of RoomMessages
// and found by no search from then on; it is there all the same. An end that is known already may be given again, and the last one counts.
func (s *Store) EndEpochs(ctx context.Context, ends []EpochEnd) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for _, e := range ends {
			if _, err := tx.ExecContext(ctx, endEpoch, e.Room, e.Epoch, e.Seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end epochs of rooms' logs: %w", err)
	}
	return nil
}
