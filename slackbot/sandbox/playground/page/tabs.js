/** A row of tabs with one panel each; arrow keys move between them. */

import { h, unique } from './dom.js';

/**
 * @typedef {object} Tab
 * @property {string} name
 * @property {Node[]} label
 * @property {HTMLElement} panel
 */

/** Tabs of which one is shown. */
export class Tabs {
  /**
   * @param {string} label
   * @param {Tab[]} tabs
   * @param {(name: string) => void} chosen Called when a person chooses a tab.
   */
  constructor(label, tabs, chosen) {
    this.current = '';
    this.panels = tabs.map(({ panel }) => panel);
    /** @type {Map<string, { button: HTMLElement, panel: HTMLElement }>} */
    this.tabs = new Map(tabs.map((tab) => {
      tab.panel.id = unique('panel');
      const button = h('button', {
        type: 'button', role: 'tab', id: unique('tab'), 'aria-controls': tab.panel.id, 'data-tab': tab.name,
        onclick: () => {
          this.show(tab.name);
          chosen(tab.name);
        },
      }, ...tab.label);
      tab.panel.setAttribute('role', 'tabpanel');
      tab.panel.setAttribute('aria-labelledby', button.id);
      return [tab.name, { button, panel: tab.panel }];
    }));
    this.list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': label },
      [...this.tabs.values()].map(({ button }) => button));
    this.list.addEventListener('keydown', (event) => this.move(event));
    this.show(tabs[0]?.name ?? '');
  }

  /** Show a tab. @param {string} name */
  show(name) {
    this.current = name;
    for (const [other, { button, panel }] of this.tabs) {
      const shown = other === name;
      button.setAttribute('aria-selected', String(shown));
      button.tabIndex = shown ? 0 : -1;
      panel.hidden = !shown;
      if (shown) this.mark(name, 0);
    }
  }

  /** Show how many things are new in a tab. @param {string} name @param {number} count */
  mark(name, count) {
    const button = this.tabs.get(name)?.button;
    button?.querySelector('.new')?.remove();
    if (count) button?.append(h('span', { class: 'new' }, count, h('span', { class: 'spoken' }, ' new')));
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.tabs.values()].map(({ button }) => button);
    const at = buttons.findIndex((button) => button === document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  }
}
