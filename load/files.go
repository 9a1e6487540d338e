package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Where reports go if no flag says so.
const (
	reportFile  = "report.html"
	compareFile = "compare.html" // does not replace the report of a run
)

// inFolder puts the files that have no folder into that of -dir. named says that
// -html was given.
func (o *options) inFolder(named bool) {
	if o.compare && !named {
		o.html = compareFile
	}
	in := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(o.dir, name)
	}
	o.html, o.json, o.judge.file = in(o.html), in(o.json), in(o.judge.file)
	o.csv, o.hdr = in(o.csv), in(o.hdr)
	if o.compare {
		for i, name := range o.files {
			o.files[i] = in(name)
		}
	}
}

// writable returns an error if the files of the run cannot be written, before it
// begins. It leaves no new file.
func (o *options) writable() error {
	files := map[string]string{"-html": o.html, "-json": o.json, "-csv": o.csv, "-hdr": o.hdr}
	for flag, name := range files {
		if name == "" {
			continue
		}
		_, err := os.Stat(name)
		fresh := errors.Is(err, fs.ErrNotExist)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			return fmt.Errorf("%s %s cannot be written: %w; nothing was run", flag, name, err)
		}
		_ = f.Close() // nothing was written
		if fresh {
			_ = os.Remove(name)
		}
	}
	return nil
}
