package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"livechat/load/run"
)

// hdrLog is a log of histograms in the format of HdrHistogram, with one for
// each second of the run. Values are in nanoseconds, as its tools expect. A nil
// log takes and writes nothing. Its methods must not be called concurrently.
type hdrLog struct {
	file   *os.File
	buffer *bufio.Writer
	log    *hdrhistogram.HistogramLogWriter
	err    error // the first one
}

// nsRange is the largest latency of a run.
const nsRange = 2 * time.Minute

func newHDR(name string, began time.Time) (*hdrLog, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("-hdr: %w", err)
	}
	l := &hdrLog{file: f, buffer: bufio.NewWriter(f)}
	l.log = hdrhistogram.NewHistogramLogWriter(l.buffer)
	base := began.Truncate(time.Second).UnixMilli() // the log has whole seconds
	l.log.SetBaseTime(base)
	l.err = errors.Join(
		l.log.OutputComment("[livechat load: from when a message was due to its receipt, in ns]"),
		l.log.OutputLogFormatVersion(), l.log.OutputStartTime(base), l.log.OutputBaseTime(base),
		l.log.OutputLegend())
	return l, nil
}

// add adds the last second. Seconds without a measured delivery are left out.
func (l *hdrLog) add(live run.Live) {
	if l == nil || l.err != nil || live.Histogram == nil || live.Histogram.TotalCount() == 0 {
		return
	}
	ns := hdrhistogram.New(1, int64(nsRange), 3)
	for _, bar := range live.Histogram.Distribution() {
		if bar.Count > 0 {
			value := min(bar.To*int64(time.Microsecond), int64(nsRange))
			l.err = errors.Join(l.err, ns.RecordValues(value, bar.Count))
		}
	}
	end := time.Now()
	ns.SetStartTimeMs(end.Add(-time.Duration(live.Second.Span * float64(time.Second))).UnixMilli())
	ns.SetEndTimeMs(end.UnixMilli())
	l.err = errors.Join(l.err, l.log.OutputIntervalHistogram(ns))
}

// close ends the log. It returns the first error of all its methods.
func (l *hdrLog) close() error {
	if l == nil {
		return nil
	}
	if err := errors.Join(l.err, l.buffer.Flush(), l.file.Close()); err != nil {
		return fmt.Errorf("write the histograms: %w", err)
	}
	return nil
}
