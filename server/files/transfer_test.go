package files

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// content returns all bytes of the blob store, by key.
func (w *world) content() map[string]string {
	w.t.Helper()
	all := make(map[string]string)
	for _, key := range w.keys() {
		object, err := w.blobs.Open(w.t.Context(), key)
		w.must(err)
		var b bytes.Buffer
		_, err = b.ReadFrom(object)
		w.must(err)
		w.must(object.Close())
		all[key] = b.String()
	}
	return all
}

func (w *world) export() string {
	w.t.Helper()
	var out bytes.Buffer
	_, err := w.db.ExportWith(w.t.Context(), &out, Transfer{w.blobs})
	w.must(err)
	return out.String()
}

func TestTransferOfFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared.Database(t))
	ctx := t.Context()
	photo := picturePNG(t, 1400, 900)
	f, _, err := w.Store(ctx, Upload{Name: "p.png", Size: -1, Owner: w.ann}, bytes.NewReader(photo))
	w.must(err)
	w.claim(f)
	long := strings.Repeat("0123456789abcdef", 140_000) // more than two pieces
	w.claim(w.upload(w.ann, long))
	w.claim(w.upload(Owner{}, strings.Repeat("x", 1<<20))) // one piece
	unclaimed := w.upload(w.ann, "nobody's")
	first, all := w.export(), w.content()
	delete(all, keyOf(unclaimed.ID, 0))
	through := first
	for _, url := range []string{"sqlite:" + filepath.Join(t.TempDir(), "through.db"), shared.Database(t)} {
		next := &world{t: t, url: url, dir: filepath.Join(t.TempDir(), "files")}
		next.open()
		counts, err := next.db.ImportWith(ctx, strings.NewReader(through), Transfer{next.blobs})
		w.must(err)
		same(t, "counts", fmt.Sprint(counts.Files, counts.WithoutBytes), "3 0")
		through = next.export()
		same(t, "the export through "+next.db.Dialect(), through == first, true)
		same(t, "every byte", fmt.Sprint(next.content()) == fmt.Sprint(all), true)
		before, err := w.db.FileUsage(ctx)
		w.must(err)
		usage, err := next.db.FileUsage(ctx)
		w.must(err)
		same(t, "usage", fmt.Sprint(usage.Bytes, usage.Files), fmt.Sprint(before.Bytes-8, before.Files-1))
	}
}

func TestTransferWithoutBytes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.claim(w.upload(w.ann, "hello"))
		var out bytes.Buffer
		counts, err := w.db.Export(t.Context(), &out)
		w.must(err)
		same(t, "without bytes", counts.WithoutBytes, 1)
		same(t, "in words", strings.HasSuffix(counts.String(), "1 file (1 without bytes)"), true)
		next := &world{t: t, url: "sqlite::memory:", dir: filepath.Join(t.TempDir(), "files")}
		next.open()
		counts, err = next.db.ImportWith(t.Context(), &out, Transfer{next.blobs})
		w.must(err)
		same(t, "without bytes", counts.WithoutBytes, 1)
	})
}

// TestImportOfBrokenFiles: nothing is left of them.
func TestImportOfBrokenFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite::memory:")
	w.claim(w.upload(w.ann, "hello"))
	w.claim(w.upload(w.ann, strings.Repeat("x", 1<<20+1)))
	sound := w.export()
	lines := slices.Collect(strings.Lines(sound))
	without := func(n int) string { return strings.Join(slices.Delete(slices.Clone(lines), n, n+1), "") }
	pieces := 0
	for i, line := range lines {
		if !strings.Contains(line, `"type":"file_bytes"`) {
			continue
		}
		pieces++
		before, data, _ := strings.Cut(line, `"data":"`)
		for name, unsound := range map[string]string{
			"missing":     without(i),
			"more bytes":  strings.Replace(sound, line, before+`"data":"AAAA`+data, 1),
			"other bytes": strings.Replace(sound, line, before+`"data":"AAAA`+data[4:], 1),
			"twice":       strings.Replace(sound, line, line+line, 1),
		} {
			next := &world{t: t, url: "sqlite::memory:", dir: filepath.Join(t.TempDir(), "files")}
			next.open()
			_, err := next.db.ImportWith(t.Context(), strings.NewReader(unsound), Transfer{next.blobs})
			if err == nil {
				t.Errorf("piece %d %s: imported", pieces, name)
			}
			next.empty(name)
		}
	}
	same(t, "pieces", pieces, 3)
}
