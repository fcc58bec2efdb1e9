/** The playground's page: people side by side, what happens between them, what can go wrong. */

import { Desk } from './desk.js';
import { h, icon } from './dom.js';
import { drawCode } from './mrkdwn.js';
import { Pane } from './pane.js';
import { listen, post } from './server.js';
import { Story } from './story.js';
import { Timeline } from './timeline.js';

/** @typedef {import('./types.js').About} About */
/** @typedef {import('./types.js').Person} Person */

/** @returns {Promise<About>} */
async function readAbout() {
  const { manifest, no_calls } = await (await fetch('about')).json();
  return {
    command: manifest.features.slash_commands[0],
    shortcuts: manifest.features.shortcuts,
    bot: manifest.features.bot_user.display_name,
    no_calls,
  };
}

/** The whole page. */
class Page {
  /** @param {About} about */
  constructor(about) {
    this.about = about;
    /** @type {Map<string, Pane>} */
    this.panes = new Map();
    /** @type {Person[]} */
    this.people = [];
    /** @type {Record<string, string>} */
    this.names = {};
    this.start();
    this.bot = h('p', { class: 'state', role: 'status' }, 'Starting…');
    this.story = new Story((look) => Object.entries(look).forEach(([name, place]) => this.panes.get(name)?.look(place)));
    this.views = h('nav', { class: 'views', 'aria-label': 'Show' });
    this.add = h('button', { type: 'button', class: 'button add', onclick: () => void post('person') }, icon('plus'), h('span', null, 'One more person'));
    this.stage = h('main', { class: 'stage' });
    this.calls = about.no_calls && h('p', { class: 'calls' }, 'Matches lead to the event hub: ', drawCode(about.no_calls), '.');
    document.body.replaceChildren(
      h('header', { class: 'top' },
        h('h1', null, icon('bot'), 'Networking playground'), this.bot, this.story.element, this.add),
      this.views, this.stage);
    setInterval(() => this.panes.forEach((pane) => pane.tick()), 5_000);
  }

  /** Begin with empty screens, at first and whenever everything starts over. */
  start() {
    this.panes.forEach((pane) => pane.element?.remove());
    this.panes.clear();
    this.timeline = new Timeline();
    this.desk = new Desk(() => void post('over'));
  }

  /** Take news of the server. @param {Record<string, any>} news */
  take(news) {
    if (news['fresh']) {
      this.start();
      this.layout();
      document.body.dataset['run'] = String(news['run']);
      this.state(news['run'] ? 'running' : 'starting');
    }
    if (news['bot']) this.state(news['bot']);
    if (news['names']) this.names = news['names'];
    if (news['people']) this.welcome(news['people']);
    for (const [part, screen] of Object.entries(news)) {
      if (part.startsWith('screen:')) this.panes.get(part.slice(7))?.screen(screen);
    }
    if (news['timeline']) this.timeline?.update(news['timeline'], this.people);
    if (news['desk'] || news['people']) this.desk?.update(news['desk'] ?? this.faults, this.people);
    this.faults = news['desk'] ?? this.faults;
    if (news['story']) this.story?.update(news['story']);
  }

  /** @param {string} state */
  state(state) {
    const words = { running: 'The bot is running', starting: 'The bot is starting…', stopped: 'The bot has stopped' };
    document.body.dataset['bot'] = state;
    this.bot?.replaceChildren(words[/** @type {keyof typeof words} */ (state)] ?? state);
  }

  /** @param {Person[]} people */
  welcome(people) {
    this.people = people;
    const before = this.panes.size;
    for (const person of people) {
      const pane = this.panes.get(person.name) ?? new Pane(person, this.about);
      this.panes.set(person.name, pane);
      pane.update(person, this.names);
    }
    this.add?.toggleAttribute('hidden', people.length > 5);
    if (this.panes.size === before) return;
    this.layout();
    if (before) [...this.panes.values()].at(-1)?.element?.scrollIntoView({ block: 'nearest' });
  }

  /** Put the first two people at the sides, and everybody else below. */
  layout() {
    const [first, second, ...others] = [...this.panes.values()].map((pane) => pane.element);
    const middle = h('div', { class: 'middle', 'data-view': 'happens' }, this.calls, this.timeline?.element ?? '');
    const desk = h('div', { class: 'aside', 'data-view': 'faults' }, this.desk?.element ?? '');
    const parts = [first, middle, second, desk, ...others].filter((part) => part instanceof HTMLElement);
    this.stage?.replaceChildren(...parts);
    this.panes.forEach((pane, name) => pane.element?.setAttribute('data-view', name));
    this.drawViews();
  }

  /** On a narrow screen one part is shown at a time. */
  drawViews() {
    const views = [...this.people.map((person) => [person.name, person.real_name.split(' ')[0] ?? '']), ['happens', 'What happens'], ['faults', 'Faults']];
    this.views?.replaceChildren(...views.map(([view = '', label]) =>
      h('button', { type: 'button', 'data-show': view, onclick: () => this.show(view) }, label)));
    this.show(views[0]?.[0] ?? '');
  }

  /** @param {string} view */
  show(view) {
    for (const part of this.stage?.children ?? []) part.classList.toggle('shown', part.getAttribute('data-view') === view);
    for (const button of this.views?.children ?? []) button.setAttribute('aria-pressed', String(button.getAttribute('data-show') === view));
  }
}

const page = new Page(await readAbout());
listen((news) => page.take(news), (connected) => document.body.toggleAttribute('data-cut', !connected));
