package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"livechat/e2e/chaos"
)

// recorder keeps what the parts write and which faults are injected, in case
// the run fails.
type recorder struct {
	begin time.Time

	mu    sync.Mutex
	lines []string
}

func (k *recorder) line(part, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = append(k.lines, fmt.Sprintf("%9.3fs %-8s %s", time.Since(k.begin).Seconds(), part, text))
}

// save writes everything to a file, with the whole histories, and prints its
// name.
func (k *recorder) save(out io.Writer, name string, parts []chaos.Part) {
	file, err := os.CreateTemp("", "livechat-chaos-"+name+"-*.log")
	if err != nil {
		fmt.Fprintln(out, "cannot save the details:", err)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	w := bufio.NewWriter(file)
	for _, line := range k.lines {
		fmt.Fprintln(w, line)
	}
	for _, p := range parts {
		fmt.Fprintf(w, "\n%s\n\n", p.Name)
		_, err = p.History.WriteTo(w)
	}
	if err := errors.Join(err, w.Flush(), file.Close()); err != nil {
		fmt.Fprintln(out, "cannot save the details:", err)
		return
	}
	fmt.Fprintln(out, "details ", file.Name())
}
