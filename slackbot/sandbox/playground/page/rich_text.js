/** rich_text blocks, in which text is never parsed. */

import { drawDate } from './dates.js';
import { h } from './dom.js';
import { EMOJI } from './emoji.js';
import { drawLink, drawPlain, mention } from './mrkdwn.js';

/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./types.js').RichPart} RichPart */

/**
 * Draw one group of a rich_text block: a section, list, quote or preformatted text.
 *
 * @param {RichPart} group
 * @param {Reader} reader
 * @returns {Node}
 */
export function drawGroup(group, reader) {
  const parts = group.elements ?? [];
  switch (group.type) {
    case 'rich_text_list': {
      const items = parts.map((item) => h('li', null, drawParts(item.elements ?? [], reader)));
      return h(group.style === 'ordered' ? 'ol' : 'ul', null, items);
    }
    case 'rich_text_quote':
      return h('blockquote', null, drawParts(parts, reader));
    case 'rich_text_preformatted':
      return h('pre', null, drawParts(parts, reader));
    default:
      return h('div', { class: 'line' }, drawParts(parts, reader));
  }
}

/** @param {RichPart[]} parts @param {Reader} reader */
const drawParts = (parts, reader) => parts.map((part) => styled(part, drawPart(part, reader)));

/** @param {RichPart} part @param {Reader} reader @returns {Node[]} */
function drawPart(part, reader) {
  switch (part.type) {
    case 'text':
      return drawPlain(part.text ?? '');
    case 'link':
      return [drawLink(part.url ?? '', part.text || (part.url ?? ''), reader)];
    case 'emoji':
      return drawPlain(EMOJI[part.name ?? ''] ?? `:${part.name}:`);
    case 'date': {
      const tz = part.timezone ?? reader.tz;
      const shown = drawDate(part.timestamp ?? NaN, part.format ?? '', part.fallback ?? '', { tz });
      return [h('time', null, shown)];
    }
    case 'broadcast':
      return [mention(`@${part.range}`)];
    case 'channel':
      return [mention(`#${reader.names[part.channel_id ?? ''] ?? part.channel_id}`)];
    default: {
      const id = part.user_id ?? part.usergroup_id ?? '';
      return [mention(`@${reader.names[id] ?? id}`)];
    }
  }
}

/** @param {RichPart} part @param {Node[]} drawn @returns {Node[]} */
function styled(part, drawn) {
  const style = typeof part.style === 'object' ? part.style : {};
  const tags = /** @type {const} */ ({ code: 'code', strike: 's', italic: 'i', bold: 'b' });
  return Object.entries(tags).reduce(
    (inner, [name, tag]) => (style[name] ? [h(tag, null, inner)] : inner), drawn);
}
