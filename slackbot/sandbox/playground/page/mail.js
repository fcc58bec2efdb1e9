/** A person's inbox: the ticket e-mails with their magic links. */

import { clock } from './dates.js';
import { h, icon } from './dom.js';

/** @typedef {import('./types.js').Person} Person */

/**
 * Draw the inbox, newest first.
 *
 * @param {Person} person
 * @param {{ ask: () => void, copy: (link: string) => void }} acts
 */
export function drawInbox(person, { ask, copy }) {
  const letters = [...person.letters].reverse().map((letter, index) =>
    h('article', { class: 'letter' },
      h('p', { class: 'from' }, h('b', null, 'Demo Summit'), h('time', null, clock(letter.at, person.tz))),
      h('h3', null, 'Your ticket for Demo Summit'),
      h('p', null, `Hello ${person.real_name}, this is your personal link to the event. It works once, so don’t share it.`),
      h('p', null, h('code', { class: 'address' }, masked(letter.magic_link))),
      h('div', { class: 'actions' },
        h('button', { type: 'button', class: index ? 'button' : 'button primary', onclick: () => copy(letter.magic_link) }, 'Copy magic link'))));
  return [
    ...letters,
    h('p', { class: 'hint' }, 'Used it already? The organiser sends another.'),
    h('div', { class: 'actions' }, h('button', { type: 'button', class: 'button', onclick: ask }, icon('mail'), 'Ask for a new e-mail')),
  ];
}

/** @param {string} link */
const masked = (link) => link.replace(/(userKey=)[^&]+/, '$1•••');
