package run

import (
	"strings"
	"testing"

	"livechat/load/record"
)

// A run with a fault of the server has failed, and says of what kind it was.
func TestEveryFaultFails(t *testing.T) {
	for want, totals := range map[string]record.Totals{
		"1 deliveries were lost":                          {Lost: 1},
		"1 deliveries were duplicated":                    {Duplicated: 1},
		"1 deliveries were out of order":                  {Reordered: 1},
		"the log was replaced 1 times for a client":       {Resets: 1},
		"1 messages were neither acked nor refused":       {Unanswered: 1},
		"1 messages have other reactions than were acked": {Miscounted: 1},
		"1 messages were refused: unavailable":            {Refused: map[string]int64{"unavailable": 1}},
	} {
		if all := verdict(&totals, 0); len(all) != 1 || !strings.HasPrefix(all[0], want) {
			t.Errorf("%q, want %q alone", all, want)
		}
	}
	if all := verdict(&record.Totals{Delivered: 1, Reconnects: 1}, 0); len(all) > 0 {
		t.Errorf("without a fault: %q", all)
	}
}
