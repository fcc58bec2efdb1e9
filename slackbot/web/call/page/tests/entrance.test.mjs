import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { hasEntered, rememberEntry } from '../entrance.ts';

afterEach(() => { delete globalThis.sessionStorage; });
const storing = (values = new Map()) => {
  globalThis.sessionStorage = { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
};

test('a tab needs a click for each link, and none for a reload', () => {
  storing();
  assert.equal(hasEntered('/call/a'), false);
  rememberEntry('/call/a');
  assert.deepEqual(['/call/a', '/call/b'].map(hasEntered), [true, false]);
});

test('a browser without storage asks for a click each time', () => {
  const refuse = () => { throw new Error('SecurityError'); };
  globalThis.sessionStorage = { getItem: refuse, setItem: refuse };
  rememberEntry('/call/a');
  assert.equal(hasEntered('/call/a'), false);
});
