package personal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

// An erasure that cannot go on is warned of once, and an outage of the database
// not at all: its watcher does that.
func TestComplain(t *testing.T) {
	var lines bytes.Buffer
	e := NewEraser(Options{Logger: slog.New(slog.NewTextHandler(&lines, nil))})
	e.complain(t.Context(), fmt.Errorf("look for an erasure: %w", io.ErrUnexpectedEOF))
	if lines.Len() > 0 {
		t.Errorf("of an outage: %s", &lines)
	}
	for range 2 {
		e.complain(t.Context(), errors.New("no such column"))
	}
	if n := strings.Count(lines.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings of other errors, want 1:\n%s", n, &lines)
	}
}
