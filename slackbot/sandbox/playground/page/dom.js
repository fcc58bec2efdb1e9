/**
 * Elements from data. Text always becomes a text node, so nothing that people or the platform say
 * is ever read as HTML.
 *
 * @typedef {string | number | Node | null | undefined | false | any[]} Child
 * @typedef {Record<string, any>} Props Attributes; `on…` is a listener, null and false are left out.
 */

/**
 * Create an element.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  set(element, props ?? {});
  element.append(...nodes(children));
  return element;
}

/**
 * Set attributes and listeners.
 *
 * @param {Element} element
 * @param {Props} props
 */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * Return the nodes of children, strings as text.
 *
 * @param {Child[]} children
 * @returns {Node[]}
 */
export function nodes(children) {
  return children.flat(9).flatMap((child) => {
    if (child === null || child === undefined || child === false || child === '') return [];
    return [child instanceof Node ? child : document.createTextNode(String(child))];
  });
}

/** Text that only a screen reader speaks. @param {string} text */
export const spoken = (text) => h('span', { class: 'spoken' }, text);

const PATHS = {
  bolt: 'M13 3 5 14h6l-1 7 8-11h-6z',
  send: 'M4 12 20 4l-5 16-3-7z',
  close: 'M6 6l12 12M18 6 6 18',
  mail: 'M4 6h16v12H4zM4 7l8 6 8-6',
  home: 'M4 11 12 4l8 7v9h-5v-6H9v6H4z',
  bot: 'M4.5 12a5 5 0 1 1 0 .01M9.5 12a5 5 0 1 1 0 .01',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  plus: 'M12 5v14M5 12h14',
  again: 'M5 12a7 7 0 1 1 2 5M5 12V7M5 12h5',
  next: 'M6 5l10 7-10 7zM19 5v14',
};

/** A drawn sign; the text beside it carries the meaning. @param {keyof typeof PATHS} name */
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  set(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' });
  const path = document.createElementNS(space, 'path');
  set(path, { d: PATHS[name] });
  svg.append(path);
  return svg;
}

let ids = 0;

/** Return an id that no element has yet. @param {string} name */
export const unique = (name) => `${name}-${++ids}`;

/** Return the initials of a name, for its picture. @param {string} name */
export const initials = (name) =>
  name.split(/\s+/).filter(Boolean).slice(0, 2).map((part) => [...part][0]).join('').toUpperCase();
