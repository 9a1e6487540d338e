package chaos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"livechat/internal/tests3"
)

// aged is by how much files are made older, so that the servers collect those
// that no message has, and the check counts bytes without a file.
const aged = 48 * time.Hour

// collectTime bounds the wait for that. The servers look once a minute.
const collectTime = 3 * time.Minute

// checkEvery is the time between two checks of the files.
const checkEvery = 3 * time.Second

// fileStore is where a run's files are.
type fileStore struct {
	env    []string       // settings of the servers, as name=value
	folder string         // with a file for each key
	s3     *tests3.Server // nil: the folder is the store
}

// openFiles prepares the store of files.
func (r *run) openFiles() error {
	f := &r.files
	if !r.S3 {
		f.folder = filepath.Join(r.dir, "files")
		f.env = []string{"FILES_URL=file:" + f.folder}
		return nil
	}
	var err error
	if f.s3, err = tests3.Run(lineWriter{func(line string) { r.Log("s3", line) }}); err != nil {
		return err
	}
	f.folder = f.s3.Folder()
	f.env = []string{
		"FILES_URL=" + f.s3.URL(), "FILES_S3_KEY=" + tests3.ID, "FILES_S3_SECRET=" + tests3.Secret,
	}
	return nil
}

// close ends it. It may be called again.
func (f *fileStore) close() {
	if f.s3 != nil {
		f.s3.Close()
	}
}

// lineWriter passes on lines. One that comes in several pieces is several lines.
type lineWriter struct{ line func(string) }

// Write implements io.Writer.
func (w lineWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		w.line(strings.TrimRight(line, "\n"))
	}
	return len(p), nil
}

// filesLeft returns how many files the crowds and users have left, at least and
// at most.
func (r *run) filesLeft() (least, most int) {
	for _, c := range r.crowds() {
		l, m := c.filed.left(c.History.IsDeleted)
		least, most = least+l, most+m
	}
	if r.users != nil {
		l, m := r.users.filed.left(func(string) bool { return false })
		least, most = least+l, most+m
	}
	return least, most
}

// checkCollected makes all files older, and waits until the servers have
// collected those that no message has: then there are as many as messages with
// one, and `livechat admin files check` finds nothing wrong.
func (r *run) checkCollected() error {
	if r.Crowd.Files == 0 {
		return nil
	}
	least, most := r.filesLeft()
	least, most = least+r.leastBefore, most+r.mostBefore
	if err := r.age(); err != nil {
		return fmt.Errorf("make files older: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), collectTime)
	defer cancel()
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for first := true; ; first = false {
		err := r.filesAgree(ctx, least, most)
		if err == nil {
			return nil
		}
		if first {
			r.Progress("%v", err) // as it should be
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return err
		}
	}
}

// age makes everything that is stored of files older.
func (r *run) age() error {
	// A server that was killed may hold the lease of the collector.
	statement := fmt.Sprintf(`UPDATE files SET created = created - %[1]d;
		UPDATE uploads SET created = created - %[1]d, touched = touched - %[1]d;
		DELETE FROM leases WHERE name = 'files'`, aged.Milliseconds())
	if err := r.postgres.Exec(r.database, statement); err != nil {
		return err
	}
	then := time.Now().Add(-aged)
	return filepath.WalkDir(r.files.folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			err = os.Chtimes(path, then, then)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was removed meanwhile
		}
		return err
	})
}

// filesAgree runs the check of the files, and compares their number with that of
// the messages that have one.
func (r *run) filesAgree(ctx context.Context, least, most int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	check := exec.CommandContext(ctx, r.Binary, "admin", "files", "check")
	check.Env = append(os.Environ(), append(r.files.env, "DATABASE_URL="+r.database)...)
	out, err := check.CombinedOutput()
	text := strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", "; ")
	if err != nil {
		return fmt.Errorf("livechat admin files check: %w: %s", err, text)
	}
	var n int
	if _, err := fmt.Sscanf(text, "files %d", &n); err != nil {
		return fmt.Errorf("read %q: %w", text, err)
	}
	if n < least || n > most {
		return fmt.Errorf("%d files are stored, want those of %d to %d messages: %s", n, least, most, text)
	}
	r.Progress("%d messages have a file; livechat admin files check: %s", least, text)
	return nil
}
