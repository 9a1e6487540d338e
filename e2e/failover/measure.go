package failover

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"livechat/internal/localcluster"
)

// Row is one measurement.
type Row struct {
	What     string
	Bar      string // upper limit
	Measured string
	OK       bool
}

// Print writes a table.
func Print(out io.Writer, rows []Row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tbar\tmeasured\tok")
	for _, r := range rows {
		ok := "yes"
		if !r.OK {
			ok = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.What, r.Bar, r.Measured, ok)
	}
	return w.Flush()
}

// upTo returns a row for a duration with an upper limit.
func upTo(what string, bar, measured time.Duration) Row {
	return Row{what, "≤ " + bar.String(), measured.Round(time.Millisecond).String(), measured <= bar}
}

// Measure puts a cluster through everything that it must withstand, one thing
// after the other, and returns what clients noticed. It takes about four
// minutes and reports each step to progress. With an error, it returns the rows
// so far.
func Measure(
	ctx context.Context,
	binary string,
	clients int,
	progress func(what string),
) (rows []Row, err error) {
	progress("starting the cluster")
	w, err := Begin(ctx, localcluster.Options{Binary: binary,
		Env: map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0"}},
		clients)
	if err != nil {
		return nil, err
	}
	defer func() {
		if end := w.End(); err == nil {
			err = end
		}
	}()
	for _, step := range []struct {
		what    string
		measure func(context.Context, *World) ([]Row, error)
	}{
		{"killing a server", measureKill},
		{"freezing a server", measureFreeze},
		{"restarting one server after the other", measureRestart},
		{"breaking links to Redis", measureRedis}, {"checking what all clients received", measureLoss},
	} {
		progress(step.what)
		found, err := step.measure(ctx, w)
		rows = append(rows, found...)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return rows, nil
}

func measureKill(ctx context.Context, w *World) ([]Row, error) {
	back, err := w.Kill(ctx, 1)
	if err != nil {
		return nil, err
	}
	rows := []Row{
		upTo(fmt.Sprintf("kill -9: 99 %% of its %d clients on another server", len(back)), 2*time.Second,
			back.Part(99)),
	}
	return rows, w.Settle(ctx)
}

func measureFreeze(ctx context.Context, w *World) ([]Row, error) {
	back, err := w.Freeze(ctx, 2)
	if err != nil {
		return nil, err
	}
	rows := []Row{
		upTo(fmt.Sprintf("SIGSTOP: all of its %d clients on another server", len(back)), 6*time.Second,
			back.Part(100)),
	}
	return rows, w.Settle(ctx)
}

func measureRestart(ctx context.Context, w *World) ([]Row, error) {
	began := time.Now()
	r, err := w.RollingRestart(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := w.Counts(ctx)
	if err != nil {
		return nil, err
	}
	clients := len(r.Silences)
	part := func(n int) string {
		return fmt.Sprintf("%.1f %% of the clients", 100*float64(n)/float64(clients))
	}
	rows := []Row{
		upTo(
			fmt.Sprintf("rolling restart (%v): longest time without any message, 99 %% of clients",
				r.Took.Round(time.Second)),
			100*time.Millisecond,
			r.Silences.Part(99),
		),
		{
			"rolling restart: most reconnects within a second",
			"≤ 20 % of the clients",
			part(r.Peak),
			5*r.Peak <= clients,
		},
	}
	even, err := w.Even(ctx)
	rows = append(rows,
		upTo(fmt.Sprintf("balance after it: from %v to max/min ≤ %.1f", counts, ratio), time.Minute, even))
	if err != nil {
		return rows, err
	}
	if err := w.Settle(ctx); err != nil {
		return rows, err
	}
	lost := w.Log.Lost(began)
	rows = append(rows,
		Row{"rolling restart and balance: connections that broke", "0", fmt.Sprint(lost), lost == 0})
	quiet := w.Watch(10 * time.Second)
	rows = append(rows,
		Row{"balance: reconnects once it is over", "0", fmt.Sprint(quiet.Peak), quiet.Peak == 0})
	return rows, nil
}

func measureRedis(ctx context.Context, w *World) ([]Row, error) {
	healed, err := w.Strand(ctx, 0)
	if err != nil {
		return nil, err
	}
	rows := []Row{upTo("links to Redis that go silent: delivers again", 6*time.Second, healed)}
	began := time.Now()
	away, back, err := w.Blackhole(ctx, 0)
	return append(
		rows,
		upTo("blackholed Redis: the server wants no new clients", 4500*time.Millisecond, away),
		upTo("blackholed Redis: ready again after it is over", 6*time.Second, back),
		Row{
			"blackholed Redis: connections that broke",
			"0",
			fmt.Sprint(w.Log.Lost(began)),
			w.Log.Lost(began) == 0,
		},
	), err
}

func measureLoss(ctx context.Context, w *World) ([]Row, error) {
	err := w.Check(ctx)
	sum := w.Crowd.History.Summary()
	return []Row{
		{
			"all of it: messages lost, doubled or out of order",
			"0",
			fmt.Sprintf("0 of %d, received %d times", sum.Acked, sum.Delivered),
			err == nil,
		},
	}, err
}
