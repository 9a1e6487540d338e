package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Names of the totals of files. A guest's address has one for each day.
const (
	totalAll    = "all"
	totalGuests = "guests"
	totalUser   = "user:"
	totalDay    = "day:"
	dayFormat   = "2006-01-02"
)

const (
	addTotal = `INSERT INTO file_totals (name, bytes, files) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET bytes = file_totals.bytes + excluded.bytes,
		files = file_totals.files + excluded.files RETURNING bytes`
	forgetTotal  = `DELETE FROM file_totals WHERE name = $1 AND bytes <= 0 AND files <= 0`
	selectTotals = `SELECT name, bytes, files FROM file_totals WHERE name IN ('all', 'guests')`
	forgetDays   = `DELETE FROM file_totals WHERE name LIKE 'day:%' AND name < $1`
	forgetKeys   = `DELETE FROM file_keys WHERE day < $1`
	insertKey    = `INSERT INTO file_keys (day, key) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING`
	selectKey    = `SELECT key FROM file_keys WHERE day = $1`
	// Reservations for uploads stay.
	clearTotals = `DELETE FROM file_totals WHERE name NOT LIKE 'day:%'`
	sumTotals   = `
INSERT INTO file_totals (name, bytes, files)
SELECT name, sum(bytes), sum(files) FROM (
	SELECT 'all' AS name, stored AS bytes, 1 AS files FROM files WHERE stored > 0
	UNION ALL SELECT 'all', reserved, 0 FROM uploads
	UNION ALL SELECT CASE WHEN user_id = 0 THEN 'guests' ELSE 'user:' || user_id END, stored, 1 FROM files
		WHERE stored > 0
	UNION ALL SELECT CASE WHEN user_id = 0 THEN 'guests' ELSE 'user:' || user_id END, reserved, 0 FROM uploads
) parts GROUP BY name`
)

// FileLimits bound the bytes of files; 0: no limit.
type FileLimits struct {
	All    int64 // of all files
	Guests int64 // of all guests' files
	User   int64 // of one account's files
	Day    int64 // that one address uploads as a guest in a day
}

// FileUsage is what files use, with what is reserved for uploads.
type FileUsage struct{ Bytes, Files, GuestBytes, GuestFiles int64 }

// QuotaError says that a limit leaves no room for an upload.
type QuotaError struct {
	Of   string // "all", "guests", "user" or "day"
	Left int64  // bytes
}

// Error implements error.
func (e *QuotaError) Error() string {
	return fmt.Sprintf("limit of %s reached, %d bytes left", e.Of, e.Left)
}

// FileUsage returns what all files use.
func (s *Store) FileUsage(ctx context.Context) (u FileUsage, err error) {
	_, err = list(ctx, s.read, func(row scanner) (_ struct{}, err error) {
		var name string
		var bytes, files int64
		if err := row.Scan(&name, &bytes, &files); err != nil {
			return struct{}{}, err
		}
		if name == totalAll {
			u.Bytes, u.Files = bytes, files
		} else {
			u.GuestBytes, u.GuestFiles = bytes, files
		}
		return struct{}{}, nil
	}, selectTotals)
	if err != nil {
		return FileUsage{}, fmt.Errorf("read what files use: %w", err)
	}
	return u, nil
}

// FileKey returns the secret key under which addresses of a day are hashed, the
// same for all processes. It is forgotten after the day.
func (s *Store) FileKey(ctx context.Context, now time.Time) (day, key string, err error) {
	day = now.UTC().Format(dayFormat)
	if _, err = exec(ctx, s.write, insertKey, day, rand.Text()); err == nil {
		err = s.write.QueryRowContext(ctx, selectKey, day).Scan(&key)
	}
	if err != nil {
		return "", "", fmt.Errorf("read the key of a day: %w", s.seen(err))
	}
	return day, key, nil
}

// DaySource returns the source of uploads from a hashed address on a day.
func DaySource(day, hash string) string { return totalDay + day + ":" + hash }

// totalsOf returns the totals that the files of an owner count for.
func totalsOf(user int64, source string) []string {
	names := []string{totalAll}
	if user != 0 {
		return append(names, totalUser+strconv.FormatInt(user, 10))
	}
	if names = append(names, totalGuests); source != "" {
		names = append(names, source)
	}
	return names
}

// addTotals adds to totals in one order, so that no two transactions wait for
// each other, and checks limits if bytes are added. Unknown sizes are reserved
// as nothing: they need a byte that is free.
func addTotals(ctx context.Context, tx *sql.Tx, names []string, bytes, files int64,
	limits *FileLimits) error {
	slices.Sort(names)
	for _, name := range names {
		var sum int64
		if err := tx.QueryRowContext(ctx, addTotal, name, bytes, files).Scan(&sum); err != nil {
			return fmt.Errorf("count files: %w", err)
		}
		if limits == nil {
			if sum <= 0 {
				if _, err := exec(ctx, tx, forgetTotal, name); err != nil {
					return fmt.Errorf("count files: %w", err)
				}
			}
			continue
		}
		of, limit := limits.of(name)
		if limit > 0 && max(sum, sum-bytes+1) > limit {
			return &QuotaError{Of: of, Left: max(0, limit-(sum-bytes))}
		}
	}
	return nil
}

// of returns the limit of a total and what it is called in a QuotaError.
func (l *FileLimits) of(name string) (of string, limit int64) {
	switch {
	case name == totalAll:
		return "all", l.All
	case name == totalGuests:
		return "guests", l.Guests
	case len(name) > len(totalDay) && name[:len(totalDay)] == totalDay:
		return "day", l.Day
	}
	return "user", l.User
}

// ForgetFileSources forgets the addresses of the days before now's.
func (s *Store) ForgetFileSources(ctx context.Context, now time.Time) error {
	today := now.UTC().Format(dayFormat)
	_, err := exec(ctx, s.write, forgetDays, totalDay+today)
	if err == nil {
		_, err = exec(ctx, s.write, forgetKeys, today)
	}
	if err != nil {
		return fmt.Errorf("forget addresses of uploads: %w", s.seen(err))
	}
	return nil
}

// RecountFiles corrects the totals, should they differ from the rows.
func (s *Store) RecountFiles(ctx context.Context) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error { return s.recountFiles(ctx, tx) })
	if err != nil {
		return fmt.Errorf("count files: %w", err)
	}
	return nil
}

func (s *Store) recountFiles(ctx context.Context, tx *sql.Tx) error {
	statements := []string{clearTotals, sumTotals}
	if s.dialect == postgres { // others add to them meanwhile
		statements = slices.Insert(statements, 0,
			`LOCK TABLE files, uploads, file_totals IN SHARE ROW EXCLUSIVE MODE`)
	}
	for _, statement := range statements {
		if _, err := exec(ctx, tx, statement); err != nil {
			return err
		}
	}
	return nil
}
