// Colours as the style sheets write them, and how well one can be read on
// another.

/** The custom properties of a style sheet. */
export function tokensOf(css) {
  return Object.fromEntries([...css.matchAll(/^\s*(--[a-z0-9-]+):\s*([^;]+);/gm)].map(
    (match) => [match[1], match[2]],
  ))
}

/**
 * `oklch(l c h)` as linear sRGB, cut to what a screen shows
 * (https://bottosson.github.io/posts/oklab/).
 */
export function srgb(text) {
  const [l, c, h] = text.match(/oklch\(([^/)]+)/)[1].trim().split(/\s+/).map(Number)
  const a = c * Math.cos((h * Math.PI) / 180)
  const b = c * Math.sin((h * Math.PI) / 180)
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ].map((channel) => Math.min(1, Math.max(0, channel)))
}

/** The contrast ratio of WCAG 2.2, 1 to 21, of two colours in linear sRGB. */
export function contrast(one, other) {
  const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}
