package plan

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Command is a shell command that is run at some moment of a run.
type Command struct {
	At  time.Duration // after the warm-up
	Run string
	// Then undoes what Run did. It is run after For, at the end of the run if For
	// is 0, and early if the run is interrupted or Run fails. Empty: nothing.
	For  time.Duration
	Then string

	Place string // where it was read, for errors
}

// undoTime bounds the command that undoes another one.
const undoTime = 30 * time.Second

// checkCommands returns all errors in the commands.
func (s *Settings) checkCommands() error {
	var faults []error
	for _, c := range s.Commands {
		fault := func(bad bool, format string, args ...any) {
			if bad {
				faults = append(faults, fmt.Errorf(c.Place+": "+format, args...))
			}
		}
		fault(c.Run == "", "the command has nothing to run")
		fault(c.For > 0 && c.Then == "", "for %s what? the command has no then", c.For)
		fault(c.At+c.For > s.For, "the command is at %s, the run ends after %s", c.At+c.For, s.For)
	}
	return errors.Join(faults...)
}

// Perform runs the command when it is time, and what undoes it. The latter is
// run at once if ctx ends, the end of the run, and is not canceled with it. It
// returns an error if one of the two failed, but not because ctx ended.
func (c Command) Perform(ctx context.Context, w World) error {
	if w.Until(ctx, c.At) != nil {
		return nil // the run has ended
	}
	w.Mark(c.Run)
	err := w.Command(ctx, c.Run)
	if ctx.Err() != nil {
		err = nil
	}
	if c.Then == "" {
		return err
	}
	switch {
	case err != nil:
	case c.For > 0:
		_ = w.Until(ctx, c.At+c.For) // if the run has ended, it is time
	default:
		<-ctx.Done()
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	w.Mark(c.Then)
	return errors.Join(err, w.Command(undo, c.Then))
}
