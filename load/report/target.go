package report

import (
	"slices"
	"strings"

	"livechat/load/record"
)

// acked says how many of the messages were acked.
func acked(r *record.Run) string {
	if slices.Contains(r.NotAvailable, "acks") {
		return "acks not available"
	}
	return count(r.Totals.Acked) + " acked"
}

// target says which kind of server it was, what it has no notion of, and what
// came of that.
func target(r *record.Run) string {
	text := r.Settings.Target + "; not available: " + strings.Join(r.NotAvailable, ", ")
	if n := r.Totals.Missed; n > 0 {
		text += "\n" + count(n) + " deliveries were missed by clients that were not connected"
	}
	if n := r.Totals.Unsent; n > 0 {
		text += "\n" + count(n) + " messages reached nobody, because the connection they were sent over ended"
	}
	return text
}
