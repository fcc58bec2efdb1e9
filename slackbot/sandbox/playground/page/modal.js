/** Modals: a form of the bot, a question before an action, and where a link would lead. */

import { drawBlocks } from './blocks.js';
import { h, icon, unique } from './dom.js';
import { drawCode, drawText } from './mrkdwn.js';

/** @typedef {import('./types.js').Confirm} Confirm */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./elements.js').Surface} Surface */

/**
 * Draw a modal's frame.
 *
 * @param {string} title
 * @param {() => void} close
 * @param {Node[]} body
 * @param {Node[]} buttons
 */
function frame(title, close, body, buttons) {
  const id = unique('modal');
  return h('div', {
    class: 'modal', role: 'dialog', 'aria-labelledby': id, tabindex: '-1',
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape') close();
    },
  },
    h('header', null, h('h3', { id }, title),
      h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close', onclick: close }, icon('close'))),
    h('div', { class: 'modal-body' }, body),
    h('footer', null, buttons));
}

/**
 * Draw the form of a view.
 *
 * @param {Item} view
 * @param {Surface} surface
 * @param {{ submit: (values: Record<string, unknown>, button: HTMLElement) => void, close: () => void, paste: Node | null }} acts
 */
export function drawView(view, surface, { submit, close, paste }) {
  const button = view.submit && h('button', { type: 'submit', class: 'button primary' }, view.submit);
  const missing = h('p', { class: 'error', role: 'alert' });
  const form = h('form', {
    novalidate: true,
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const values = Object.fromEntries([...surface.fields].map(([block, read]) => [block, read()]));
      const empty = view.blocks.find((block) =>
        block.type === 'input' && !block.optional && [null, ''].includes(/** @type {any} */ (values[block.block_id])));
      missing.textContent = empty ? `Please fill in “${empty.label?.text}”.` : '';
      if (empty) focusField(form, empty.block_id);
      else if (button) submit(values, button);
    },
  });
  form.append(...drawBlocks(view.blocks, surface));
  const failure = view.failure && h('p', { class: 'error', role: 'alert' }, view.failure);
  const closing = h('button', { type: 'button', class: 'button', onclick: close }, view.close ?? 'Close');
  const buttons = button ? [closing, button] : [closing];
  if (button) button.setAttribute('form', (form.id = unique('form')));
  const body = [form, missing, failure, paste].filter((part) => part instanceof Node);
  return frame(view.title ?? '', close, /** @type {Node[]} */ (body), buttons);
}

/** @param {HTMLElement} form @param {string} block */
function focusField(form, block) {
  const field = form.querySelector(`[data-block="${CSS.escape(block)}"] :is(input, textarea, select)`);
  if (field instanceof HTMLElement) field.focus();
}

/**
 * Draw a question before an action.
 *
 * @param {Confirm} confirm
 * @param {Reader} reader
 * @param {() => void} go
 * @param {() => void} close
 */
export function drawQuestion(confirm, reader, go, close) {
  const yes = () => {
    close();
    go();
  };
  return frame(confirm.title.text, close, [h('p', null, drawText(confirm.text, reader))], [
    h('button', { type: 'button', class: 'button', onclick: close }, confirm.deny.text),
    h('button', { type: 'button', class: `button ${confirm.style ?? 'primary'}`, onclick: yes }, confirm.confirm.text),
  ]);
}

/**
 * Say where a link would lead. Nothing of the playground leaves this machine.
 *
 * @param {string} url
 * @param {string} noCalls Why there is no call page, if there is none.
 * @param {() => void} close
 */
export function drawLeaving(url, noCalls, close) {
  return frame('This leads to the event hub', close, [
    h('p', null, 'In Slack, your browser would open this page now. The playground stays on this machine.'),
    h('p', null, h('code', { class: 'address' }, url)),
    ...(noCalls ? [h('p', { class: 'hint' }, 'Matches have no Join call button here: ', drawCode(noCalls), '.')] : []),
  ], [h('button', { type: 'button', class: 'button primary', onclick: close }, 'Close')]);
}
