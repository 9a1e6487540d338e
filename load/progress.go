package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"livechat/load/plan"
	"livechat/load/run"
)

// progress shows the state of a run, as a bar on a terminal and as lines
// elsewhere. Its methods must not be called concurrently.
type progress struct {
	out   io.Writer
	bar   *progressbar.ProgressBar // nil: lines
	width func() int
}

// barWidth is the minimum width of the bar and the times beside the figures.
const barWidth = 36

func newProgress(out io.Writer, s *plan.Settings) *progress {
	p := &progress{out: out}
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.width = func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil || columns < 2*barWidth {
			return barWidth
		}
		return columns - barWidth
	}
	p.bar = progressbar.NewOptions64((s.Warmup + s.For).Milliseconds(), progressbar.OptionSetWriter(out),
		progressbar.OptionSetWidth(12),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionUseANSICodes(true), progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}))
	return p
}

// show shows the last second.
func (p *progress) show(l run.Live) {
	if p.bar == nil {
		fmt.Fprintf(p.out, "%6.1fs %s\n", l.Second.At, figures(l))
		return
	}
	text := []rune(figures(l))
	p.bar.Describe(string(text[:min(len(text), p.width())]))
	_ = p.bar.Set64(l.Past.Milliseconds()) // an error of the terminal does not matter
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit() // as above
		fmt.Fprintln(p.out)
	}
}

// figures describes a second: in total, and for each server the clients, the
// deliveries and the 99th percentile.
func figures(l run.Live) string {
	s := l.Second
	text := fmt.Sprintf("%s: %d connected, %.0f/s, 99 %% %s, lost %d", l.Phase, s.Connected,
		float64(s.Delivered)/s.Span, milli(s.Latency.P99), l.Lost)
	if l.Other > 0 {
		text += fmt.Sprintf(", duplicated or out of order %d", l.Other)
	}
	var servers []string
	for _, app := range slices.Sorted(maps.Keys(s.Servers)) {
		server := s.Servers[app]
		servers = append(servers, fmt.Sprintf("%s %d·%.0f/s·%s", app, server.Connected,
			float64(server.Delivered)/s.Span, milli(server.P99)))
	}
	if len(servers) > 0 {
		text += " | " + strings.Join(servers, " | ")
	}
	return text
}

// milli formats a latency. There is none during the warm-up.
func milli(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", v)
}
