// Calls the reader who looks elsewhere: by a notification, by a sound, or not
// at all. Both are off until somebody switches them on in the menu, and a
// browser is asked for its permission only then.

import { withoutCode } from '../model/markup.js'
import { mentions } from '../model/mention.js'
import { ALERT } from '../model/strings/alerts.js'
import { saidIn } from '../model/strings/shown-files.js'
import { settings } from '../storage/settings.js'
import { find, write } from './dom.js'
import { chime } from './sound.js'

const NOTIFICATIONS = 50 // that can be taken back
const LONGEST = 200 // characters of a message that a notification shows

export class Alerts {
  #room
  #open
  #items
  #note
  #said
  /** @type {Map<string, Notification>} by the id of the message */
  #shown = new Map()

  /**
   * @param {ParentNode} root
   * @param {import('../chat/room.js').Room} room
   * @param {(id: string) => void} open somebody wants to see the conversation
   * @param {AbortSignal} signal
   */
  constructor(root, room, open, signal) {
    this.#room = room
    this.#open = open
    this.#note = find(root, '#menu-note', HTMLElement)
    this.#said = find(root, '#menu-said', HTMLElement)
    const item = (/** @type {string} */ id, /** @type {() => unknown} */ run) => {
      const button = find(root, id, HTMLButtonElement)
      button.addEventListener('click', run, { signal })
      return button
    }
    this.#items = {
      notify: item('#menu-notify', () => this.#turnNotify()),
      sound: item('#menu-sound', () => this.#turnSound()),
      mute: item('#menu-mute', () => this.#turnMute()),
    }
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (data?.open) open(String(data.open))
    }, { signal })
    this.#items.notify.hidden = !('Notification' in window) || !isSecureContext
    write(this.#items.mute, ALERT.mute(room.room))
    this.#show()
  }

  /** True if the room notifies of nothing. */
  get isMuted() {
    return settings.isMuted(this.#room.room)
  }

  /** @param {import('../../types.js').MessageItem} item that somebody has said in the room */
  inRoom({ id, name, text }) {
    if (!document.hidden || this.isMuted || !mentions(withoutCode(text), this.#room.name)) return
    this.#call('room', id, ALERT.mention(name, this.#room.room), text)
  }

  /**
   * @param {string} chat
   * @param {import('../model/messages.js').KnownMessage} message
   */
  privately(chat, { id, name, text, files }) {
    if (document.hidden) this.#call(chat, id, ALERT.private(name), saidIn({ text, files }))
  }

  /** @param {string} id of a message that is deleted */
  removed(id) {
    this.#shown.get(id)?.close()
    this.#shown.delete(id)
  }

  // ---- Calling ----

  /** @param {string} conversation @param {string} id @param {string} title @param {string} text */
  #call(conversation, id, title, text) {
    if (settings.sound) chime().catch(() => {}) // a browser that allows none
    if (!this.#notifies) return
    const icon = new URL('icons/icon-192.png', document.baseURI).href
    const body = [...text].slice(0, LONGEST).join('')
    // One of several windows, and no second sound.
    const data = { open: conversation, page: location.href.split('#')[0] }
    const options = { body, icon, tag: id, silent: true, data }
    try {
      const shown = new Notification(title, options)
      this.#shown.set(id, shown)
      for (const oldest of this.#shown.keys()) {
        if (this.#shown.size > NOTIFICATIONS) this.#shown.delete(oldest)
      }
      shown.onclick = () => {
        window.focus()
        this.#open(conversation)
        shown.close()
      }
    } catch {
      // On Android only a service worker may.
      navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, options)).catch(() => {})
    }
  }

  get #notifies() {
    return settings.notify && 'Notification' in window && Notification.permission === 'granted'
  }

  // ---- The menu ----

  async #turnNotify() {
    const on = !this.#notifies
    const isAllowed = !on || await Notification.requestPermission() === 'granted'
    settings.notify = on && isAllowed
    this.#show()
    for (const note of [this.#note, this.#said]) write(note, isAllowed ? '' : ALERT.blocked)
    this.#note.hidden = isAllowed
  }

  #turnSound() {
    settings.sound = !settings.sound
    if (settings.sound) chime().catch(() => {}) // as an example, and while the browser allows it
    this.#show()
  }

  #turnMute() {
    settings.setMuted(this.#room.room, !this.isMuted)
    this.#show()
  }

  #show() {
    const { notify, sound, mute } = this.#items
    const states = /** @type {const} */ ([
      [notify, this.#notifies], [sound, settings.sound], [mute, this.isMuted],
    ])
    for (const [item, on] of states) item.setAttribute('aria-checked', String(on))
  }
}
