/** One message as it stands in a conversation. */

import { drawBlocks } from './blocks.js';
import { clock } from './dates.js';
import { h, icon, initials } from './dom.js';
import { drawMrkdwn, drawPlain } from './mrkdwn.js';

/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./elements.js').Surface} Surface */

/**
 * Draw a message.
 *
 * @param {Item} item
 * @param {Surface} surface
 * @param {{ bot: string, author: string }} names
 */
export function drawMessage(item, surface, { bot, author }) {
  const name = item.by_bot ? bot : author;
  const time = clock(item.ts ?? 0, surface.reader.tz);
  const body = item.blocks.length
    ? drawBlocks(item.blocks, surface)
    : [h('div', { class: 'text' }, item.mrkdwn ? drawMrkdwn(item.text ?? '', surface.reader) : drawPlain(item.text ?? ''))];
  const kind = item.kind === 'error' ? 'message failed' : item.only_you ? 'message only-you' : 'message';
  return h('article', { class: kind, tabindex: '-1', 'data-key': item.key },
    item.by_bot
      ? h('span', { class: 'face bot', 'aria-hidden': 'true' }, icon('bot'))
      : h('span', { class: 'face', 'aria-hidden': 'true' }, initials(author)),
    h('div', { class: 'content' },
      h('p', { class: 'from' }, h('b', null, name), item.by_bot && h('span', { class: 'badge' }, 'App'),
        h('time', null, time), item.edited && h('span', { class: 'edited' }, 'edited')),
      item.only_you && h('p', { class: 'private' }, 'Only visible to you'),
      ...body));
}

/**
 * Return the first line of a message's notification, as text.
 *
 * @param {Item} item
 * @param {import('./types.js').Reader} reader
 */
export const notification = (item, reader) =>
  h('div', null, drawMrkdwn((item.text ?? '').split('\n')[0] ?? '', reader)).textContent ?? '';
