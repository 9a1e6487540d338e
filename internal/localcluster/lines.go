package localcluster

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// outputLines is how many lines of a part's output are kept for the error when
// it ends.
const outputLines = 20

// lines splits a program's output into lines. exec writes to it from one
// goroutine at a time.
type lines struct {
	part *Part
	rest []byte // the beginning of an unfinished line

	mu   sync.Mutex
	last []string
}

// Write accepts the next piece of output.
func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(b), nil
		}
		l.take(string(line))
		l.rest = rest
	}
}

// flush handles what came after the last newline.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.take(string(l.rest))
		l.rest = nil
	}
}

func (l *lines) take(line string) {
	l.part.log(l.part.Name, line)
	l.mu.Lock()
	l.last = append(l.last, line)
	if len(l.last) > outputLines {
		l.last = l.last[1:]
	}
	l.mu.Unlock()
	if strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") ||
		strings.HasPrefix(line, "fatal error:") {
		l.part.mu.Lock()
		l.part.bad = append(l.part.bad, line)
		l.part.mu.Unlock()
	}
}

// tail returns the last lines.
func (l *lines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}

// complaints returns an error if the part, in any of its runs, wrote a line
// that no part may write, such as a data race.
func (p *Part) complaints() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.bad) == 0 {
		return nil
	}
	return fmt.Errorf("%s wrote %q, see its log", p.Name, p.bad[0])
}
