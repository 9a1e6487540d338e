package run

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"livechat/load/record"
)

// Latencies are recorded from a microsecond to two minutes with three digits.
const (
	shortest = time.Microsecond
	longest  = 2 * time.Minute
	digits   = 3
)

// NewHistogram returns an empty histogram of latencies in µs.
func NewHistogram() Histogram {
	return Histogram{hdrhistogram.New(int64(shortest/time.Microsecond), int64(longest/time.Microsecond),
		digits)}
}

// Histogram is a histogram of latencies in µs that can be sent to another
// process.
type Histogram struct{ *hdrhistogram.Histogram }

// GobEncode implements gob.GobEncoder with HdrHistogram's own compressed form.
func (h Histogram) GobEncode() ([]byte, error) {
	return h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// GobDecode implements gob.GobDecoder.
func (h *Histogram) GobDecode(b []byte) error {
	decoded, err := hdrhistogram.Decode(b)
	if err != nil {
		return fmt.Errorf("decode a histogram: %w", err)
	}
	h.Histogram = decoded
	return nil
}

func curveOf(h Histogram) (curve []record.Point) {
	for _, p := range curvePoints(h.TotalCount()) {
		curve = append(curve, record.Point{Percentile: p, MS: ms(h.ValueAtQuantile(p))})
	}
	return curve
}

// curvePoints returns percentiles that approach 100, as far as n values
// distinguish them, up to 99.999.
func curvePoints(n int64) (points []float64) {
	if n == 0 {
		return nil
	}
	for rest := 100.0; rest > 100/float64(n) && rest > 1e-3; rest /= 1.2589254 { // ten per additional nine
		points = append(points, 100-rest)
	}
	return append(points, 100)
}

// LatencyOf returns the figures of latencies in µs.
func LatencyOf(h Histogram) record.Latency {
	if h.TotalCount() == 0 {
		return record.Latency{}
	}
	return record.Latency{Mean: h.Mean() / 1000, P50: ms(h.ValueAtQuantile(50)),
		P90: ms(h.ValueAtQuantile(90)), P99: ms(h.ValueAtQuantile(99)),
		P999: ms(h.ValueAtQuantile(99.9)), Max: ms(h.Max())}
}

// ms converts microseconds to milliseconds.
func ms(us int64) float64 { return float64(us) / 1000 }
