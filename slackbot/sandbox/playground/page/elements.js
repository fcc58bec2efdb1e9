/** Block Kit's elements: buttons, menus, pictures and the fields of forms. */

import { h, icon, initials, unique } from './dom.js';
import { drawPlain, drawText, withEmoji } from './mrkdwn.js';

/** @typedef {import('./types.js').Block} Block */
/** @typedef {import('./types.js').Confirm} Confirm */
/** @typedef {import('./types.js').Element} BlockElement */
/** @typedef {import('./types.js').Option} Option */
/** @typedef {import('./types.js').Reader} Reader */

/**
 * Where elements are drawn, and what they do there.
 *
 * @typedef {object} Surface
 * @property {Reader} reader
 * @property {Record<string, string>} people Real names by id, for menus of people.
 * @property {Record<string, Record<string, Record<string, any>>>} values What is chosen or typed, by block and action.
 * @property {Record<string, string>} errors Below fields, by block.
 * @property {Map<string, () => unknown>} fields The current values of a form's fields, by block.
 * @property {(confirm: Confirm | undefined, go: () => void) => void} ask Ask first, if the element wants that.
 * @property {(block: Block, element: BlockElement, pressed: HTMLElement) => void} press
 * @property {(block: Block, element: BlockElement, option: unknown, label: string) => void} choose
 */

/** @typedef {(element: BlockElement, block: Block, surface: Surface) => HTMLElement} Draw */

/** @type {Record<string, Draw>} */
const DRAWN = {
  button: drawButton,
  overflow: drawOverflow,
  image: (element) => drawPicture(element.image_url ?? '', element.alt_text ?? '', 'beside'),
  static_select: drawSelect,
  multi_static_select: drawSelect,
  users_select: drawSelect,
  multi_users_select: drawSelect,
  radio_buttons: drawBoxes,
  checkboxes: drawBoxes,
  plain_text_input: drawTyped,
  email_text_input: drawTyped,
  url_text_input: drawTyped,
  number_input: drawTyped,
  datepicker: drawTyped,
  timepicker: drawTyped,
};
/** The key of an element's value in `state.values`. @type {Record<string, string>} */
const KEYS = {
  static_select: 'selected_option', radio_buttons: 'selected_option',
  multi_static_select: 'selected_options', checkboxes: 'selected_options',
  users_select: 'selected_user', multi_users_select: 'selected_users',
  datepicker: 'selected_date', timepicker: 'selected_time',
};
/** The type of an HTML input. @type {Record<string, string>} */
const INPUTS = { email_text_input: 'email', url_text_input: 'url', number_input: 'number', datepicker: 'date', timepicker: 'time' };

/** Draw an element; a kind that this page does not know is named. @type {Draw} */
export function drawElement(element, block, surface) {
  const draw = DRAWN[element.type];
  return draw
    ? draw(element, block, surface)
    : h('p', { class: 'unknown' }, `An element of the kind ${element.type}`);
}

/**
 * Draw a picture. Only one that came with the data is shown; any other address would leave this
 * machine, so the initials of what it shows stand for it.
 *
 * @param {string} url
 * @param {string} alt
 * @param {string} size
 */
export function drawPicture(url, alt, size) {
  if (url.startsWith('data:image/')) return h('img', { src: url, alt, class: `picture ${size}` });
  const name = alt.replace(/^Picture of /, '');
  return h('span', { class: `picture ${size}`, role: 'img', 'aria-label': alt }, initials(name));
}

/** @type {Draw} */
function drawButton(element, block, surface) {
  const label = element.text?.text ?? '';
  const props = {
    class: `button ${element.style ?? ''}`, 'data-action': element.action_id,
    'aria-label': element.accessibility_label ?? null,
  };
  /** @param {HTMLElement} pressed */
  const press = (pressed) => surface.ask(element.confirm, () => surface.press(block, element, pressed));
  if (!element.url) {
    const button = h('button', { ...props, type: 'button', onclick: () => press(button) }, withEmoji(label));
    return button;
  }
  const url = element.url;
  const link = h('a', {
    ...props, href: url, target: '_blank', rel: 'noopener noreferrer',
    onclick: (/** @type {Event} */ event) => {
      surface.reader.follow(url, event);
      press(link);
    },
  }, withEmoji(label));
  return link;
}

/** @type {Draw} */
function drawOverflow(element, block, surface) {
  const menu = h('details', { class: 'overflow' });
  const options = (element.options ?? []).map((option) =>
    h('button', {
      type: 'button',
      onclick: () => {
        menu.open = false;
        surface.ask(element.confirm, () => surface.choose(block, element, option.value, option.text.text));
      },
    }, drawPlain(option.text.text)));
  menu.append(h('summary', { class: 'button', 'aria-label': 'More' }, icon('more')), h('div', null, options));
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') menu.open = false;
  });
  return menu;
}

/** @type {Draw} */
function drawSelect(element, block, surface) {
  const several = element.type.startsWith('multi_');
  const select = h('select', { multiple: several, 'data-action': element.action_id });
  if (!several) select.append(h('option', { value: '' }, element.placeholder?.text ?? 'Choose'));
  const people = element.type.includes('users');
  const offered = people
    ? Object.entries(surface.people).map(([value, text]) => ({ value, text: { text } }))
    : (element.options ?? []);
  select.append(...offered.map(drawOption));
  for (const group of element.option_groups ?? []) {
    select.append(h('optgroup', { label: group.label.text }, group.options.map(drawOption)));
  }
  const chosen = [current(element, block, surface) ?? []].flat().map((one) => one?.value ?? one);
  for (const option of select.options) option.selected = chosen.includes(option.value);
  if (!several && !chosen.length) select.value = '';
  const read = () => {
    const values = [...select.selectedOptions].map((option) => option.value).filter(Boolean);
    return several ? values : (values[0] ?? null);
  };
  return field(element, block, surface, select, read);
}

/** @param {{ value: string, text: { text: string } }} option */
const drawOption = (option) => h('option', { value: option.value }, withEmoji(option.text.text));

/** @type {Draw} */
function drawBoxes(element, block, surface) {
  const one = element.type === 'radio_buttons';
  const name = unique('choice');
  const chosen = [current(element, block, surface) ?? []].flat().map((option) => option.value);
  const boxes = (element.options ?? []).map((option) => {
    const box = h('input', { type: one ? 'radio' : 'checkbox', name, value: option.value });
    box.checked = chosen.includes(option.value);
    const description = option.description && h('small', null, drawText(option.description, surface.reader));
    return { box, row: h('label', { class: 'box' }, box, h('span', null, drawText(option.text, surface.reader), description)) };
  });
  const group = h('div', { role: one ? 'radiogroup' : 'group', 'data-action': element.action_id }, boxes.map(({ row }) => row));
  const read = () => {
    const values = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
    return one ? (values[0] ?? null) : values;
  };
  return field(element, block, surface, group, read);
}

/** @type {Draw} */
function drawTyped(element, block, surface) {
  const props = {
    placeholder: element.placeholder?.text ?? null, maxlength: element.max_length ?? null,
    autocomplete: 'off', spellcheck: 'false', 'data-action': element.action_id,
  };
  const input = element.multiline
    ? h('textarea', { ...props, rows: 3 })
    : h('input', { ...props, type: INPUTS[element.type] ?? 'text' });
  input.value = String(current(element, block, surface) ?? '');
  return field(element, block, surface, input, () => input.value || null);
}

/** @param {BlockElement} element @param {Block} block @param {Surface} surface @returns {any} */
const current = (element, block, surface) =>
  surface.values[block.block_id]?.[element.action_id]?.[KEYS[element.type] ?? 'value'];

/**
 * Put a label, a hint and an error around a field of a form. Elsewhere, a choice acts at once.
 *
 * @param {BlockElement} element
 * @param {Block} block
 * @param {Surface} surface
 * @param {HTMLElement} control
 * @param {() => unknown} read
 */
function field(element, block, surface, control, read) {
  const acts = block.type !== 'input' || block.dispatch_action;
  if (acts) {
    control.addEventListener('change', () =>
      surface.ask(element.confirm, () => surface.choose(block, element, read(), element.placeholder?.text ?? '')));
  }
  if (block.type !== 'input') {
    control.setAttribute('aria-label', element.placeholder?.text ?? 'Choose');
    return control;
  }
  surface.fields.set(block.block_id, read);
  const [id, hintId, errorId] = [unique('field'), unique('hint'), unique('error')];
  const error = surface.errors[block.block_id];
  const described = [block.hint && hintId, error && errorId].filter(Boolean).join(' ');
  const group = control.getAttribute('role');
  control.id = id;
  if (described) control.setAttribute('aria-describedby', described);
  if (error && !group) control.setAttribute('aria-invalid', 'true');
  if (group) control.setAttribute('aria-label', block.label?.text ?? '');
  const label = [withEmoji(block.label?.text ?? ''), block.optional && h('small', null, ' (optional)')];
  return h('div', { class: 'field' },
    group ? h('span', { class: 'label' }, label) : h('label', { for: id }, label),
    control,
    error && h('p', { class: 'error', id: errorId }, error),
    block.hint && h('p', { class: 'hint', id: hintId }, drawPlain(block.hint.text)));
}
