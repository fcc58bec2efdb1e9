/** The story, one step at a time. */

import { h, icon } from './dom.js';
import { post } from './server.js';

/** @typedef {import('./types.js').StoryState} StoryState */

/** The step that was played last, and the button for the next one. */
export class Story {
  /** @param {(look: Record<string, string>) => void} look Called with the places to look at. */
  constructor(look) {
    this.look = look;
    this.seen = '';
    this.text = h('p', { class: 'step', role: 'status' });
    this.button = h('button', {
      type: 'button', class: 'button primary', 'data-story': 'next',
      onclick: () => void (this.button.getAttribute('aria-busy') || post('story')),
    }, icon('next'), 'Next step');
    this.element = h('div', { class: 'story', role: 'group', 'aria-label': 'The story' }, this.text, this.button);
  }

  /** @param {StoryState} story */
  update(story) {
    const done = story.number === story.of;
    const playing = story.playing ? story.number + 1 : story.number;
    const title = story.title || `A story in ${story.of} steps: two people meet while they work. Or press and type yourself.`;
    this.text.replaceChildren(...(playing ? [h('b', null, `${playing} of ${story.of} `)] : []), title,
      ...(story.problem ? [h('span', { class: 'error' }, ` This step did not work: ${story.problem} Start over, or try it again.`)] : []));
    this.button.toggleAttribute('disabled', done);
    if (story.playing) this.button.setAttribute('aria-busy', 'true');
    else this.button.removeAttribute('aria-busy');
    const look = JSON.stringify([playing, story.look]);
    if (playing && look !== this.seen) this.look(story.look);
    this.seen = look;
  }
}
