// Two soft tones, made here: there is no file to load.

const TONES = [[660, 0], [880, 0.09]] // Hz, and seconds after the beginning
const LENGTH = 0.22 // seconds
const LOUD = 0.08

/** @type {AudioContext | null} */
let context = null

/** Browsers are silent until the reader has clicked or pressed something. */
export async function chime() {
  context ??= new AudioContext()
  await context.resume()
  const now = context.currentTime
  for (const [hertz = 0, after = 0] of TONES) {
    const tone = new OscillatorNode(context, { frequency: hertz })
    const volume = new GainNode(context, { gain: 0 })
    volume.gain.setValueAtTime(0, now + after)
    volume.gain.linearRampToValueAtTime(LOUD, now + after + 0.01)
    volume.gain.exponentialRampToValueAtTime(0.0001, now + after + LENGTH)
    tone.connect(volume).connect(context.destination)
    tone.start(now + after)
    tone.stop(now + after + LENGTH)
  }
}
