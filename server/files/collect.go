package files

import (
	"context"
	"errors"
	"slices"
	"time"

	"livechat/server/store"
)

// collected is the part of the database that the collector needs.
type collected interface {
	TryLock(ctx context.Context, name string, ttl time.Duration) (bool, error)
	FilesDeleted() <-chan struct{}
	DeletedFiles(ctx context.Context, limit int) ([]store.StoredFile, error)
	FilesRemoved(ctx context.Context, ids []string, now time.Time) error
	ForgetFiles(ctx context.Context, before, now time.Time, limit int) (int64, error)
	DeleteUnclaimed(ctx context.Context, before time.Time, limit int) (int64, error)
	DeleteGuestFiles(ctx context.Context, before time.Time, limit int) (int64, error)
	UnarchivedRooms(ctx context.Context, before time.Time, limit int) ([]string, error)
	DeleteUnarchived(ctx context.Context, room string, before time.Time) (int64, error)
	DeadUploads(ctx context.Context, idle, empty time.Time, limit int) ([]store.FileUpload, error)
	AbandonUpload(ctx context.Context, u store.FileUpload, now time.Time) (ok bool, err error)
	ForgetFileSources(ctx context.Context, now time.Time) error
	FilesAfter(ctx context.Context, id string, limit int) ([]store.StoredFile, error)
	KnownFile(ctx context.Context, id string) (bool, error)
	DeleteFile(ctx context.Context, id string) error
	RecountFiles(ctx context.Context) error
}

const (
	collectLease = "files" // held by the one process that collects

	removeEvery  = 15 * time.Second // for what other processes have deleted
	collectEvery = time.Minute
	sweepEvery   = 10 * time.Minute
	// settleTime is how long a transaction that has deleted files may take to
	// commit.
	settleTime  = 250 * time.Millisecond
	passTimeout = 5 * time.Minute

	unclaimedAge = time.Hour      // of files that no message has
	emptyAge     = time.Hour      // of uploads without a byte
	idleAge      = 24 * time.Hour // of resumable uploads
	leftoverAge  = 6 * time.Hour  // of bytes under incoming/ and parts/ without a row
	takenAge     = 24 * time.Hour // of ids of deleted files: attempts to upload them end sooner

	// unarchivedAge is how long ago a file was claimed for a message that the
	// archive does not have. Servers republish what Redis has lost for ten
	// minutes; the rest is for clocks, and for whoever looks what has happened.
	unarchivedAge = 24 * time.Hour
	// completeFor is how long, and at each look, the archive has to have all of a
	// room's log before such a file is collected: a log that has just lost
	// messages may get them back from the servers that remember them.
	completeFor = 30 * time.Minute

	collectBatch = 100
	maxBatches   = 100  // of one kind in one pass
	maxRooms     = 1000 // with unarchived files that are looked at
)

// collector is what Run remembers from pass to pass.
type collector struct {
	// rooms with unarchived files: since when the archive is known to have all of
	// their logs
	complete map[string]time.Time
	looked   time.Time // when that was asked last
	swept    time.Time
}

// Run removes what nobody needs until ctx ends: the bytes of deleted files at
// once, and, in one process at a time, files that no message has, old files of
// guests, uploads that nobody continues, and what crashes have left.
func (s *Service) Run(ctx context.Context) error {
	remove, collect := time.NewTicker(removeEvery), time.NewTicker(collectEvery)
	defer remove.Stop()
	defer collect.Stop()
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.Options.Store.FilesDeleted():
			settled = time.After(settleTime)
		case <-settled:
			s.do(ctx, "remove deleted files", s.removeDeleted)
		case <-remove.C:
			s.do(ctx, "remove deleted files", s.removeDeleted)
		case <-collect.C:
			mine, err := s.Options.Store.TryLock(ctx, collectLease, 2*collectEvery)
			if err == nil && mine {
				s.do(ctx, "collect files", s.Collect)
			}
		}
	}
}

func (s *Service) do(ctx context.Context, what string, work func(context.Context) error) {
	bounded, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	if err := work(bounded); err != nil && ctx.Err() == nil {
		s.Logger.WarnContext(ctx, "files: cannot "+what, "error", err)
	}
}

// Collect makes one pass of the collector. Only Run, or who does not run it, may
// call it. An error of one step does not keep the others from their work.
func (s *Service) Collect(ctx context.Context) error {
	now, db := s.Now(), s.Options.Store
	errs := []error{
		batches(ctx, func() (int64, error) {
			return db.DeleteUnclaimed(ctx, now.Add(-unclaimedAge), collectBatch)
		}),
		s.collectUnarchived(ctx, now),
		s.dropDead(ctx, now),
		db.ForgetFileSources(ctx, now),
	}
	if s.GuestAge > 0 {
		errs = append(errs, batches(ctx, func() (int64, error) {
			return db.DeleteGuestFiles(ctx, now.Add(-s.GuestAge), collectBatch)
		}))
	}
	if now.Sub(s.collector.swept) >= sweepEvery {
		s.collector.swept = now
		errs = append(errs, s.sweep(ctx, now), batches(ctx, func() (int64, error) {
			return db.ForgetFiles(ctx, now.Add(-takenAge), now, collectBatch)
		}))
	}
	return errors.Join(append(errs, s.removeDeleted(ctx))...)
}

// batches does work until a batch is not full.
func batches(ctx context.Context, work func() (int64, error)) error {
	for range maxBatches {
		if n, err := work(); err != nil || n < collectBatch || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// removeDeleted removes the bytes of deleted files. Several processes may do so
// at once.
func (s *Service) removeDeleted(ctx context.Context) error {
	return batches(ctx, func() (int64, error) {
		deleted, err := s.Options.Store.DeletedFiles(ctx, collectBatch)
		if err != nil {
			return 0, err
		}
		var gone []string
		var failed error
		for _, f := range deleted {
			if err := s.removeBytes(ctx, f.ID); err != nil {
				failed = err
				continue
			}
			gone = append(gone, f.ID)
		}
		return int64(len(deleted)), errors.Join(failed, s.Options.Store.FilesRemoved(ctx, gone, s.Now()))
	})
}

func (s *Service) removeBytes(ctx context.Context, id string) error {
	for _, key := range slices.Backward(keysOf(id)) {
		if err := s.Blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// collectUnarchived deletes files that were claimed for messages which were never
// published: the archive does not have the message although it has all of the
// room's log, at every look for a while. A file of a message that waits in Redis
// for the archive, or that a repair of the log brings back, stays.
func (s *Service) collectUnarchived(ctx context.Context, now time.Time) error {
	c := &s.collector
	if now.Sub(c.looked) > 3*collectEvery {
		clear(c.complete) // nobody looked, or another process did
	}
	c.looked = now
	if s.Behind == nil {
		return nil
	}
	before := now.Add(-unarchivedAge)
	rooms, err := s.Options.Store.UnarchivedRooms(ctx, before, maxRooms)
	var behind []string
	if err == nil && len(rooms) > 0 {
		behind, err = s.Behind(ctx, rooms)
	}
	if err != nil {
		clear(c.complete)
		return err
	}
	for room := range c.complete {
		if !slices.Contains(rooms, room) || slices.Contains(behind, room) {
			delete(c.complete, room)
		}
	}
	for _, room := range rooms {
		if slices.Contains(behind, room) {
			continue
		}
		since, known := c.complete[room]
		if !known {
			c.complete[room] = now
			continue
		}
		if now.Sub(since) < completeFor {
			continue
		}
		n, err := s.Options.Store.DeleteUnarchived(ctx, room, before)
		if err != nil {
			return err
		}
		s.Logger.InfoContext(ctx, "files: deleted files of messages that were never published", "room", room,
			"files", n)
	}
	return nil
}

// dropDead removes uploads that nobody continues.
func (s *Service) dropDead(ctx context.Context, now time.Time) error {
	return batches(ctx, func() (int64, error) {
		dead, err := s.Options.Store.DeadUploads(ctx, now.Add(-idleAge), now.Add(-emptyAge), collectBatch)
		if err != nil {
			return 0, err
		}
		for _, up := range dead {
			if err := s.dropUpload(ctx, up); err != nil {
				return 0, err
			}
		}
		return int64(len(dead)), nil
	})
}

// dropUpload removes an upload, unless it has gone on since it was listed. What a
// process that is killed meanwhile leaves the collector finds.
func (s *Service) dropUpload(ctx context.Context, up store.FileUpload) error {
	pieces, err := s.Options.Store.UploadParts(ctx, up.ID)
	if err != nil {
		return err
	}
	if ok, err := s.Options.Store.AbandonUpload(ctx, up, s.Now()); err != nil || !ok {
		return err
	}
	for _, p := range pieces {
		if err := s.Blobs.Delete(ctx, p.Key); err != nil {
			return err
		}
	}
	return nil
}
