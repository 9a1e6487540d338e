// The login session, as all windows of the browser know it, and all that
// belongs to it: the private messages, and what becomes of them at logout.

import { systemClock } from './model/clock.js'
import { CARD } from './model/strings/card.js'
import { draftFileIds } from './storage/attached.js'
import { atStake } from './chat/at-stake.js'
import { Blocked } from './chat/blocked.js'
import { DirectMessages } from './chat/direct-messages.js'
import { ROOM as PRIVATE } from './chat/sender.js'
import { settings } from './storage/settings.js'
import { reactedIn } from './storage/reacted.js'

export class Session {
  /** @type {DirectMessages | null} the private side of whoever is logged in */
  directMessages = null
  // The account of this window; '' also where nothing can be remembered.
  #remembered = ''
  #with
  #room
  #left

  /**
   * @param {object} with_
   * @param {import('./net/api.js').Api} with_.api
   * @param {string} with_.feed the address of the feed
   * @param {(url: string) => import('../types.js').Socket} with_.open
   * @param {import('./storage/unsent.js').Unsent} with_.unsent
   * @param {import('./view/uploads.js').LaterUploads} with_.uploads
   * @param {import('./model/hidden.js').Hidden} with_.hidden
   * @param {object} on
   * @param {() => import('./chat/room.js').Room | null} on.room that is open
   * @param {(why: string) => void} on.left nobody is logged in any more
   */
  constructor(with_, { room, left }) {
    this.#with = with_
    this.#room = room
    this.#left = left
    settings.watchAccount(() => this.isStillMe() || this.leave(CARD.loggedOutElsewhere))
  }

  /** '' for a guest. */
  get me() {
    return this.directMessages?.me ?? ''
  }

  /** @param {string} me who is logged in from now on */
  enter(me) {
    const { api, feed, open, unsent, uploads, hidden } = this.#with
    this.directMessages?.stop()
    settings.account = me
    hidden.of(me)
    this.#remembered = settings.account
    unsent.forgetAccounts(me)
    this.directMessages = new DirectMessages({
      me, api, url: feed, open, clock: systemClock, unsent, uploads, hidden, blocked: new Blocked(api.call),
      drafts: settings.draftsOf(me), reacted: reactedIn(me, PRIVATE),
    })
    this.directMessages.start()
    uploads.forget(me)
    return me
  }

  /** @param {string} why */
  leave(why) {
    const { api, uploads, hidden } = this.#with
    if (!this.directMessages) return
    const { me } = this.directMessages
    this.directMessages.stop()
    this.directMessages = null
    uploads.release(draftFileIds()) // drafts are forgotten; messages that were not sent are kept
    uploads.turn()
    api.forget()
    settings.forgetAccount(me)
    hidden.of('')
    this.#left(why)
  }

  /**
   * False if this browser has become another user's in another window: nothing
   * is sent in the wrong name.
   */
  isStillMe = () => !this.directMessages || settings.account === this.#remembered

  /** @returns {Promise<never>} */
  nobody() {
    this.leave(CARD.loggedOutElsewhere)
    return Promise.reject(new TypeError('somebody else is logged in'))
  }

  /** Asks the server, which has refused something; who is not logged in leaves. */
  isLoggedIn = async () => {
    const isIn = !this.directMessages || await this.#with.api.me() !== null
    if (!isIn) this.leave(CARD.loggedOutElsewhere)
    return isIn
  }

  /** The actions on the account. */
  account = {
    atStake: async () => (this.directMessages ? atStake(this.directMessages, {
      room: this.#room(), unsent: this.#with.unsent, draftPlaces: settings.draftPlaces, clock: systemClock,
    }) : ''),
    isAdmin: async () => (await this.#with.api.me())?.isAdmin === true,
    logout: () => this.#ends(this.#with.api.logout(), CARD.loggedOut),
    logoutEverywhere: () => this.#ends(this.#with.api.logoutEverywhere(), CARD.loggedOutEverywhere),
    /** @param {string} password @param {string} messages what becomes of them: keep, erase */
    deleteAccount: (password, messages) => this.#ends(
      this.#with.api.deleteAccount(password, messages),
      messages === 'erase' ? CARD.accountErased : CARD.accountDeleted,
    ),
    /** @param {string} old @param {string} new_ */
    changePassword: (old, new_) => this.#with.api.changePassword(old, new_),
  }

  /** @param {Promise<void>} done @param {string} why */
  async #ends(done, why) {
    await done
    this.leave(why)
    // Users who are logged out against their will find it when they are back;
    // those who log out leave nothing.
    this.#with.unsent.forgetAccounts()
    this.#with.uploads.forget('')
  }
}
