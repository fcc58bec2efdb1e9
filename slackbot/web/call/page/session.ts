/** The two things that the page says to its server: "give me the session" and "joined" or "left". */

import { refusal, type Ending } from './endings.ts';

/** What the server gives to the one browser that may have it. */
export interface Session {
  meeting: unknown;
  attendee: { AttendeeId: string };
  partner: string;
  role: string;
  /** Milliseconds to the end of the round; null where nobody knows. */
  endsInMs: number | null;
  slackUrl: string;
}

/** No session: why, and after how many seconds another try makes sense. */
export class NoSession extends Error {
  constructor(readonly why: Ending, readonly retryAfter?: number) {
    super(why);
  }
}

const HEADERS = { 'X-Requested-With': 'call' };
const PATIENCE_MS = 15_000;

/** A POST, so that a preview or a crawler never gets a token and never uses the link up. */
const post = (path: string, more: RequestInit): Promise<Response> =>
  fetch(path, { method: 'POST', headers: HEADERS, credentials: 'same-origin', cache: 'no-store', ...more });

/** Asks for the session. @throws {NoSession} with the reason to show. */
export async function openSession(page: string): Promise<Session> {
  const stop = new AbortController();
  const patience = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await post(`${page}/session`, { signal: stop.signal });
    const body: unknown = await answer.json();
    if (!answer.ok) throw refused(answer, body);
    return body as Session;
  } catch (error) {
    throw error instanceof NoSession ? error : new NoSession('trouble');
  } finally {
    clearTimeout(patience);
  }
}

function refused(answer: Response, body: unknown): NoSession {
  const seconds = Number(answer.headers.get('Retry-After'));
  const why = refusal((body as { error?: unknown } | null)?.error);
  return seconds > 0 ? new NoSession(why, seconds) : new NoSession(why);
}

/** Tells the server, so that Slack can show it; nobody waits for the answer. */
export function tell(page: string, state: 'joined' | 'left'): void {
  const headers = { ...HEADERS, 'Content-Type': 'application/json' };
  post(`${page}/state`, { headers, body: JSON.stringify({ state }), keepalive: true }).catch(() => undefined);
}
