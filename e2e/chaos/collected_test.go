package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"livechat/client"
)

// In the end there are as many files as messages that have one and were not
// deleted; of those that were never acked nobody knows.
func TestFilesLeft(t *testing.T) {
	var f filed
	for i := range 5 {
		f.attach(fmt.Sprint(i), client.File{ID: fmt.Sprint(i)}, "")
		if i > 0 {
			f.acked(fmt.Sprint(i))
		}
	}
	if least, most := f.left(func(message string) bool { return message == "4" }); least != 3 || most != 4 {
		t.Errorf("%d to %d, want 3 to 4", least, most)
	}
}

// The check of the files has to be clean, and to count them.
func TestFilesAgree(t *testing.T) {
	for name, c := range map[string]struct {
		script      string
		least, most int
		ok          bool
	}{
		"all":            {`echo "files 3, bytes stored 5"`, 3, 3, true},
		"one unsure":     {`echo "files 3, bytes stored 5"`, 2, 3, true},
		"too few":        {`echo "files 3, bytes stored 5"`, 4, 5, false},
		"too many":       {`echo "files 3, bytes stored 5"`, 1, 2, false},
		"not clean":      {`echo "files 3, bytes stored 5"; exit 1`, 3, 3, false},
		"another output": {`echo "nothing"`, 0, 9, false},
		"the command": {
			`test "$*" = "admin files check" && test "$DATABASE_URL" = db && echo "files 1"`, 1, 1, true,
		},
	} {
		r := prepare(Options{Binary: filepath.Join(t.TempDir(), "livechat")})
		r.database = "db"
		if err := os.WriteFile(r.Binary, []byte("#!/bin/sh\n"+c.script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := r.filesAgree(t.Context(), c.least, c.most); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
