/** The line in which people type, with suggestions for the slash command. */

import { h, icon, unique } from './dom.js';

/** @typedef {import('./types.js').About} About */
/** @typedef {{ fill: string, shown: string, about: string }} Suggestion */

/**
 * Return suggestions for what is typed so far.
 *
 * @param {string} typed
 * @param {import('./types.js').SlashCommand} command
 * @returns {Suggestion[]}
 */
export function suggestions(typed, command) {
  if (!typed.startsWith('/')) return [];
  const name = command.command;
  const words = (command.usage_hint ?? '').replace(/[[\]]/g, '').split('|').map((word) => word.trim()).filter(Boolean);
  if (!typed.startsWith(`${name} `)) {
    if (!name.startsWith(typed)) return [];
    return [{ fill: `${name} `, shown: name, about: command.description }];
  }
  const rest = typed.slice(name.length + 1).toLowerCase();
  if (/\s/.test(rest) || words.includes(rest)) return [];
  return words.filter((word) => word.startsWith(rest))
    .map((word) => ({ fill: `${name} ${word}`, shown: `${name} ${word}`, about: '' }));
}

/**
 * Draw the composer.
 *
 * @param {object} given
 * @param {string} given.label
 * @param {About} given.about
 * @param {(text: string) => void} given.send
 * @param {(shortcut: import('./types.js').Shortcut) => void} given.shortcut
 */
export function drawComposer({ label, about, send, shortcut }) {
  const listId = unique('suggestions');
  const list = h('ul', { class: 'suggestions', role: 'listbox', id: listId, 'aria-label': 'Suggestions', hidden: true });
  const input = h('input', {
    type: 'text', role: 'combobox', 'aria-label': label, placeholder: label, autocomplete: 'off',
    spellcheck: 'false', 'aria-autocomplete': 'list', 'aria-controls': listId, 'aria-expanded': 'false', maxlength: 3000,
  });
  let active = -1;
  /** @type {Suggestion[]} */
  let offered = [];

  const show = () => {
    list.hidden = !offered.length;
    input.setAttribute('aria-expanded', String(!list.hidden));
    list.replaceChildren(...offered.map((one, index) => h('li', {
      role: 'option', id: `${listId}-${index}`, 'aria-selected': String(index === active),
      onmousedown: (/** @type {Event} */ event) => {
        event.preventDefault();
        pick(index);
      },
    }, h('b', null, one.shown), one.about && h('span', null, one.about))));
    if (active >= 0) input.setAttribute('aria-activedescendant', `${listId}-${active}`);
    else input.removeAttribute('aria-activedescendant');
  };
  const offer = () => {
    offered = suggestions(input.value, about.command);
    active = -1;
    show();
  };
  const hide = () => {
    offered = [];
    active = -1;
    show();
  };
  /** @param {number} index */
  const pick = (index) => {
    input.value = offered[index]?.fill ?? input.value;
    offer();
  };
  const submit = () => {
    const text = input.value.trim();
    if (!text) return;
    input.value = '';
    hide();
    send(text);
  };
  /** @type {Record<string, () => boolean>} True if the key did something. */
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Escape: () => {
      const open = offered.length > 0;
      hide();
      return open;
    },
    Tab: () => {
      if (active >= 0) pick(active);
      return false;
    },
    Enter: () => {
      if (active >= 0) pick(active);
      else submit();
      return true;
    },
  };
  /** @param {number} step */
  const move = (step) => {
    if (!offered.length) return false;
    active = (active + step + offered.length) % offered.length;
    show();
    return true;
  };
  input.addEventListener('input', offer);
  input.addEventListener('blur', hide);
  input.addEventListener('keydown', (event) => {
    if (keys[event.key]?.()) event.preventDefault();
  });
  const start = () => {
    input.value = `${about.command.command} `;
    input.focus();
    offer();
  };
  return h('div', { class: 'composer' },
    list,
    drawShortcuts(about, shortcut),
    h('button', { type: 'button', class: 'quiet slash', 'aria-label': 'Type the slash command', title: 'Type the slash command', onclick: start }, '/'),
    input,
    h('button', { type: 'button', class: 'quiet', 'aria-label': 'Send', title: 'Send', onclick: submit }, icon('send')));
}

/** @param {About} about @param {(shortcut: import('./types.js').Shortcut) => void} choose */
function drawShortcuts(about, choose) {
  const menu = h('details', { class: 'shortcuts' });
  menu.append(
    h('summary', { class: 'quiet', 'aria-label': 'Shortcuts', title: 'Shortcuts' }, icon('bolt')),
    h('div', null, about.shortcuts.map((one) => h('button', {
      type: 'button',
      onclick: () => {
        menu.open = false;
        choose(one);
      },
    }, h('b', null, one.name), h('span', null, one.description)))));
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') menu.open = false;
  });
  menu.addEventListener('focusout', (event) => {
    if (event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  return menu;
}
