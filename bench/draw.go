package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The charts of docs/performance.md are drawn from the figures next to it:
//
//	chart,title,unit,series,x,value
//
// A chart whose x are words has a bar for each. A chart whose x are numbers has
// a line for each series. Each chart is an SVG file in colours that are
// readable on light and dark backgrounds.

// figure is one row.
type figure struct {
	title, unit, series, x string
	value                  float64
}

var (
	ours   = color.RGBA{R: 0x2f, G: 0x81, B: 0xf7, A: 255}
	others = color.RGBA{R: 0x8b, G: 0x94, B: 0x9e, A: 255}
	text2  = color.RGBA{R: 0x76, G: 0x83, B: 0x90, A: 255}
)

// drawCharts draws every chart of dir/figures.csv into dir.
func drawCharts(dir string) error {
	file, err := os.Open(filepath.Join(dir, "figures.csv"))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return fmt.Errorf("read the figures: %w", err)
	}
	charts := map[string][]figure{}
	for _, r := range rows[1:] {
		value, err := strconv.ParseFloat(r[5], 64)
		if err != nil {
			return fmt.Errorf("read the figures: %w", err)
		}
		charts[r[0]] = append(charts[r[0]], figure{r[1], r[2], r[3], r[4], value})
	}
	for name, figures := range charts {
		svg, err := drawChart(figures)
		if err != nil {
			return fmt.Errorf("draw %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".svg"), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func drawChart(figures []figure) ([]byte, error) {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.Title.Text = figures[0].title
	p.Title.TextStyle.Color = text2
	p.Title.Padding = vg.Points(8)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Label.TextStyle.Color, axis.Tick.Color, axis.Tick.Label.Color = text2, text2, text2, text2
	}
	height := vg.Points(260)
	var err error
	if _, notNumber := strconv.ParseFloat(figures[0].x, 64); notNumber != nil {
		height = vg.Points(70 + 34*float64(len(figures)))
		err = bars(p, figures)
	} else {
		err = lines(p, figures)
	}
	if err != nil {
		return nil, err
	}
	canvas := vgsvg.New(vg.Points(640), height)
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(16), vg.Points(-28), vg.Points(8), vg.Points(-8)))
	var out bytes.Buffer
	_, err = canvas.WriteTo(&out)
	return out.Bytes(), err
}

func bars(p *plot.Plot, figures []figure) error {
	slices.Reverse(figures) // the first one on top
	var names []string
	labels := plotter.XYLabels{}
	top := 0.0
	for i, f := range figures {
		bar, err := plotter.NewBarChart(plotter.Values{f.value}, vg.Points(20))
		if err != nil {
			return err
		}
		bar.Horizontal, bar.XMin, bar.LineStyle.Width, bar.Color = true, float64(i), 0, others
		if strings.HasPrefix(f.x, nameLivechat) {
			bar.Color = ours
		}
		p.Add(bar)
		// browsers' letters are wider than the measured ones
		names = append(names, f.x+strings.Repeat("\u00a0", 1+len(f.x)/3))
		labels.XYs = append(labels.XYs, plotter.XY{X: f.value, Y: float64(i)})
		labels.Labels = append(labels.Labels, " "+strconv.FormatFloat(f.value, 'f', -1, 64))
		top = max(top, f.value)
	}
	values, err := plotter.NewLabels(labels)
	if err != nil {
		return err
	}
	for i := range values.TextStyle {
		values.TextStyle[i].Color, values.TextStyle[i].YAlign = text2, draw.YCenter
	}
	p.Add(values)
	p.NominalY(names...)
	p.Y.Padding = 0
	p.X.Label.Text = figures[0].unit
	p.X.Min, p.X.Max = 0, top*1.12
	return nil
}

func lines(p *plot.Plot, figures []figure) error {
	bySeries := map[string]plotter.XYs{}
	var order []string
	for _, f := range figures {
		x, err := strconv.ParseFloat(f.x, 64)
		if err != nil {
			return err
		}
		if _, ok := bySeries[f.series]; !ok {
			order = append(order, f.series)
		}
		p.Y.Max = max(p.Y.Max, 1.3*f.value) // room for the legend
		bySeries[f.series] = append(bySeries[f.series], plotter.XY{X: x, Y: f.value})
	}
	for i, series := range order {
		line, points, err := plotter.NewLinePoints(bySeries[series])
		if err != nil {
			return err
		}
		line.Color, line.Width, points.Color = others, vg.Points(2), others
		if i == 0 {
			line.Color, points.Color = ours, ours
		}
		points.Shape = draw.CircleGlyph{}
		p.Add(line, points)
		p.Legend.Add(series+"\u00a0\u00a0", line, points)
	}
	p.Legend.Top, p.Legend.TextStyle.Color = true, text2
	p.Legend.Padding, p.Legend.XOffs = vg.Points(6), vg.Points(-24)
	p.Legend.TextStyle.Font.Size = vg.Points(11)
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, wholeTicks(bySeries[order[0]])
	p.X.Label.Text, p.Y.Label.Text = "messages a second", figures[0].unit
	p.Y.Min = 0
	return nil
}

// wholeTicks puts a tick at each point.
type wholeTicks plotter.XYs

// Ticks implements plot.Ticker.
func (t wholeTicks) Ticks(_, _ float64) (ticks []plot.Tick) {
	for _, at := range t {
		ticks = append(ticks, plot.Tick{Value: at.X, Label: strconv.FormatFloat(at.X, 'f', -1, 64)})
	}
	return ticks
}
