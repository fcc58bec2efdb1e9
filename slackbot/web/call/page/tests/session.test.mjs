import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { NoSession, openSession, tell } from '../session.ts';

const real = globalThis.fetch;
afterEach(() => { globalThis.fetch = real; });
const answering = (answer) => {
  const asked = [];
  globalThis.fetch = async (path, how) => { asked.push([path, how]); return answer(); };
  return asked;
};
const reason = async () => openSession('/call/abc').then(() => assert.fail('got a session'), (error) => (assert.ok(error instanceof NoSession), error));

test('asks by POST with the header that another site cannot send, and hands the answer on', async () => {
  const asked = answering(() => Response.json({ partner: 'Priya Raman', endsInMs: null }));
  assert.equal((await openSession('/call/abc')).partner, 'Priya Raman');
  const [[path, how]] = asked;
  assert.equal(path, '/call/abc/session');
  assert.deepEqual([how.method, how.headers['X-Requested-With'], how.credentials, how.cache], ['POST', 'call', 'same-origin', 'no-store']);
});

test('a refusal is told by its code, and with how long to wait', async () => {
  answering(() => Response.json({ error: 'busy' }, { status: 429, headers: { 'Retry-After': '7' } }));
  const busy = await reason();
  assert.deepEqual([busy.why, busy.retryAfter], ['busy', 7]);
  answering(() => Response.json({ error: 'replaced' }, { status: 410 }));
  assert.equal((await reason()).why, 'replaced');
});

test('no network, no JSON and no known code are trouble', async () => {
  answering(() => { throw new TypeError('Failed to fetch'); });
  assert.equal((await reason()).why, 'trouble');
  answering(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  assert.equal((await reason()).why, 'trouble');
  answering(() => Response.json(null, { status: 500 }));
  assert.equal((await reason()).why, 'trouble');
});

test('joined and left survive the closing of the tab, and nobody waits for the answer', () => {
  const asked = answering(() => { throw new TypeError('Failed to fetch'); });
  tell('/call/abc', 'left');
  const [[path, how]] = asked;
  assert.deepEqual([path, how.keepalive, how.body], ['/call/abc/state', true, '{"state":"left"}']);
});
