package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// temporary is the subfolder of what is being written. Its name can be no key.
const temporary = ".tmp"

// folder is a Store in a folder, which several processes may share. A key is the
// path of a file. Files are 0600 and folders 0700: only the server's user reads
// what users have uploaded.
type folder struct {
	root  *os.Root // no path leaves it, not even by a symbolic link
	sweep hourly
}

var _ Store = (*folder)(nil)

func openFolder(name string) (*folder, error) {
	if name == "" {
		return nil, errors.New("the address of the file store has no path: write file:PATH")
	}
	_, err := os.Stat(name)
	if fresh := errors.Is(err, fs.ErrNotExist); fresh {
		if err = os.MkdirAll(name, 0o700); err == nil {
			err = syncPath(filepath.Dir(name))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make the folder of the file store: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the file store: %w", err)
	}
	f := &folder{root: root}
	if err := f.probe(); err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("write to the folder of the file store: %w", err)
	}
	f.cleanIfDue()
	return f, nil
}

// probe fails if nothing can be stored, so that a server with a folder of the
// wrong owner does not start.
func (f *folder) probe() error {
	if err := f.root.Mkdir(temporary, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	file, name, err := f.create()
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), f.root.Remove(name))
}

// create makes a temporary file.
func (f *folder) create() (file *os.File, name string, err error) {
	name = temporary + "/" + rand.Text()
	file, err = f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return file, name, err
}

func (f *folder) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if err := checkKey(key); err != nil {
		return failed("put", "", err)
	}
	name, err := f.write(&source{ctx: ctx, r: r, size: size})
	if err == nil {
		if err = f.publish(name, key); err != nil {
			_ = f.root.Remove(name)
		}
	}
	f.cleanIfDue()
	return failed("put", key, err)
}

// write copies r to a temporary file, which is on disk when it returns. After an
// error there is none.
func (f *folder) write(r io.Reader) (name string, err error) {
	file, name, err := f.create()
	if err != nil {
		return "", err
	}
	if _, err = io.Copy(file, r); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = f.root.Remove(name)
		return "", err
	}
	return name, nil
}

// publish gives a temporary file its key, and returns when that is on disk.
func (f *folder) publish(name, key string) error {
	dir := path.Dir(key)
	for try := 1; ; try++ {
		var err error
		if dir != "." {
			err = f.root.MkdirAll(dir, 0o700)
		}
		if err == nil {
			err = f.root.Rename(name, key)
		}
		if err == nil {
			break
		}
		// A Delete may have removed the folder, empty as it was, in between; where
		// that happens within MkdirAll, it says that the folder exists.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) || try == 10 {
			return err
		}
	}
	return f.sync(key)
}

// sync writes the folders above key to disk: the file's entry, and those of
// folders that are new, no matter which Put made them.
func (f *folder) sync(key string) error {
	for dir := range parents(key) {
		if err := f.syncDir(dir); err != nil && !missing(err) { // missing: deleted since
			return err
		}
	}
	return f.syncDir(".")
}

func (f *folder) syncDir(name string) error {
	dir, err := f.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func syncPath(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// missing reports whether err says that there is no such file, or that a folder
// on the way to it is a file.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func (f *folder) Open(_ context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return nil, failed("open", "", err)
	}
	file, err := f.root.Open(key)
	if missing(err) {
		return nil, failed("open", key, ErrNotFound)
	}
	if err != nil {
		return nil, failed("open", key, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotFound // a folder: part of a key
	}
	if err != nil {
		_ = file.Close()
		return nil, failed("open", key, err)
	}
	return &local{key, file, info.Size()}, nil
}

// local is an Object in a folder. The open file outlives its name.
type local struct {
	key  string
	file *os.File
	size int64
}

var _ Object = (*local)(nil)

func (l *local) Read(p []byte) (int, error) {
	n, err := l.file.Read(p)
	if err != nil && err != io.EOF {
		err = failed("read", l.key, err)
	}
	return n, err
}

func (l *local) Seek(offset int64, whence int) (int64, error) {
	position, err := l.file.Seek(offset, whence)
	return position, failed("seek", l.key, err)
}

func (l *local) Size() int64 { return l.size }

func (l *local) Close() error { return failed("close", l.key, l.file.Close()) }

// Delete also removes folders that are empty afterwards. It returns when the
// file's entry is gone from the disk: deleted files do not come back.
func (f *folder) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return failed("delete", "", err)
	}
	info, err := f.root.Lstat(key)
	if err == nil && info.IsDir() {
		return nil // part of a key, not one
	}
	if err == nil {
		err = f.root.Remove(key)
	}
	if missing(err) {
		return nil
	}
	if err == nil {
		err = f.syncDir(path.Dir(key))
	}
	if err != nil && !missing(err) {
		return failed("delete", key, err)
	}
	for dir := range parents(key) {
		if f.root.Remove(dir) != nil {
			break // not empty
		}
	}
	return nil
}

func (f *folder) Close() error { return f.root.Close() }

// cleanIfDue cleans once an hour. What cannot be cleaned now can be later.
func (f *folder) cleanIfDue() {
	if now := time.Now(); f.sweep.due(now) {
		_ = f.clean(now.Add(-abandoned))
	}
}

// clean removes temporary files that nobody has written to since the time given:
// those of processes that were killed.
func (f *folder) clean(before time.Time) error {
	entries, err := fs.ReadDir(f.root.FS(), temporary)
	for _, entry := range entries {
		if info, infoErr := entry.Info(); infoErr == nil && info.Mode().IsRegular() &&
			info.ModTime().Before(before) {
			err = errors.Join(err, f.root.Remove(temporary+"/"+entry.Name()))
		}
	}
	return err
}
