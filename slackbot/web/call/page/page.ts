/** The page's elements, and which of its five screens is shown. */

export type Screen = 'loading' | 'entrance' | 'lobby' | 'call' | 'over';

/** The element with this id; call.html has them all. */
export const at = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

const write = (id: string, text: string): void => {
  const element = at(id);
  if (element.textContent !== text) element.textContent = text; // the same again would be read aloud again
};

/** Progress, announced politely. */
export const say = (text: string): void => write('status', text);

/** Something that went wrong, announced at once; empty takes it away. */
export const warn = (text: string): void => write('alert', text);

/** Fills an element and hides it where there is nothing to say. */
export function fill(id: string, text: string): void {
  write(id, text);
  at(id).hidden = text === '';
}

export const current = (): Screen => document.body.dataset.state as Screen;

/** Changes the screen; the heading gets the focus, so that a screen reader begins there. */
export function show(screen: Screen, heading: string): void {
  document.body.dataset.state = screen;
  write('title', heading);
  at('heading').focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** A switch keeps its name; only its state changes. */
export const press = (id: string, on: boolean): void => at(id).setAttribute('aria-pressed', String(on));

/** Does `then` at every click. */
export const onClick = (id: string, then: () => unknown): void => at(id).addEventListener('click', () => { then(); });
