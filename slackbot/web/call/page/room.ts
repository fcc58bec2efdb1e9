/** The call itself, as the person sees it: one status line, who is there, and the way out. */

import { say } from './page.ts';
import { pressing, type Link, type Presence } from './status.ts';
import { situation } from './words.ts';

const ANNOUNCED_FOR_MS = 5_000;

export class Room {
  private link: Link | undefined; // none while still in the lobby
  private weak = false;
  private presence: Presence = 'waiting';
  private announcement: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly partner: string) {}

  connecting(again: boolean): void {
    this.link = again ? 'reconnecting' : 'connecting';
    this.paint();
  }

  started(): void {
    this.link = 'started';
    this.paint();
  }

  becameWeak(weak: boolean): void {
    this.weak = weak;
    this.paint();
  }

  partnerIs(presence: Presence): void {
    this.presence = presence;
    this.paint();
  }

  /** Says something for a moment, then what it said before. */
  announce(text: string): void {
    clearTimeout(this.announcement);
    say(text);
    this.announcement = setTimeout(() => {
      this.announcement = undefined;
      this.paint();
    }, ANNOUNCED_FOR_MS);
  }

  close(): void {
    clearTimeout(this.announcement);
    this.announcement = undefined;
  }

  private paint(): void {
    if (this.link) {
      document.body.dataset.link = this.link;
      document.body.dataset.partner = this.presence;
    }
    if (this.announcement !== undefined) return;
    say(this.link ? situation(pressing(this.link, this.weak, this.presence), this.partner) : '');
  }
}
