package page

import (
	"github.com/chromedp/chromedp"
)

// readContrast finds texts whose contrast to what is behind them is below 4.5,
// or below 3 for large ones. Colours are converted by drawing them, since a
// computed style says oklch.
const readContrast = `(() => {
	const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
	const known = new Map()
	const rgba = (colour) => {
		if (!known.has(colour)) {
			pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1)
			const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data
			known.set(colour, [r, g, b, a / 255])
		}
		return known.get(colour)
	}
	const over = ([r, g, b, a], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a))
	const light = (c) => c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
	const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
	const canvas = isDark ? [18, 18, 18] : [255, 255, 255]
	const ground = (e) => {
		if (!e) return canvas
		const colour = rgba(getComputedStyle(e).backgroundColor)
		return colour[3] === 1 ? colour.slice(0, 3) : over(colour, ground(e.parentElement))
	}
	const opacity = (e) => e ? +getComputedStyle(e).opacity * opacity(e.parentElement) : 1
	const scope = document.querySelector("dialog:modal:not(:has(dialog:modal))") ?? document.body
	const found = []
	let texts = 0
	const look = (e, text, style, what) => {
		if (!text.trim() || e.closest(":disabled, [hidden], .unseen, noscript, script, style, template")) return
		if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return
		const box = e.getBoundingClientRect()
		if (box.width < 2 || box.height < 2) return
		texts++
		const size = parseFloat(style.fontSize), behind = ground(e)
		const ink = rgba(e instanceof SVGElement ? style.fill : style.color)
		const [a, b] = [light(over([...ink.slice(0, 3), ink[3] * opacity(e)], behind)), light(behind)]
			.sort((x, y) => y - x)
		const ratio = (a + 0.05) / (b + 0.05)
		const large = size >= 24 || size >= 18.66 && +style.fontWeight >= 700
		const around = e.parentElement.getAttribute("class")
		const where = [e.tagName, e.id, e.getAttribute("class"), "in", around].join(" ")
		if (ratio < (large ? 3 : 4.5))
			found.push([ratio.toFixed(2), what, where, text.trim().slice(0, 40)].join(": "))
	}
	const walk = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT)
	for (let n = walk.nextNode(); n; n = walk.nextNode())
		look(n.parentElement, n.data, getComputedStyle(n.parentElement), "text")
	for (const e of scope.querySelectorAll("input, textarea")) {
		if (e.value) look(e, e.value, getComputedStyle(e), "value")
		else look(e, e.placeholder, getComputedStyle(e, "::placeholder"), "placeholder")
	}
	return { texts, found }
})()`

// checkContrast checks the contrast of all texts to what is behind them, in
// light and dark.
func (w *window) checkContrast(s accessState) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		var got struct {
			Texts int
			Found []string
		}
		w.do(prefers(scheme),
			chromedp.Evaluate(`document.getAnimations().forEach(one => {
				if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish() })`, nil),
			chromedp.Evaluate(readContrast, &got))
		if got.Texts == 0 {
			w.t.Errorf("%s, %s: no text was found", s.name, scheme)
		}
		for _, one := range got.Found {
			w.t.Errorf("%s, %s: contrast %s", s.name, scheme, one)
		}
	}
}
