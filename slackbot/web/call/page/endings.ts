/** Why a call is over, or never began, and whether trying again can help. */

import { MeetingSessionStatusCode as Code } from 'amazon-chime-sdk-js';

/** What the server answers instead of a session. */
export const REFUSALS = ['reload', 'unknown', 'elsewhere', 'over', 'replaced', 'expired', 'busy'] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Ending =
  | Refusal
  | 'trouble' // the server could not be reached, or answered something else
  | 'unsuitable' // this browser cannot make calls
  | 'left' | 'round' | 'ended' | 'taken' | 'removed' | 'refused' | 'full' | 'lost';

const AGAIN: readonly Ending[] = ['left', 'taken', 'full', 'lost', 'reload', 'busy', 'trouble'];

/** Whether the page offers to try again; a reload asks for the session again. */
export const mayTryAgain = (why: Ending): boolean => AGAIN.includes(why);

/** The server's `error` code as an ending; anything unheard of is trouble. */
export const refusal = (code: unknown): Ending => REFUSALS.find((known) => known === code) ?? 'trouble';

/** The ending that a Chime session's status stands for. */
export function endingOf(code: Code): Ending {
  switch (code) {
    case Code.Left: return 'left';
    case Code.MeetingEnded:
    case Code.NoAttendeePresent: return 'ended';
    case Code.AudioJoinedFromAnotherDevice: return 'taken';
    case Code.AudioAttendeeRemoved: return 'removed';
    case Code.AudioAuthenticationRejected:
    case Code.SignalingBadRequest:
    case Code.TURNCredentialsForbidden: return 'refused';
    case Code.AudioCallAtCapacity:
    case Code.VideoCallAtSourceCapacity: return 'full';
    default: return 'lost';
  }
}
