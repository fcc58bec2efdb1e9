/** The page asks for its session only after a click: a link scanner that runs scripts clicks nothing. */

import { TITLE } from './words.ts';
import { at, show } from './page.ts';

const KEY = 'entered';

/** True where this tab was let in by a click before, so that a reload needs none. */
export function hasEntered(path: string): boolean {
  try {
    return sessionStorage.getItem(KEY) === path;
  } catch {
    return false; // a browser without storage
  }
}

/** Remembers the click for as long as the tab is there. */
export function rememberEntry(path: string): void {
  try {
    sessionStorage.setItem(KEY, path);
  } catch {
    // then every reload asks for a click
  }
}

/** Shows the entrance until its button is pressed. */
export async function entered(path: string): Promise<void> {
  if (hasEntered(path)) return;
  show('entrance', TITLE);
  await new Promise((resolve) => { at('enter').addEventListener('click', resolve, { once: true }); });
  rememberEntry(path);
  show('loading', TITLE);
}
