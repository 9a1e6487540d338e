// Colours that stay with a person or a server: a hue out of the name, and
// nothing else, so that every page shows the same one. Lightness and chroma are
// tokens of the theme.

const PERSON_STEPS = 12 // hues that are told apart at the size of a circle
const SERVER_STEPS = 24
const SERVER_SEED = 1102 // with this one 1000, 2000, 3000 and 4000 are a quarter of the circle apart
const PERSON_SEED = 0

/** @param {string} app @returns {number} degrees */
export const serverHue = (app) => hue(app, SERVER_SEED, SERVER_STEPS)

/** @param {string} name @returns {number} degrees */
export const personHue = (name) => hue(name, PERSON_SEED, PERSON_STEPS)

/** @param {string} text @param {number} seed @param {number} steps */
function hue(text, seed, steps) {
  return (hash(text, seed) % steps) * (360 / steps)
}

/**
 * FNV-1a over UTF-16 code units, then the final mix of MurmurHash3: names that
 * differ in one letter get far apart.
 * @param {string} text @param {number} seed
 */
function hash(text, seed) {
  let h = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
