package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chart is a line chart. Colours are numbers of the style sheet's palette, so
// that the page can be light or dark.
type chart struct {
	Title string
	Note  string // below the title: what it shows
	lines []line
	marks []mark
	unit  string
	ticks plot.Ticker // of the x axis; nil: seconds
	span  float64     // end of the x axis
	log   bool        // logarithmic y axis

	stacked bool // each line is stacked on those after it
}

// line is one series.
type line struct {
	name   string
	colour int // 1 to colours
	dashed bool
	filled bool // down to the axis
	points plotter.XYs
}

// mark is a vertical line, with the number by which the page refers to it.
type mark struct {
	at    float64
	label string
}

// colours is the size of the palette; loaderColour is for the load tool.
const (
	colours      = 13
	loaderColour = 8
)

// A drawn chart has placeholder colours, #0000xx, which are replaced by
// variables of the style sheet.
const (
	paleColour = 0x10 // plus a colour: that colour as a background
	inkColour  = 0xf0
	gridColour = 0xf1
	markColour = 0xf2
)

func placeholder(n int) color.Color { return color.RGBA{B: uint8(n), A: 255} }

var placeholders = regexp.MustCompile(`#0000([0-9A-Fa-f]{2})`)

// size is the size of a drawing in CSS pixels. Phones get a drawing of their
// own, because a scaled-down large one is unreadable.
type size struct {
	class         string
	width, height float64
	ticks         int
}

var sizes = []size{{"wide", 640, 250, 8}, {"narrow", 340, 230, 5}}

// SVG draws the chart in all sizes.
func (c *chart) SVG() (template.HTML, error) {
	var all strings.Builder
	for _, s := range sizes {
		drawing, err := c.draw(s)
		if err != nil {
			return "", fmt.Errorf("draw %q: %w", c.Title, err)
		}
		all.WriteString(drawing)
	}
	return template.HTML(all.String()), nil // safe: drawn here from numbers
}

// Legend is the legend of one line.
type Legend struct {
	Name   string
	Colour int
	Dashed bool
}

// Legend returns the legend of all lines.
func (c *chart) Legend() (all []Legend) {
	for _, l := range c.lines {
		all = append(all, Legend{l.name, l.colour, l.dashed})
	}
	if c.stacked {
		slices.Reverse(all) // top line first
	}
	return all
}

func (c *chart) draw(s size) (string, error) {
	p := plot.New()
	c.axes(p, s)
	top := c.top()
	p.Y.Max = top
	if c.log {
		p.Y.Min, p.Y.Scale, p.Y.Tick.Marker = c.bottom(), plot.LogScale{}, logTicks{}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Vertical.Color = nil
	grid.Horizontal.Color, grid.Horizontal.Width = placeholder(gridColour), vg.Points(0.75)
	p.Add(grid)
	for _, l := range c.lines {
		if len(l.points) == 0 {
			continue
		}
		drawn, err := plotter.NewLine(l.points)
		if err != nil {
			return "", err
		}
		drawn.Color, drawn.Width = placeholder(l.colour), vg.Points(1.5)
		if l.dashed {
			drawn.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		if l.filled {
			drawn.FillColor = placeholder(l.colour + paleColour)
		}
		p.Add(drawn)
	}
	// Stack the labels of marks that are close together.
	free, row := math.Inf(-1), 0 // where the last label ends
	for _, m := range c.marks {
		if row++; m.at > free {
			row = 0
		}
		free = m.at + c.span*max(0.05, float64(len([]rune(m.label)))*labelWidth/s.width)
		if err := c.addMark(p, m, top, row); err != nil {
			return "", err
		}
	}
	// vg counts in points; the page treats them as pixels.
	canvas := vgsvg.NewWith(vgsvg.UseWH(vg.Length(s.width), vg.Length(s.height)))
	p.Draw(draw.New(canvas))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return "", err
	}
	return c.adapt(text.String(), s), nil
}

// labelWidth is the width of a letter of a mark's label in pixels.
const labelWidth = 7

// axes sets up plain axes.
func (c *chart) axes(p *plot.Plot, s size) {
	ink := placeholder(inkColour)
	p.BackgroundColor = nil
	p.X.Min, p.X.Max, p.Y.Min = 0, max(c.span, 1e-3), 0
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding = 0
		axis.Color = placeholder(gridColour)
		axis.Tick.Label.Color = ink
		axis.Tick.Label.Font.Variant = "Sans" // same widths as the page's font
		axis.Tick.Label.Font.Size = 11
		// Without a line ticks get no space either.
		axis.Tick.Color, axis.Tick.Width = placeholder(gridColour), 0.75
		axis.Tick.Length = 5
	}
	p.Y.Width = 0
	p.X.Tick.Marker = c.ticks
	if c.ticks == nil {
		p.X.Tick.Marker = evenTicks{s.ticks, "s", true}
	}
	p.Y.Tick.Marker = evenTicks{5, c.unit, c.unit == "" || c.unit == "/s"}
}

func (c *chart) addMark(p *plot.Plot, m mark, top float64, row int) error {
	l, err := plotter.NewLine(plotter.XYs{{X: m.at, Y: c.bottom()}, {X: m.at, Y: top}})
	if err != nil {
		return err
	}
	l.Color, l.Width, l.Dashes = placeholder(markColour), vg.Points(1), []vg.Length{vg.Points(2), vg.Points(3)}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: m.at, Y: top}},
		Labels: []string{m.label}})
	if err != nil {
		return err
	}
	text := &labels.TextStyle[0]
	text.Color, text.Font.Size, text.Font.Variant = placeholder(markColour), 10, "Sans"
	labels.Offset = vg.Point{X: 2, Y: vg.Length(-10 - 11*row)}
	p.Add(l, labels)
	return nil
}

// top returns the end of the y axis: a round number above all points.
func (c *chart) top() float64 {
	most := 0.0
	for _, l := range c.lines {
		for _, xy := range l.points {
			most = max(most, xy.Y)
		}
	}
	if most == 0 {
		return 1
	}
	if c.log {
		return math.Pow(10, math.Ceil(math.Log10(most*1.01)))
	}
	step := stepOf(most*1.08, 5)
	return math.Ceil(most*1.08/step) * step
}

// bottom returns the start of the y axis.
func (c *chart) bottom() float64 {
	if !c.log {
		return 0
	}
	least := math.Inf(1)
	for _, l := range c.lines {
		for _, xy := range l.points {
			least = min(least, xy.Y)
		}
	}
	return math.Pow(10, math.Floor(math.Log10(least)))
}

// adapt prepares an SVG file for inclusion in the page: it removes declarations
// and sets a responsive size and the page's colours.
func (c *chart) adapt(svg string, s size) string {
	_, svg, _ = strings.Cut(svg, "<svg")
	_, body, _ := strings.Cut(svg, ">")
	body = placeholders.ReplaceAllStringFunc(body, func(found string) string {
		n, _ := strconv.ParseUint(found[5:], 16, 8) // two digits, by the expression
		switch n {
		case inkColour:
			return "var(--ink-2)"
		case gridColour:
			return "var(--line)"
		case markColour:
			return "var(--ink-3)"
		}
		if n > paleColour {
			return fmt.Sprintf("color-mix(in srgb, var(--c%d) 22%%, var(--card))", n-paleColour)
		}
		return fmt.Sprintf("var(--c%d)", n)
	})
	body = fontFamily.ReplaceAllString(body, "")
	return fmt.Sprintf(`<svg class="%s" viewBox="0 0 %g %g" role="img" aria-label="%s">%s`, s.class,
		s.width, s.height, template.HTMLEscapeString(c.Title+": "+c.Note), body)
}

var fontFamily = regexp.MustCompile(`font-(family|style|weight|variant):[^;"]*;?`)
