/** The last screen: why it is over, and what can be done now. */

import { mayTryAgain, type Ending } from './endings.ts';
import { at, fill, onClick, say, show, warn } from './page.ts';
import { CLOSE, CLOSE_HERE, COPIED, COPY_FAILED, againLabel, ending, waitFor } from './words.ts';

/** What is known beyond the reason. */
export interface Details {
  slackUrl?: string;
  retryAfter?: number | undefined;
}

/** Shows the end. Trying again is a reload: the same browser gets its session once more. */
export function showOver(why: Ending, { slackUrl = '', retryAfter }: Details = {}): void {
  const { title, text } = ending(why);
  say('');
  warn('');
  fill('over-text', why === 'busy' && retryAfter ? waitFor(retryAfter) : text);
  document.body.dataset.why = why;
  const again = at('again');
  again.textContent = againLabel(why);
  again.hidden = !mayTryAgain(why);
  at('copy').hidden = why !== 'unsuitable';
  const slack = at<HTMLAnchorElement>('slack');
  slack.hidden = !/^(slack|https):\/\//u.test(slackUrl);
  if (!slack.hidden) slack.href = slackUrl;
  fill('close', why === 'unsuitable' ? '' : slack.hidden ? CLOSE : CLOSE_HERE);
  document.title = title;
  show('over', title);
}

/** Once per page. */
export function wireOver(): void {
  onClick('again', () => location.reload());
  onClick('copy', async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      say(COPIED);
    } catch {
      say(COPY_FAILED);
    }
  });
}
