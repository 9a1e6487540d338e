// One conversation on the screen, the room or a private chat: what was said,
// how the connection is, and the field where one writes.

import { COMPOSER, conversationWith, typing } from '../model/strings/messages.js'
import { saidIn } from '../model/strings/shown-files.js'
import { settings } from '../storage/settings.js'
import { Composer } from './composer.js'
import { DateDialog } from './date-dialog.js'
import { DoorView } from './door.js'
import { find, stamp, write } from './dom.js'
import { EmojiPicker } from './emoji.js'
import { fillEmpty } from './empty.js'
import { LogView } from './log.js'
import { PinnedView } from './pinned.js'
import { markRoles } from './roles.js'
import { StatusView } from './status.js'
import { Undo } from './undo.js'

export class ConversationView {
  #life = new AbortController()
  #talk
  /** @type {LogView} */ #log
  /** @type {Composer} */ #composer
  #dates
  /** @type {EmojiPicker} */ #emoji
  /** @type {(() => void) | null} to where the reader has come from */
  #back = null

  /**
   * @param {HTMLElement} main what it fills
   * @param {ParentNode} root where the chip of the connection is
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../../types.js').Draft} draft
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {import('./status.js').StatusActions
   *   & {uploads: import('./uploads.js').LaterUploads, door: import('./door.js').DoorActions,
   *   pin: import('./rooms.js').RoomsView['pin'], roles: import('../model/rooms.js').Rooms,
   *   act: (of: import('./actions.js').Acted, anchor: Element) => void}} on
   */
  constructor(main, root, talk, draft, navigation, on) {
    const { signal } = this.#life
    this.#talk = talk
    main.replaceChildren(stamp('talk-view'))
    fillEmpty(main, talk)
    const box = find(main, '#log', HTMLElement)
    const typists = find(main, '#typing', HTMLElement)
    const line = find(typists, '.typists', HTMLElement)
    find(root, '#skip', HTMLButtonElement)
      .addEventListener('click', () => find(main, '#text', HTMLTextAreaElement).focus(), { signal })
    box.dataset.conversation = talk.id
    if (talk.id !== 'room') box.setAttribute('aria-label', conversationWith(talk.title))
    const log = this.#log = new LogView(main, talk, navigation, {
      mention: (name) => this.#composer.mention(name),
      edit: (item) => this.#composer.edit(item),
      change: (item) => this.#composer.change(item),
      reply: (item) => this.#composer.reply({ ...item, text: saidIn(item) }),
      quoted: (item) => this.#toQuoted(item),
      pick: (anchor, onPick) => this.#emoji.openPicker(anchor, { onPick }),
      act: on.act,
    }, signal)
    if (talk.id === 'room') markRoles(find(main, '#messages', HTMLElement), on.roles, signal)
    const composer = this.#composer = new Composer(main, talk, draft, on.uploads, signal, () => log.sent())
    const emoji = this.#emoji = new EmojiPicker(
      settings.emoji, () => log.say(COMPOSER.noEmoji), navigation, signal,
    )
    const smiley = find(main, '#emoji-button', HTMLButtonElement)
    smiley.addEventListener('click', () => emoji.openPicker(smiley, { onPick: composer.place() }), { signal })
    this.#dates = new DateDialog(
      main, { shown: () => log.day.at, go: (day) => log.travel.toDay(day) }, navigation, signal,
    )
    const undo = new Undo(main, talk.changes, (id) => log.focusOn(id), signal)
    const status = new StatusView(root, talk, signal, on)
    const door = new DoorView(main, talk, on.door)
    const show = (/** @type {{n: number, id: string}} */ message) => this.show(message, () => {})
    const pinned = new PinnedView(main, talk, { ...on.pin, show }, signal)
    const unlisten = talk.listen({
      items() {
        log.changed()
        composer.settle()
        undo.changed()
        pinned.changed()
      },
      received: (/** @type {import('../../types.js').MessageItem | undefined} */ item) => log.received(item),
      removed: (item) => log.removed(item.key),
      held(item) {
        composer.takeBack(item)
        talk.discard(item.id, true)
      },
      state() {
        composer.changed() // the limits may be others, or the rules
        status.changed()
        door.changed()
        pinned.changed()
      },
      typing() {
        write(line, typing(talk.typing))
        typists.toggleAttribute('data-shown', talk.typing.length > 0)
      },
      unsent: () => status.changed(),
    })
    signal.addEventListener('abort', unlisten)
    document.addEventListener('visibilitychange', () => log.isSeen && talk.seen(), { signal })
    box.addEventListener('keydown', (event) => {
      // A key that types goes to the field. A space scrolls.
      if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey
        && !event.altKey && event.target === event.currentTarget) composer.focus()
    }, { signal })
    box.addEventListener('keydown', (event) => {
      const back = this.#back
      if (event.key !== 'Escape' || !back) return
      event.stopPropagation()
      event.preventDefault() // or it closes the sheet that it leads back to
      this.#back = null
      back()
    }, { capture: true, signal })
    // The reader goes on here.
    find(main, '#composer', HTMLElement).addEventListener('focusin', () => { this.#back = null }, { signal })
    log.changed()
    undo.changed()
  }

  get id() {
    return this.#talk.id
  }

  get title() {
    return this.#talk.title
  }

  /** True if messages are seen as they come. */
  get isSeen() {
    return this.#log.isSeen
  }

  /** @param {Element} li */
  messageOf(li) {
    return this.#log.messageOf(li)
  }

  /** @param {string} name */
  mention(name) {
    this.#composer.mention(name)
  }

  /** @param {string} sentence that stands here for a moment */
  say(sentence) {
    this.#log.say(sentence)
  }

  /** The reader wants to choose the day that is shown. */
  chooseDay() {
    this.#dates.open()
  }

  focus() {
    this.#composer.focus()
  }

  latest() {
    this.#log.toEnd()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#log.follow(sheet)
    this.#dates.follow(sheet)
    this.#emoji.follow(sheet)
  }

  /** Where the reader is in it. */
  get spot() {
    return this.#log.spot
  }

  /** @param {import('../../types.js').Spot} spot to which the reader has come back */
  backTo(spot) {
    this.#log.travel.back(spot)
  }

  /**
   * Shows a message, if it is still to be had. From there Escape leads back.
   * @param {{n: number, id: string}} message @param {() => void} back
   * @param {boolean} [isNew] whether the conversation was opened for it
   */
  async show(message, back, isNew = false) {
    if (await this.#log.travel.toMessage(message, isNew)) this.#back = back
  }

  /** @param {import('../../types.js').MessageItem} item whose quote was clicked */
  async #toQuoted({ id, seq, reply }) {
    const n = seq ?? 0
    if (reply) await this.show({ n: reply.seq, id: reply.id }, () => this.#log.travel.toMessage({ n, id }))
  }

  /** Another one takes its place. */
  end() {
    this.#life.abort()
  }
}
