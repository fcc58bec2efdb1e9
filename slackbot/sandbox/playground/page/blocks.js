/** Block Kit, drawn as nodes. */

import { h } from './dom.js';
import { drawElement, drawPicture } from './elements.js';
import { drawText } from './mrkdwn.js';
import { drawGroup } from './rich_text.js';

/** @typedef {import('./types.js').Block} Block */
/** @typedef {import('./elements.js').Surface} Surface */

/** @type {Record<string, (block: Block, surface: Surface) => Node>} */
const DRAWN = {
  section: (block, surface) => {
    const text = block.text && h('div', { class: 'text' }, drawText(block.text, surface.reader));
    const fields = block.fields?.map((field) => h('div', null, drawText(field, surface.reader)));
    const accessory = block.accessory && drawElement(block.accessory, block, surface);
    return h('div', { class: accessory ? 'section with-accessory' : 'section' },
      h('div', null, text, fields && h('div', { class: 'fields' }, fields)), accessory);
  },
  header: (block, surface) =>
    h('h3', null, block.text ? drawText(block.text, surface.reader) : ''),
  divider: () => h('hr'),
  image: (block, surface) =>
    h('figure', null, block.title && h('figcaption', null, drawText(block.title, surface.reader)),
      drawPicture(block.image_url ?? '', block.alt_text ?? '', 'wide')),
  context: (block, surface) =>
    h('div', { class: 'context' }, (block.elements ?? []).map((element) =>
      element.type === 'image'
        ? drawPicture(element.image_url, element.alt_text, 'tiny')
        : h('span', null, drawText(element, surface.reader)))),
  actions: (block, surface) =>
    h('div', { class: 'actions' },
      (block.elements ?? []).map((element) => drawElement(element, block, surface))),
  rich_text: (block, surface) =>
    h('div', { class: 'rich' }, (block.elements ?? []).map((group) => drawGroup(group, surface.reader))),
  input: (block, surface) => (block.element ? drawElement(block.element, block, surface) : h('div')),
};

/**
 * Draw blocks one below the other. A kind that this page does not know is named.
 *
 * @param {Block[]} blocks
 * @param {Surface} surface
 */
export const drawBlocks = (blocks, surface) =>
  blocks.map((block) => {
    const draw = DRAWN[block.type];
    const drawn = draw ? draw(block, surface) : h('p', { class: 'unknown' }, `A block of the kind ${block.type}`);
    if (drawn instanceof HTMLElement) drawn.dataset['block'] = block.block_id;
    return drawn;
  });
