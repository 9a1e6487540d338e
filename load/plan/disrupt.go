package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func storm(ctx context.Context, s *Settings, w World) error {
	if err := w.Until(ctx, s.For/2); err != nil {
		return err
	}
	w.Mark("all clients disconnected")
	at := w.Now()
	return recovery(ctx, w, fmt.Sprintf("%d clients disconnected at %s", w.DropAll(), seconds(at)))
}

// recoveryTime bounds the wait until all clients are connected again.
const recoveryTime = 2 * time.Minute

// recovery records what the scenario did when all clients are connected again,
// or when they take too long. The error is that of ctx.
func recovery(ctx context.Context, w World, did string) error {
	waiting, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	took, broken, err := w.AwaitConnected(waiting)
	again := "all clients connected again after " + took.Round(10*time.Millisecond).String()
	if !broken {
		again = "no client lost its connection within " + took.Round(100*time.Millisecond).String()
	}
	if err != nil {
		if broken {
			again = "not all clients connected again"
		}
		w.Did(did + "; " + again)
		return ctx.Err()
	}
	w.Mark(again)
	w.Did(did + "; " + again)
	return nil
}

// seconds formats a moment of the run as the report does.
func seconds(at time.Duration) string { return fmt.Sprintf("%.1f s", at.Seconds()) }

func checkKill(s *Settings) error {
	if (s.KillPID == 0) == (s.KillCommand == "") {
		return errors.New(
			"-scenario kill: want -kill-pid, or -kill-command such as 'docker compose kill ws2'")
	}
	return nil
}

func kill(ctx context.Context, s *Settings, w World) error {
	if err := w.Until(ctx, s.For/2); err != nil {
		return err
	}
	at := w.Now()
	if s.KillPID != 0 {
		w.Mark("killed process " + strconv.Itoa(s.KillPID))
		if err := w.Kill(s.KillPID); err != nil {
			return err
		}
		return aftermath(ctx, w, fmt.Sprintf("process %d killed at %s", s.KillPID, seconds(at)))
	}
	w.Mark("killed: " + s.KillCommand)
	if err := w.Command(ctx, s.KillCommand); err != nil {
		return err
	}
	err := aftermath(ctx, w, fmt.Sprintf("'%s' run at %s", s.KillCommand, seconds(at)))
	const back = "a container killed by hand is not restarted: bring it back with docker compose up -d"
	w.Mark(back)
	w.Did(back)
	return err
}

// aftermath waits for the recovery and records which servers lost their clients.
func aftermath(ctx context.Context, w World, did string) error {
	err := recovery(ctx, w, did)
	if apps := w.Emptied(); len(apps) > 0 {
		w.Did("lost all clients: " + strings.Join(apps, ", "))
	}
	return err
}

func checkRolling(s *Settings) error {
	if s.Rolling != "" && s.Times < 1 {
		return fmt.Errorf("-rolling-times %d: want at least 1", s.Times)
	}
	return nil
}

// rolling runs the restarts one after the other. They are spread over the run;
// if they take longer than that, the run does, too.
func rolling(ctx context.Context, s *Settings, w World) error {
	if s.Rolling == "" {
		return watchRestarts(ctx, s, w)
	}
	run := 0
	defer func() { w.Did(fmt.Sprintf("%d of %d restarts were run", run, s.Times)) }()
	for run < s.Times {
		err := w.Until(ctx, s.For*time.Duration(run+1)/time.Duration(s.Times+1))
		if err != nil {
			return err
		}
		command := strings.ReplaceAll(s.Rolling, "{n}", strconv.Itoa(run+1))
		at := w.Now()
		w.Mark(command)
		if err := w.Command(ctx, command); err != nil {
			return fmt.Errorf("%d of %d restarts were run: %w", run, s.Times, err)
		}
		run++
		took := (w.Now() - at).Round(100 * time.Millisecond)
		did := fmt.Sprintf("'%s' run at %s, took %s", command, seconds(at), took)
		if err := aftermath(ctx, w, did); err != nil {
			return err
		}
	}
	return nil
}

// watchRestarts records which servers lost all clients while somebody restarts
// them.
func watchRestarts(ctx context.Context, s *Settings, w World) error {
	var seen []string
	for at := time.Duration(0); at < s.For && ctx.Err() == nil; {
		at = min(at+time.Second, s.For)
		_ = w.Until(ctx, at) // the loop ends with ctx
		for _, app := range w.Emptied() {
			w.Mark(app + " lost all clients")
			seen = append(seen, app)
		}
	}
	w.Did(fmt.Sprintf("%d restarts were seen (a server loses all clients): %s", len(seen),
		cmp.Or(strings.Join(seen, ", "), "none")))
	return nil
}
