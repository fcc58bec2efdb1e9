/** Camera and microphone: one question to the person, and why there was no yes. */

export type Kind = 'audio' | 'video';
export type Problem = 'blocked' | 'missing' | 'busy' | 'failed';

/** What was given: a track or a reason for each of the two. */
export interface Access {
  audio: MediaStreamTrack | Problem;
  video: MediaStreamTrack | Problem;
}

const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15 }, facingMode: 'user' },
} as const;

/** The reason in a refused request, by the names that browsers give it and Chime's wrapping of them. */
export function problemOf(error: unknown): Problem {
  const { name = '', cause } = (error ?? {}) as { name?: string; cause?: { name?: string } };
  const names = `${name} ${cause?.name ?? ''}`;
  if (/NotAllowed|PermissionDenied|Security/.test(names)) return 'blocked';
  if (/NotFound|Overconstrained/.test(names)) return 'missing';
  return /NotReadable|TrackStart/.test(names) ? 'busy' : 'failed';
}

/** Asks for both at once, which is one prompt; where that fails, for whichever may still be had. */
export async function ask(): Promise<Access> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(WANTED);
    return { audio: stream.getAudioTracks()[0] ?? 'missing', video: stream.getVideoTracks()[0] ?? 'missing' };
  } catch (error) {
    const problem = problemOf(error);
    const worthAsking = problem === 'blocked' ? await notBlocked() : BOTH;
    return {
      audio: worthAsking.includes('audio') ? await askFor('audio') : problem,
      video: worthAsking.includes('video') ? await askFor('video') : problem,
    };
  }
}

/** One of the two alone. */
export async function askFor(kind: Kind): Promise<MediaStreamTrack | Problem> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: WANTED[kind] });
    return stream.getTracks()[0] ?? 'missing';
  } catch (error) {
    return problemOf(error);
  }
}

const BOTH: readonly Kind[] = ['audio', 'video'];

/** After a no to both: the one that is open, if the other alone is blocked; nobody is asked twice. */
async function notBlocked(): Promise<readonly Kind[]> {
  const [audio, video] = await Promise.all([blocked('microphone'), blocked('camera')]);
  if (audio === video) return [];
  return audio ? ['video'] : ['audio'];
}

async function blocked(name: 'microphone' | 'camera'): Promise<boolean> {
  try {
    const permission = await navigator.permissions.query({ name: name as PermissionName });
    return permission.state === 'denied';
  } catch {
    return true; // a browser that does not tell
  }
}
