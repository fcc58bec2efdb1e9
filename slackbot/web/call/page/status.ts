/** What the one status line of a call says: the most pressing of what is going on. */

export type Link = 'connecting' | 'reconnecting' | 'started';
export type Presence = 'waiting' | 'here' | 'left' | 'dropped';
export type Situation = 'connecting' | 'reconnecting' | 'weak' | Presence;

/** A broken line comes before a weak one, and a weak one before who is there. */
export function pressing(link: Link, weak: boolean, partner: Presence): Situation {
  if (link !== 'started') return link;
  return weak && partner === 'here' ? 'weak' : partner;
}
