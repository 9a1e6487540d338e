// Numbers with their nouns. This folder holds every text that the page's
// JavaScript shows or speaks, in English. A second language is another folder
// like it; the markup has its own texts.
//
// The voice: friendly and short, "we" or nobody as the subject, and what
// happens next. States are lower case, sentences end with a full stop.

import { number } from '../clock.js'

/** @param {number} n @param {string} one @param {string} many */
export const plural = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`
