package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Value returns the current value of a counter that is only incremented by
// integers.
func Value(c prometheus.Counter) uint64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		return 0 // unreachable: a counter always has a value
	}
	return uint64(m.GetCounter().GetValue())
}
