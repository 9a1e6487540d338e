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

	// The newest of a room that have something, by where they ended.
	selectEpochs = `SELECT epoch, last FROM room_epochs WHERE room = $1 AND last > 0 ORDER BY last DESC, epoch LIMIT $2`

	// inLog is true of a row m of room_messages that its epoch does not have behind its end. The end is looked up by its key for each row that would
	// be shown: as a join, PostgreSQL might do it first. Of an epoch that is not known to have ended all rows are shown.
	inLog = `m.seq <= coalesce((SELECT e.last FROM room_epochs e WHERE e.room = m.room AND e.epoch = m.epoch), 9223372036854775807)`
	// inEpoch is the same where room and epoch are given as $1 and $2: then the end is looked up once, and bounds what is read of the index.
	inEpoch = `seq <= coalesce((SELECT last FROM room_epochs WHERE room = $1 AND epoch = $2), 9223372036854775807)`
)

// Epochs returns where the newest epochs of a room's log have ended, the newest
// first, at most limit. Epochs without a message are left out.
func (s *Store) Epochs(ctx context.Context, room string, limit int) ([]EpochEnd, error) {
	ends, err := list(ctx, s.read, func(row scanner) (EpochEnd, error) {
		e := EpochEnd{Room: room}
		return e, row.Scan(&e.Epoch, &e.Seq)
	}, selectEpochs, room, limit)
	if err != nil {
		return nil, fmt.Errorf("read the epochs of a room's log: %w", err)
	}
	return ends, nil
}

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
