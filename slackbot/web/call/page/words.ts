/** Every sentence that a person reads on the call page. Short and warm: say what is, then what to do. */

import type { Ending } from './endings.ts';
import type { Problem } from './access.ts';
import type { Situation } from './status.ts';

export const TITLE = 'Your networking call';
export const OPENING = 'Opening your call…';
export const ALLOW = 'Allow the camera and microphone when your browser asks.';
export const CONNECTING = 'Connecting…';
export const LEAD = 'You’re about to talk with';
export const SOMEBODY = 'your partner';
export const JOIN = 'Join call';
export const JOINING = 'Joining…';
export const ELSEWHERE =
  'Is the event hub open in another tab? Joining here disconnects the call there.';
export const SOUND_BLOCKED = 'Your browser keeps the sound off. Click anywhere to hear the call.';
export const MICROPHONE_GONE = 'Your microphone was disconnected. Choose another one under Devices.';
export const CAMERA_GONE = 'Your camera was disconnected.';
export const MUTED_BY_SERVICE = 'Your microphone can’t be switched on right now.';
export const CLOSE = 'You can close this tab and go back to Slack.';
export const CLOSE_HERE = 'You can close this tab.';
export const COPIED = 'Link copied.';
export const COPY_FAILED = 'Copying didn’t work. Copy the address from the address bar.';
export const NO_MICROPHONE = 'No microphone';
export const NO_CAMERA = 'No camera';
export const DEVICE = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Speaker' };

/** Name of the tab while the call is on. */
export const callWith = (partner: string): string => `Call with ${partner}`;

/** What is said aloud when so many seconds are left. */
export const secondsLeft = (seconds: number): string =>
  seconds === 60 ? 'One minute left in this round.' : `${seconds} seconds left in this round.`;

/** The one status line of a call. */
export function situation(now: Situation, partner: string): string {
  const they = partner === SOMEBODY ? 'Your partner' : partner;
  switch (now) {
    case 'connecting': return CONNECTING;
    case 'reconnecting': return 'The connection broke off. Reconnecting…';
    case 'weak': return 'Your connection is weak. Switching your camera off may help.';
    case 'waiting': return `You’re in. Waiting for ${partner}.`;
    case 'here': return `${they} is here.`;
    case 'left': return `${they} left the call.`;
    case 'dropped': return `${they} lost the connection. They may come back.`;
  }
}

/** Why the call is over: a heading, and what to do now. */
export function ending(why: Ending): { title: string; text: string } {
  switch (why) {
    case 'left': return { title: 'You left the call', text: 'Changed your mind? You can rejoin until the round ends.' };
    case 'round': return { title: 'This round is over', text: 'Time is up. In Slack you can say whether you’d like another round.' };
    case 'ended': return { title: 'The call has ended', text: 'It was ended for everybody in it.' };
    case 'taken': return { title: 'You joined somewhere else', text: 'This call went on in another tab or device, so it stopped here. If that was the event hub and you’d rather talk here, rejoin.' };
    case 'removed': return { title: 'You’re no longer in the call', text: 'The event took you out of it. The newest message in Slack shows what’s next.' };
    case 'refused': return { title: 'The call didn’t let you in', text: 'Its pass is no longer valid. Press “Use another device” below the match in Slack and try once more.' };
    case 'full': return { title: 'The call is full', text: 'Somebody may be connected twice. Wait a moment, then rejoin.' };
    case 'lost': return { title: 'The connection was lost', text: 'Check your network, then rejoin. A network that blocks calls, such as some offices’, needs another way online.' };
    case 'reload': return { title: 'Please reload this page', text: 'Your browser’s request didn’t look right to us. Reloading usually mends it.' };
    case 'unknown': return { title: 'This link doesn’t work', text: 'It is incomplete, or it isn’t ours. Open the call with the button in Slack.' };
    case 'elsewhere': return { title: 'This call is open in another browser', text: 'A link works in one browser only. To talk here, press “Use another device” below the match in Slack.' };
    case 'over': return { title: 'This round is over', text: 'The link worked until the round’s end. In Slack you can say whether you’d like another round.' };
    case 'replaced': return { title: 'There is a newer link', text: 'This one was replaced. Open the newest one in Slack.' };
    case 'expired': return { title: 'This link has expired', text: 'Open the newest one in Slack, or press “Use another device” there.' };
    case 'busy': return { title: 'One moment, please', text: 'This link was opened many times in a short while. Wait a little, then try again.' };
    case 'trouble': return { title: 'We couldn’t open your call', text: 'The bot didn’t answer as it should. Check your network and try again in a moment.' };
    case 'unsuitable': return { title: 'This browser can’t make calls', text: 'Copy the link and open it in a current Chrome, Edge, Firefox or Safari. Nothing is used up: the link still works there.' };
  }
}

/** The button that tries once more, in words that fit the ending. */
export const againLabel = (why: Ending): string => {
  if (why === 'reload') return 'Reload';
  return why === 'busy' || why === 'trouble' ? 'Try again' : 'Rejoin';
};

/** How long to wait, where the server said so. */
export const waitFor = (seconds: number): string =>
  `This link was opened many times in a short while. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`;

const WHICH = { both: 'camera and microphone', audio: 'microphone', video: 'camera' };

/** Why a camera or microphone could not be started, and that the call works without. */
export function deviceProblem(which: keyof typeof WHICH, problem: Problem): string {
  const it = which === 'both' ? 'them' : 'it';
  const without = which === 'video' ? 'You can join without it.' : 'You can still join and listen.';
  switch (problem) {
    case 'blocked': return `Your browser blocked the ${WHICH[which]}. Allow ${it} for this site and reload, or join without.`;
    case 'missing': return which === 'both' ? `No camera or microphone was found. ${without}` : `No ${WHICH[which]} was found. ${without}`;
    case 'busy': return `Another app is using the ${WHICH[which]}. Close it and reload. ${without}`;
    case 'failed': return `The ${WHICH[which]} could not be started. ${without}`;
  }
}
