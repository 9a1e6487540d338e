package plan

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Resize is a change of the number of servers.
type Resize struct {
	N       int    // what stands for {n} in the command
	Command string // that changes it
	// More is how many servers more the change brings, if Known: what {n} is more
	// than before. Before the first change there is nothing to compare with.
	More  int
	Known bool
	Watch time.Duration // from when the command has returned to the end of the step
}

const placeholder = "{n}"

// scaleHold is how long the clients have by default to spread after a change: the
// servers take about 25 s to balance them.
const scaleHold = time.Minute

func checkScale(s *Settings) error {
	if s.ScaleCommand == "" {
		return nil
	}
	if !strings.Contains(s.ScaleCommand, placeholder) {
		return fmt.Errorf("-scale-command %q: want %s where the number goes, as in "+
			"'docker compose up -d --scale ws={n}'", s.ScaleCommand, placeholder)
	}
	if len(s.Scale) == 0 {
		return errors.New("-scale: want numbers, such as 0,4,0")
	}
	for _, n := range s.Scale {
		if n < 0 {
			return fmt.Errorf("-scale %d: want 0 or more", n)
		}
	}
	return nil
}

func scaleFor(s *Settings) time.Duration { return time.Duration(max(len(s.Scale), 1)) * scaleHold }

// resizes returns the changes of the run; none without a command.
func (s *Settings) resizes() (all []Resize) {
	if s.ScaleCommand == "" {
		return nil
	}
	for i, n := range s.Scale {
		r := Resize{N: n, Watch: s.For / time.Duration(len(s.Scale)),
			Command: strings.ReplaceAll(s.ScaleCommand, placeholder, strconv.Itoa(n))}
		if i > 0 {
			r.More, r.Known = n-s.Scale[i-1], true
		}
		all = append(all, r)
	}
	return all
}

func scale(ctx context.Context, s *Settings, w World) error {
	if err := w.Until(ctx, 0); err != nil {
		return err
	}
	if resizes := s.resizes(); len(resizes) > 0 {
		return w.Scale(ctx, resizes)
	}
	return w.WatchScale(ctx, s.For)
}
