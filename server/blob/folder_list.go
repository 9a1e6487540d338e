package blob

import (
	"context"
	"io/fs"
	"iter"
	"path"
	"strings"
)

// List holds the names of one folder at a time in memory.
func (f *folder) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Info{}, failed("list", "", err))
			return
		}
		start := path.Dir(prefix) // of ab/cd and of ab/: ab
		err := fs.WalkDir(f.root.FS(), start, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case missing(err):
				return nil // deleted since its folder was read, or nothing is there yet
			case err != nil:
				return err
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case entry.IsDir() && (name == start || leads(name, prefix)):
				return nil
			case entry.IsDir():
				return fs.SkipDir
			case !entry.Type().IsRegular() || !strings.HasPrefix(name, prefix) || checkKey(name) != nil:
				return nil
			}
			info, err := entry.Info()
			if missing(err) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(Info{Key: name, Size: info.Size(), Modified: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Info{}, failed("list", prefix, err))
		}
	}
}

// leads reports whether a folder may contain keys that begin with prefix. Others,
// such as lost+found, may not be readable.
func leads(dir, prefix string) bool {
	return checkKey(dir) == nil && (strings.HasPrefix(dir+"/", prefix) || strings.HasPrefix(prefix, dir+"/"))
}
