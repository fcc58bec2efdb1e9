/** One person's chat client: a channel, the bot's messages, its Home, an inbox, and modals. */

import { drawBlocks } from './blocks.js';
import { drawComposer } from './composer.js';
import { clock } from './dates.js';
import { h, icon, initials } from './dom.js';
import { drawInbox } from './mail.js';
import { drawMessage, notification } from './message.js';
import { drawLeaving, drawQuestion, drawView } from './modal.js';
import { post } from './server.js';
import { Tabs } from './tabs.js';

/** @typedef {import('./types.js').About} About */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Reader} Reader */
/** @typedef {import('./types.js').ScreenNews} ScreenNews */
/** @typedef {import('./elements.js').Surface} Surface */

const CHANNEL = 'C0GENERAL';
const FRAMED = 'input:not([type=radio], [type=checkbox]), textarea';

/** The client of one person. */
export class Pane {
  /**
   * @param {Person} person
   * @param {About} about
   */
  constructor(person, about) {
    this.person = person;
    this.about = about;
    /** @type {Record<string, string>} */
    this.names = {};
    /** @type {Map<string, Item>} */
    this.items = new Map();
    /** @type {string[]} */
    this.order = [];
    this.unread = 0;
    this.letters = 0;
    this.loaded = false;
    /** @type {Element | null} */
    this.opener = null;
    this.draw();
  }

  draw() {
    const { person, about } = this;
    this.channel = h('div', { class: 'feed', role: 'log', 'aria-label': 'Messages in general', tabindex: '0' });
    this.dm = h('div', { class: 'feed', role: 'log', 'aria-label': `Messages with ${about.bot}`, tabindex: '0' });
    this.home = h('div', { class: 'feed home', tabindex: '0', 'aria-label': 'Home', role: 'region' });
    this.inbox = h('div', { class: 'feed inbox', tabindex: '0', 'aria-label': 'Inbox', role: 'region' });
    this.notice = h('p', { class: 'notice', role: 'status' });
    this.tabs = new Tabs(`${person.real_name}’s places`, [
      { name: 'channel', label: [h('span', null, '# general')], panel: this.talking(this.channel, CHANNEL, 'Message #general, or type /') },
      { name: 'dm', label: [icon('bot'), h('span', null, about.bot)], panel: this.talking(this.dm, person.dm, `Message ${about.bot}, or type /`) },
      { name: 'home', label: [icon('home'), h('span', null, 'Home')], panel: h('div', { class: 'place' }, this.home) },
      { name: 'mail', label: [icon('mail'), h('span', null, 'E-mail')], panel: h('div', { class: 'place' }, this.inbox) },
    ], (name) => this.opened(name));
    this.toast = h('div', { class: 'toasts', role: 'status' });
    this.main = h('div', { class: 'client' }, this.tabs.list, this.tabs.panels);
    this.layer = h('div', { class: 'layer', hidden: true });
    this.time = h('span', { class: 'local' });
    this.element = h('section', { class: 'pane', 'aria-label': person.real_name, 'data-person': person.name },
      h('header', { class: 'who' },
        h('span', { class: 'face', 'aria-hidden': 'true' }, initials(person.real_name)),
        h('div', null, h('h2', null, person.real_name), h('p', null, person.role)),
        this.time),
      // Beside what a modal makes inert, so that both are seen and spoken while one is open.
      this.toast, h('div', { class: 'screen' }, this.main, this.layer), this.notice);
    this.tick();
    this.update(person, {});
  }

  /** @param {HTMLElement} feed @param {string} place @param {string} label */
  talking(feed, place, label) {
    const composer = drawComposer({
      label, about: this.about,
      send: (text) => void this.act({ do: 'type', text, place }),
      shortcut: (one) => void this.act({ do: 'shortcut', callback: one.callback_id, label: one.name }),
    });
    return h('div', { class: 'place' }, feed, composer);
  }

  /** Show the person's own time. */
  tick() {
    const zone = this.person.tz.split('/').pop()?.replaceAll('_', ' ');
    this.time?.replaceChildren(`${clock(Date.now() / 1000, this.person.tz)} in ${zone}`);
  }

  /** Take what is known of everybody. @param {Person} person @param {Record<string, string>} names */
  update(person, names) {
    this.names = names;
    if (person.letters.length === this.letters) return;
    this.letters = person.letters.length;
    this.person = person;
    this.inbox?.replaceChildren(...drawInbox(person, {
      ask: () => void this.act({ do: 'mail' }),
      copy: (link) => void this.copy(link),
    }));
  }

  /** @param {string} link */
  async copy(link) {
    await navigator.clipboard?.writeText(link).catch(() => undefined);
    this.say('Copied. Paste it into the form that Connect opens.');
  }

  /** Do something; say why if it can't be done. @param {Record<string, unknown>} given */
  async act(given) {
    this.remember();
    this.say('');
    const answer = await post('act', { ...given, person: this.person.name });
    if (answer.refused) this.say(answer.refused);
    else if (answer.error === 'dispatch_failed') this.say('The app could not be reached (dispatch_failed). Try again.');
    else if (answer.error) this.say(`The app did not answer in time (${answer.error}).`);
    return answer;
  }

  /** Remember where the focus is, to return it when a modal closes. */
  remember() {
    if (!this.layer?.contains(document.activeElement)) this.opener = document.activeElement;
  }

  /** @param {string} text */
  say(text) {
    this.notice?.replaceChildren(text);
  }

  /** Show a place. @param {string} name */
  look(name) {
    this.tabs?.show(name);
    this.seen();
  }

  /** A person has chosen a place. @param {string} name */
  opened(name) {
    this.seen();
    if (name === 'home') void this.act({ do: 'home', tab: 'home' });
    if (name === 'dm') void this.act({ do: 'home', tab: 'messages' });
  }

  seen() {
    if (this.tabs?.current !== 'dm') return;
    this.unread = 0;
    this.toast?.replaceChildren();
    this.tabs.mark('dm', 0);
  }

  /** Take what changed on the screen. @param {ScreenNews} news */
  screen(news) {
    const arrived = news.items.filter((item) => !this.items.has(item.key));
    for (const item of news.items) this.items.set(item.key, item);
    this.order = news.order;
    for (const key of this.items.keys()) if (!news.order.includes(key)) this.items.delete(key);
    const changed = new Set(news.items.map((item) => item.key));
    this.reconcile(this.channel, CHANNEL, changed);
    this.reconcile(this.dm, this.person.dm, changed);
    this.drawHome(changed);
    this.drawModal(changed);
    if (this.loaded) arrived.forEach((item) => this.announce(item));
    this.loaded = true;
  }

  /** @param {Item} item */
  announce(item) {
    if (item.place !== this.person.dm || !item.by_bot) return;
    if (this.tabs?.current === 'dm' && !this.main?.inert) return;
    this.tabs?.mark('dm', ++this.unread);
    const read = () => {
      this.look('dm');
      this.opened('dm');
    };
    this.toast?.replaceChildren(h('div', { class: 'toast' },
      h('button', { type: 'button', onclick: read }, h('b', null, this.about.bot), h('span', null, notification(item, this.reader))),
      h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss', onclick: () => this.toast?.replaceChildren() }, icon('close'))));
  }

  /**
   * Draw the messages of a place that are new or changed, and remove those that are gone.
   *
   * @param {HTMLElement | undefined} feed
   * @param {string} place
   * @param {Set<string>} changed
   */
  reconcile(feed, place, changed) {
    if (!feed) return;
    const atEnd = feed.scrollHeight - feed.scrollTop - feed.clientHeight < 80;
    const old = new Map([...feed.children].map((node) => [node.getAttribute('data-key'), node]));
    const keys = this.order.filter((key) => this.items.get(key)?.place === place);
    const drawn = keys.map((key) => {
      const before = old.get(key);
      if (before && !changed.has(key)) return before;
      const fresh = this.drawItem(/** @type {Item} */ (this.items.get(key)));
      if (before?.contains(document.activeElement)) queueMicrotask(() => fresh.focus());
      return fresh;
    });
    drawn.forEach((node, index) => {
      if (feed.children[index] !== node) feed.insertBefore(node, feed.children[index] ?? null);
    });
    while (feed.children.length > drawn.length) feed.lastElementChild?.remove();
    feed.classList.toggle('empty', !drawn.length);
    if (atEnd) scrollToNews(feed, drawn.findLast((node) => changed.has(node.getAttribute('data-key') ?? '')));
  }

  /** @param {Item} item */
  drawItem(item) {
    const author = Object.entries(this.names).find(([, name]) => name === item.author)?.[1] ?? item.author ?? '';
    return drawMessage(item, this.surface(item), { bot: this.about.bot, author });
  }

  /** @param {Set<string>} changed */
  drawHome(changed) {
    const view = [...this.items.values()].find((item) => item.kind === 'home');
    if (!view || !changed.has(view.key)) return;
    this.home?.replaceChildren(...drawBlocks(view.blocks, this.surface(view)));
  }

  /** @param {Set<string>} changed */
  drawModal(changed) {
    const view = [...this.items.values()].find((item) => item.kind === 'modal');
    if (view && !changed.has(view.key) && this.layer?.dataset['view'] === view.key) return;
    if (!view) {
      if (this.layer?.dataset['view']) this.close();
      return;
    }
    const surface = this.surface(view);
    const modal = drawView(view, surface, {
      submit: (values, button) => void this.busy(button, this.act({ do: 'submit', item: view.id, values })),
      close: () => void this.act({ do: 'close', item: view.id }),
      paste: this.drawPaste(view),
    });
    this.open(modal, view.key);
  }

  /** Offer what the person's inbox holds, below a form with text fields. @param {Item} view */
  drawPaste(view) {
    if (!view.blocks.some((block) => block.element?.type === 'plain_text_input')) return null;
    return h('div', { class: 'paste' },
      h('span', null, 'From the inbox:'),
      h('button', { type: 'button', class: 'button', onclick: () => this.paste() }, 'Paste magic link'),
      h('button', { type: 'button', class: 'quiet', onclick: () => void this.act({ do: 'mail' }).then(() => this.say('A new e-mail is here.')) }, 'Ask for a new e-mail'));
  }

  /** Paste the newest magic link into the first empty field, else into the last. */
  paste() {
    const fields = [.../** @type {NodeListOf<HTMLInputElement>} */ (this.layer?.querySelectorAll(FRAMED) ?? [])];
    const field = fields.find((one) => !one.value) ?? fields.at(-1);
    if (!field) return;
    field.value = this.person.letters.at(-1)?.magic_link ?? '';
    field.focus();
  }

  /**
   * Open a modal above the client.
   *
   * @param {HTMLElement} modal
   * @param {string} [view]
   */
  open(modal, view) {
    if (!this.layer || !this.main) return;
    const mine = this.element?.contains(document.activeElement) || document.activeElement === document.body;
    this.layer.replaceChildren(modal);
    this.layer.hidden = false;
    if (view) this.layer.dataset['view'] = view;
    this.main.inert = true;
    if (!mine) return;
    const wrong = modal.querySelector('[aria-invalid]');
    const empty = [...modal.querySelectorAll(FRAMED)].find((one) => !(/** @type {HTMLInputElement} */ (one).value));
    const first = wrong ?? empty ?? modal;
    if (first instanceof HTMLElement) first.focus();
  }

  close() {
    if (!this.layer || !this.main) return;
    const mine = this.layer.contains(document.activeElement);
    this.layer.replaceChildren();
    this.layer.hidden = true;
    delete this.layer.dataset['view'];
    this.main.inert = false;
    if (mine && this.opener instanceof HTMLElement && this.opener.isConnected) this.opener.focus();
    const view = [...this.items.values()].find((item) => item.kind === 'modal');
    if (view) this.drawModal(new Set([view.key]));
  }

  /** Show that an element's action is under way. @param {HTMLElement} element @param {Promise<unknown>} done */
  async busy(element, done) {
    element.setAttribute('aria-busy', 'true');
    await done;
    element.removeAttribute('aria-busy');
  }

  /** @returns {Reader} */
  get reader() {
    return {
      tz: this.person.tz,
      names: this.names,
      follow: (url, event) => {
        if (['127.0.0.1', 'localhost'].includes(new URL(url).hostname)) return;
        event.preventDefault();
        this.remember();
        this.open(drawLeaving(url, this.about.no_calls, () => this.close()));
      },
    };
  }

  /** @param {Item} item @returns {Surface} */
  surface(item) {
    const { reader } = this;
    return {
      reader,
      people: this.names,
      values: item.values ?? {},
      errors: item.errors ?? {},
      fields: new Map(),
      ask: (confirm, go) => {
        this.remember();
        if (confirm) this.open(drawQuestion(confirm, reader, go, () => this.close()));
        else go();
      },
      press: (block, element, pressed) => void this.busy(pressed, this.act({
        do: 'press', item: item.id, block: block.block_id, action: element.action_id,
      })),
      choose: (_block, element, option, label) => void this.act({
        do: 'choose', item: item.id, action: element.action_id, option, label,
      }),
    };
  }
}

/** Scroll to the end, but not past the beginning of what is new. @param {HTMLElement} feed @param {Element} [news] */
function scrollToNews(feed, news) {
  const end = feed.scrollHeight - feed.clientHeight;
  feed.scrollTop = news instanceof HTMLElement ? Math.min(end, news.offsetTop - feed.offsetTop - 8) : end;
}
