/** What happens: the hops of the last action, from the person to the message. */

import { h } from './dom.js';

/** @typedef {import('./types.js').Hop} Hop */
/** @typedef {import('./types.js').Person} Person */

/** @type {Record<Hop['kind'], string>} */
const ROADS = {
  person: 'Person', fault: 'Desk', bot: 'Bot → Slack', slack: 'Bot → Slack',
  platform: 'Bot → Accelevents', socket: 'Accelevents → bot', sees: 'Slack → person',
};

/** The list of hops with a summary above it. */
export class Timeline {
  constructor() {
    this.summary = h('p', { class: 'summary' }, 'Type, press or play the story. Every hop appears here.');
    this.list = h('ol', { class: 'hops' });
    this.element = h('section', { class: 'card timeline', 'aria-label': 'What happens' },
      h('h2', null, 'What happens'), this.summary, h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Hops' }, this.list));
  }

  /** @param {Hop[]} hops @param {Person[]} people */
  update(hops, people) {
    if (!hops.length) return;
    const scroll = this.list.parentElement;
    const atEnd = scroll && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
    const names = new Map(people.map(({ name, real_name }) => [name, real_name.split(' ')[0] ?? name]));
    this.list.replaceChildren(...hops.map((hop) => drawHop(hop, names)));
    this.summary.replaceChildren(...drawSummary(hops));
    if (scroll && atEnd) scroll.scrollTop = scroll.scrollHeight;
  }
}

/** @param {Hop[]} hops */
function drawSummary(hops) {
  const answer = hops.find((hop) => hop.kind === 'bot');
  const message = hops.find((hop) => hop.kind === 'sees');
  return [
    answer?.seconds != null && h('span', null, 'First answer ', h('b', null, duration(answer.seconds * 1000))),
    message && h('span', null, 'First message ', h('b', null, duration(message.ms))),
    h('span', null, `${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}`),
  ].filter((part) => part instanceof Node);
}

/** @param {Hop} hop @param {Map<string, string>} names */
function drawHop(hop, names) {
  const who = hop.who && (names.get(hop.who) ?? hop.who);
  const failed = hop.ok ? '' : ' failed';
  return h('li', { class: `hop ${hop.kind}${failed}` },
    h('span', { class: 'at' }, duration(hop.ms)),
    h('div', null,
      h('span', { class: 'road' }, hop.kind === 'sees' && who ? `Slack → ${who}` : ROADS[hop.kind]),
      h('p', null, ...sentence(hop, who)),
      detail(hop, who)));
}

/** @param {Hop} hop @param {string | null} who */
function detail(hop, who) {
  const token = hop.kind === 'platform' && who && `${who}’s token •••`;
  const parts = [hop.detail, hop.seconds != null && duration(hop.seconds * 1000), token].filter(Boolean);
  return parts.length > 0 && h('p', { class: 'detail' }, parts.join(' · '));
}

/** @param {Hop} hop @param {string | null} who */
function sentence(hop, who) {
  const technical = ['slack', 'platform', 'socket'].includes(hop.kind);
  const what = technical && !hop.what.startsWith('live ') ? h('code', null, hop.what) : hop.what;
  if (hop.kind === 'person') return [h('b', null, who), ' ', hop.what];
  if (hop.kind === 'sees') return [h('b', null, who ?? 'The channel'), who ? ' sees ' : ' shows ', what];
  if (hop.kind === 'socket') return [what, who && ` for ${who}`];
  return [what];
}

/** @param {number} ms */
const duration = (ms) => (ms < 995 ? `${ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);
