package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"livechat/load/record"
)

// network says what became of the clients with a slow network.
func network(n *record.Network) string {
	_, like, _ := strings.Cut(n.Like, ",") // without the share
	text := fmt.Sprintf("%s clients with %s", count(n.Clients), strings.ReplaceAll(like, ",", ", "))
	if n.Measured > 0 {
		l := &n.Latency
		text += fmt.Sprintf("\nlatency from or to them: median %s, 90 %% %s, 99 %% %s, longest %s", milli(l.P50),
			milli(l.P90), milli(l.P99), milli(l.Max))
	}
	return text + "\ntheir connections: " + networkEnds(n) + fmt.Sprintf("; %s deliveries were announced to "+
		"them as missing", count(n.Excused))
}

// networkEnds says how the connections of clients with a slow network ended.
func networkEnds(n *record.Network) string {
	var all []string
	for _, code := range slices.Sorted(maps.Keys(n.Closed)) {
		text := fmt.Sprintf("%s ended (%s)", count(n.Closed[code]), code)
		if code == tooSlow {
			text = fmt.Sprintf("%s closed as too slow (%s)", count(n.Closed[code]), code)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return "none ended"
	}
	return strings.Join(all, ", ")
}

// tooSlow is the close code for clients that the server does not wait for.
const tooSlow = "4008"

// networkTable compares the clients with a slow network with the others.
func networkTable(r *record.Run) table {
	n := r.Network
	row := func(who string, clients, measured int64, l *record.Latency, ends string) []string {
		if measured == 0 {
			return []string{who, count(clients), "", "", "", "", ends}
		}
		return []string{who, count(clients), milli(l.P50), milli(l.P90), milli(l.P99), milli(l.Max), ends}
	}
	t := table{Title: "Slow networks", Columns: []string{"", "clients", "median", "90 %", "99 %", "longest",
		"connections"}}
	if others := int64(r.Settings.Clients) - n.Clients; others > 0 {
		t.Rows = append(t.Rows, row("others", others, r.Totals.Measured, &r.Latency, ""))
	}
	latency, measured := &n.Latency, n.Measured
	if measured == 0 { // everybody's
		latency, measured = &r.Latency, r.Totals.Measured
	}
	like := strings.ReplaceAll(n.Like, ",", ", ") // so that it wraps
	t.Rows = append(t.Rows, row(like, n.Clients, measured, latency, networkEnds(n)))
	return t
}
