package main

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

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

// announce says where the load goes.
func announce(out io.Writer, s *plan.Settings) {
	if s.Insecure {
		fmt.Fprintln(out, "warning: certificates are not checked (-insecure): anybody may be the server")
	}
	switch name := s.RoomNamed(0); {
	case s.Target != "":
		fmt.Fprintf(out, "target %s\n", s.Target)
	case s.Rooms > 1:
		fmt.Fprintf(out, "rooms %s to %s\n", name, s.RoomNamed(s.Rooms-1))
	case name != "":
		fmt.Fprintf(out, "room %s: on the page it is /?room=%s\n", name, url.QueryEscape(name))
	}
}

// show shows the last second and what has happened in it.
func (p *progress) show(l run.Live) {
	if p.bar != nil && len(l.Marks) > 0 {
		_ = p.bar.Clear() // an error of the terminal does not matter, here and below
	}
	for _, m := range l.Marks {
		fmt.Fprintf(p.out, "%6.1fs %s\n", m.At, m.Text)
	}
	if p.bar == nil {
		fmt.Fprintf(p.out, "%6.1fs %s\n", l.Second.At, figures(l))
		return
	}
	p.bar.Describe(clip(figures(l), p.width()))
	_ = p.bar.Set64(l.Past.Milliseconds())
}

// warn shows a warning, if there is one.
func (p *progress) warn(text string) {
	if text == "" {
		return
	}
	if p.bar != nil {
		_ = p.bar.Clear() // as above
	}
	fmt.Fprintln(p.out, text)
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
		if server.Connected == 0 && server.Delivered == 0 {
			continue // it is gone
		}
		servers = append(servers, fmt.Sprintf("%s %d·%.0f/s·%s", app, server.Connected,
			float64(server.Delivered)/s.Span, milli(server.P99)))
	}
	if len(servers) > 0 {
		text += separator + strings.Join(servers, separator)
	}
	return text
}

const separator = " | "

// clip shortens a text to width columns, after a whole server, with the number
// of those left out.
func clip(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	parts := strings.Split(text, separator)
	for n := len(parts) - 1; n > 0; n-- {
		short := fmt.Sprintf("%s%s+%d", strings.Join(parts[:n], separator), separator, len(parts)-n)
		if utf8.RuneCountInString(short) <= width {
			return short
		}
	}
	runes := []rune(text) // narrower than the totals
	return string(runes[:min(len(runes), width)])
}

// milli formats a latency. There is none during the warm-up.
func milli(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", v)
}
