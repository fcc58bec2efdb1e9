/** The desk of faults. */

import { h, icon, unique } from './dom.js';
import { post } from './server.js';

/** @typedef {import('./types.js').DeskState} DeskState */
/** @typedef {import('./types.js').Fault} Fault */
/** @typedef {import('./types.js').Person} Person */

/** Buttons for everything that can go wrong, and the length of rounds. */
export class Desk {
  /** @param {() => void} again Called when everything shall start over. */
  constructor(again) {
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map();
    this.list = h('ul', { class: 'faults' });
    this.person = h('select', { 'aria-label': 'Whose login' });
    this.round = h('select', {
      id: unique('round'),
      onchange: () => void post('round', { seconds: Number(this.round.value) }),
    });
    this.problem = h('p', { class: 'notice', role: 'status' });
    this.element = h('section', { class: 'card desk', 'aria-label': 'What can go wrong' },
      h('h2', null, 'What can go wrong'),
      h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Faults' }, this.list),
      this.problem,
      h('div', { class: 'dials' },
        h('label', { for: this.round.id }, 'A round lasts'), this.round,
        h('button', { type: 'button', class: 'button', onclick: again }, icon('again'), 'Start over')));
  }

  /** @param {DeskState} desk @param {Person[]} people */
  update(desk, people) {
    if (!this.buttons.size) this.list.replaceChildren(...desk.faults.map((fault) => this.drawFault(fault)));
    for (const fault of desk.faults) {
      const button = this.buttons.get(fault.name);
      if (fault.lasting && button) {
        button.setAttribute('aria-pressed', String(fault.on));
        button.textContent = fault.on ? 'Put right' : 'Break it';
      }
    }
    fill(this.person, people.map(({ name, real_name }) => [name, real_name.split(' ')[0] ?? name]));
    fill(this.round, desk.rounds.map((seconds) => [String(seconds), seconds < 60 ? `${seconds} seconds` : `${seconds / 60} minutes`]));
    this.round.value = String(desk.round_seconds);
  }

  /** @param {Fault} fault */
  drawFault(fault) {
    const id = unique('fault');
    const button = h('button', {
      type: 'button', class: 'button', 'aria-describedby': id, 'data-fault': fault.name,
      onclick: () => void this.press(fault, button),
    }, fault.lasting ? 'Break it' : 'Do it');
    this.buttons.set(fault.name, button);
    return h('li', null,
      h('div', { id }, h('b', null, fault.title), h('p', null, fault.effect)),
      h('div', { class: 'go' }, fault.of_person && this.person, button));
  }

  /** @param {Fault} fault @param {HTMLElement} button */
  async press(fault, button) {
    this.problem.replaceChildren();
    button.setAttribute('aria-busy', 'true');
    const answer = await post('fault', { name: fault.name, title: fault.title, person: this.person.value });
    button.removeAttribute('aria-busy');
    this.problem.replaceChildren(answer.refused ?? '');
  }
}

/** Fill a menu once, and again when it has another number of options. @param {HTMLSelectElement} select @param {string[][]} options */
function fill(select, options) {
  if (select.options.length === options.length) return;
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => h('option', { value }, text)));
  if (chosen) select.value = chosen;
}
