/**
 * mrkdwn as Slack reads it, drawn as nodes.
 *
 * A mark (`* _ ~`) opens if no letter or digit precedes it and no space follows it, and closes at
 * the next such mark on the line that no letter or digit follows. A zero-width character on its
 * inner side keeps it from pairing.
 */

import { drawDate } from './dates.js';
import { h, nodes } from './dom.js';
import { EMOJI } from './emoji.js';

/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./types.js').Text} Text */

const INVISIBLE = '\\u200b\\u200c\\u200d\\u2060\\u00ad';
const FENCE = /```([^]+?)```/g;
const CODE = new RegExp('`([^`\\n]*[^`\\n' + INVISIBLE + '])`', 'g');
/** @type {['b' | 'i' | 's', RegExp][]} */
const PAIRS = [['b', pair('*')], ['i', pair('_')], ['s', pair('~')]];
// Stand-ins for what is drawn already; Slack knows no character of the private use area.
const HELD = /\ue000(\d+)\ue001/;
const BARE = /(https?:\/\/[^\s<>|\ue000]+)/i;
const SHORTCODE = /:([a-z0-9_+-]+):/;

/** @param {string} mark */
function pair(mark) {
  const m = mark === '*' ? '\\*' : mark;
  return new RegExp(
    `(?<![\\p{L}\\p{N}])${m}(?![\\s${INVISIBLE}])([^${m}\\n]+)(?<![${INVISIBLE}])${m}(?![\\p{L}\\p{N}])`, 'u');
}

/** @param {string} text */
const unescape = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/**
 * Draw a text object of either kind.
 *
 * @param {Text} text
 * @param {Reader} reader
 */
export const drawText = (text, reader) =>
  text.type === 'mrkdwn' ? drawMrkdwn(text.text, reader) : drawPlain(text.text);

/**
 * Draw plain text: line breaks and emoji, nothing else.
 *
 * @param {string} text
 * @returns {Node[]}
 */
export function drawPlain(text) {
  const lines = text.split('\n').map((line) => document.createTextNode(withEmoji(line)));
  return lines.flatMap((line, index) => (index ? [h('br'), line] : [line]));
}

/** Draw a sentence of the playground's own, with `code` in backticks. @param {string} text */
export const drawCode = (text) =>
  text.split('`').map((part, index) => (index % 2 ? h('code', null, part) : part));

/**
 * Replace the shortcodes of emoji that this page knows.
 *
 * @param {string} text
 */
export const withEmoji = (text) =>
  text.replace(new RegExp(SHORTCODE, 'g'), (all, name) => EMOJI[name] ?? all);

/**
 * Draw mrkdwn.
 *
 * @param {string} text
 * @param {Reader} reader
 * @returns {Node[]}
 */
export function drawMrkdwn(text, reader) {
  /** @type {Node[]} */
  const held = [];
  /** @param {Node} node */
  const hold = (node) => `\ue000${held.push(node) - 1}\ue001`;
  const prepared = text
    .replaceAll('\ue000', '\ufffd')
    .replace(/<([^<>\n]+)>/g, (_, inner) => hold(drawAngle(inner, reader)))
    .replace(FENCE, (_, code) => hold(h('pre', null, restored(unescape(code), held))))
    .replace(CODE, (_, code) => hold(h('code', null, restored(unescape(code), held))));
  return drawLines(prepared, held, reader);
}

/** @param {string} text @param {Node[]} held @returns {string} What code shows: no marks inside. */
function restored(text, held) {
  return text.replace(new RegExp(HELD, 'g'), (_, index) => held[Number(index)]?.textContent ?? '');
}

/** @param {string} text @param {Node[]} held @param {Reader} reader */
function drawLines(text, held, reader) {
  /** @type {Node[]} */
  const drawn = [];
  /** @type {HTMLElement | null} */
  let quote = null;
  for (const line of text.split('\n')) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const content = drawInline(quoted?.[1] ?? line, held, reader);
    if (quoted) {
      if (quote) quote.append(h('br'));
      else drawn.push((quote = h('blockquote')));
      quote.append(...content);
    } else {
      if (drawn.length && !quote) drawn.push(h('br'));
      quote = null;
      drawn.push(...content);
    }
  }
  return drawn;
}

/** @param {string} text @param {Node[]} held @param {Reader} reader @returns {Node[]} */
function drawInline(text, held, reader) {
  const found = PAIRS.map(([tag, pattern]) => ({ tag, match: pattern.exec(text) }))
    .filter(({ match }) => match)
    .sort((one, other) => (one.match?.index ?? 0) - (other.match?.index ?? 0))[0];
  if (!found?.match) return drawLeaf(text, held, reader);
  const { tag, match } = found;
  return [
    ...drawLeaf(text.slice(0, match.index), held, reader),
    h(tag, null, drawInline(match[1] ?? '', held, reader)),
    ...drawInline(text.slice(match.index + match[0].length), held, reader),
  ];
}

/** @param {string} text @param {Node[]} held @param {Reader} reader @returns {Node[]} */
function drawLeaf(text, held, reader) {
  return text.split(new RegExp(HELD, 'g')).flatMap((part, index) => {
    if (index % 2) return nodes([held[Number(part)]]);
    return part.split(BARE).flatMap((piece, odd) => {
      const shown = unescape(piece);
      return odd % 2 ? [drawLink(shown, shown, reader)] : nodes([withEmoji(shown)]);
    });
  });
}

/** @param {string} inner Between `<` and `>`. @param {Reader} reader */
function drawAngle(inner, reader) {
  const [target = '', label = ''] = splitOnce(inner, '|');
  if (target.startsWith('!date^')) {
    const [, seconds, form = '', url] = target.split('^');
    const shown = drawDate(Number(seconds), unescape(form), unescape(label), reader);
    return url ? drawLink(unescape(url), shown, reader) : h('time', null, shown);
  }
  const id = target.slice(1);
  if (/^[@#]/.test(target)) return mention(target[0] + (reader.names[id] ?? (label || id)));
  if (target.startsWith('!subteam^')) return mention(label || `@${target.slice(9)}`);
  if (target.startsWith('!')) return mention(`@${id}`);
  return drawLink(unescape(target), unescape(label || target), reader);
}

/** @param {string} text @param {string} at */
function splitOnce(text, at) {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Draw a mention of a person, a channel or everybody. @param {string} text */
export const mention = (text) => h('span', { class: 'mention' }, text);

/**
 * Draw a link. One that leaves this machine is announced instead of followed.
 *
 * @param {string} url
 * @param {string} shown
 * @param {Reader} reader
 * @returns {Node}
 */
export function drawLink(url, shown, reader) {
  if (!/^(https?|mailto):/i.test(url)) return document.createTextNode(shown);
  return h('a', {
    href: url, target: '_blank', rel: 'noopener noreferrer',
    onclick: (/** @type {Event} */ event) => reader.follow(url, event),
  }, withEmoji(shown));
}
