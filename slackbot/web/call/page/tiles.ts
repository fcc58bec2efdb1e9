/** The two pictures: the partner's, large, and one's own. */

import { at } from './page.ts';

export type Tile = 'local' | 'remote';

export const video = (tile: Tile): HTMLVideoElement => at<HTMLVideoElement>(tile);

/** Shows the video, or the face behind it when the camera is off. */
export function live(tile: Tile, on: boolean): void {
  video(tile).closest('.tile')?.classList.toggle('live', on);
}

/** First letters of the first and last word of a name, as Slack draws them. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => Array.from(word ?? '')[0] ?? '').join('').toUpperCase();
}

/** Puts the partner's name and initials onto their tile. */
export function nameThem(partner: string): void {
  at('remote-name').textContent = partner;
  at('remote-face').textContent = initials(partner);
}

/** A small sign beside the name while the partner is muted. */
export function partnerMuted(muted: boolean): void {
  document.querySelector('.remote .muted')?.toggleAttribute('hidden', !muted);
}
