package store

import (
	"context"
	"database/sql"
	"fmt"
)

// EpochEnd is where an epoch of a room's log ended. The log continued in
// another epoch, which assigns the numbers after Seq again.
type EpochEnd struct {
	Room, Epoch string
	Seq         int64
}

const (
	endEpoch = `
INSERT INTO room_epochs (room, epoch, last) VALUES ($1, $2, $3)
ON CONFLICT (room, epoch) DO UPDATE SET last = excluded.last WHERE room_epochs.last <> excluded.last`

	// The newest epochs of a room that have messages, by where they ended.
	selectEpochs = `SELECT epoch, last FROM room_epochs WHERE room = $1 AND last > 0
		ORDER BY last DESC, epoch LIMIT $2`

	// inLog is true for a row m of room_messages that is not past the end of
	// its epoch. The end is looked up by its key for each row that would be
	// shown: in a join, PostgreSQL might look it up first. All rows of an epoch
	// without a known end are shown.
	inLog = `m.seq <= coalesce((SELECT e.last FROM room_epochs e WHERE e.room = m.room
		AND e.epoch = m.epoch), 9223372036854775807)`
	// inEpoch is the same where room and epoch are $1 and $2: the end is then
	// looked up once, and bounds what is read of the index.
	inEpoch = `seq <= coalesce((SELECT last FROM room_epochs WHERE room = $1
		AND epoch = $2), 9223372036854775807)`
)

// Epochs returns where the newest epochs of a room's log ended, the newest
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

// EndEpochs records ends of epochs, all or none. Messages of an epoch past its
// end, whether archived already or later, stay in the archive but no longer
// appear in pages of RoomMessages or in search results. An end may be recorded
// again; the last one counts.
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
		return fmt.Errorf("record ends of epochs: %w", err)
	}
	return nil
}
