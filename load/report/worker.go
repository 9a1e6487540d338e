package report

import (
	"fmt"

	"livechat/load/record"
)

// worker describes one worker of a run.
func worker(w record.Worker) string {
	return fmt.Sprintf("%s: %s clients, %s deliveries, %s lost; clock %+.3f ± %.3f ms, drift %+.3f ms",
		w.Address, count(int64(w.Clients)), count(w.Delivered), count(w.Lost), w.Clock, w.Error, w.Drift)
}
