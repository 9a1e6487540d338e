package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// evenTicks are about n ticks at round numbers. The last label has the unit.
type evenTicks struct {
	n     int
	unit  string
	whole bool // only whole numbers
}

// Ticks implements plot.Ticker.
func (t evenTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	step := stepOf(high-low, t.n)
	if t.whole {
		step = max(step, 1)
	}
	for i := math.Ceil(low / step); i*step <= high*1.0001; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: short(i * step)})
	}
	if len(ticks) > 0 && t.unit != "" {
		ticks[len(ticks)-1].Label += " " + t.unit
	}
	return ticks
}

// stepOf returns the round number (1, 2 or 5 times a power of ten) of which
// about n fit into width.
func stepOf(width float64, n int) float64 {
	raw := max(width, 1e-9) / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*power*1.0001 {
			return m * power
		}
	}
	return 10 * power
}

// short formats a number with k and M for thousands and millions.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case v >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// logTicks are powers of ten.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	for v := low; v <= high*1.0001; v *= 10 {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
	}
	if len(ticks) > 0 {
		ticks[len(ticks)-1].Label += " ms"
	}
	return ticks
}

// percentileTicks are 90, 99, 99.9 and so on, on an axis that ends at the given
// number of nines.
type percentileTicks struct{ nines float64 }

// Ticks implements plot.Ticker.
func (t percentileTicks) Ticks(_, _ float64) []plot.Tick {
	ticks := []plot.Tick{{Value: nines(50), Label: "50"}}
	for i, label := range []string{"90", "99", "99.9", "99.99", "99.999"} {
		if float64(i+1) <= t.nines {
			ticks = append(ticks, plot.Tick{Value: float64(i + 1), Label: label})
		}
	}
	ticks[len(ticks)-1].Label += " %"
	return ticks
}

// nines returns the x position of a percentile: 1 for 90, 2 for 99, and so on.
func nines(percentile float64) float64 { return -math.Log10(1 - percentile/100) }
