package plan

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// shell is a World that only knows commands. Time passes at once, up to end.
type shell struct {
	World
	end   time.Duration
	close context.CancelFunc // of the run
	fails string             // this command
	did   []string
}

func (s *shell) Until(ctx context.Context, at time.Duration) error {
	if at > s.end {
		s.close()
	}
	return ctx.Err()
}
func (s *shell) Mark(string) {}
func (s *shell) Command(ctx context.Context, command string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.did = append(s.did, command)
	if _, bounded := ctx.Deadline(); strings.HasPrefix(command, "un") && !bounded {
		return errors.New("not bounded")
	}
	if command == s.fails {
		return errors.New(command + " failed")
	}
	return nil
}

// A command that ran is always undone, and one that did not run never is.
func TestCommandsAreUndone(t *testing.T) {
	pause := Command{At: 10 * time.Second, Run: "pause", For: 5 * time.Second, Then: "unpause"}
	open := Command{At: 10 * time.Second, Run: "pause", Then: "unpause"}
	alone := Command{At: 10 * time.Second, Run: "pause"}
	for _, test := range []struct {
		name    string
		command Command
		end     time.Duration
		fails   string
		did     []string
		err     string
	}{
		{"to its end", pause, 20 * time.Second, "", []string{"pause", "unpause"}, ""},
		{"until the run ends", pause, 12 * time.Second, "", []string{"pause", "unpause"}, ""},
		{"not at all", pause, 5 * time.Second, "", nil, ""},
		{"with an error", pause, 20 * time.Second, "pause", []string{"pause", "unpause"}, "pause failed"},
		{"not undone", pause, 20 * time.Second, "unpause", []string{"pause", "unpause"}, "unpause failed"},
		{"for the rest of the run", open, 20 * time.Second, "", []string{"pause", "unpause"}, ""},
		{"alone", alone, 20 * time.Second, "pause", []string{"pause"}, "pause failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			w := &shell{end: test.end, close: cancel, fails: test.fails}
			if test.command == open {
				timer := time.AfterFunc(20*time.Millisecond, cancel)
				defer timer.Stop()
			}
			err := test.command.Perform(ctx, w)
			if !slices.Equal(w.did, test.did) || (err == nil) != (test.err == "") ||
				err != nil && err.Error() != test.err {
				t.Errorf("did %q and returned %v, want %q and %q", w.did, err, test.did, test.err)
			}
		})
	}
}

func TestCommandsAreChecked(t *testing.T) {
	s := settings()
	s.Commands = []Command{{At: 20 * time.Second, Run: "a", For: 10 * time.Second, Then: "b", Place: "x:1"}}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	s.Commands = []Command{{At: time.Second, Place: "x:1"}, {Run: "a", For: time.Second, Place: "x:2"},
		{At: 25 * time.Second, Run: "a", For: 10 * time.Second, Then: "b", Place: "x:3"}}
	want := "x:1: the command has nothing to run\nx:2: for 1s what? the command has no then\n" +
		"x:3: the command is at 35s, the run ends after 30s"
	if err := s.Check(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
