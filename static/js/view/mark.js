// The mark of an account: guests cannot have its name.

import { PEOPLE } from '../model/strings/people.js'
import { find, stamp } from './dom.js'

export function accountMark() {
  const mark = find(stamp('account-mark'), 'svg', SVGElement)
  find(mark, 'title', SVGTitleElement).textContent = PEOPLE.account
  return mark
}
