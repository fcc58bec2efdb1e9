import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import chime from 'amazon-chime-sdk-js';
import { REFUSALS, endingOf, mayTryAgain, refusal } from '../endings.ts';
import { againLabel, ending } from '../words.ts';

const source = readFileSync(new URL('../endings.ts', import.meta.url), 'utf8');
const { MeetingSessionStatusCode: Code } = chime;

test('the server’s codes are taken as they are, and nothing else is', () => {
  for (const code of REFUSALS) assert.equal(refusal(code), code);
  for (const strange of ['', 'left', 'Over', null, undefined, 7, {}, '__proto__']) assert.equal(refusal(strange), 'trouble');
});

test('every status of a Chime session has its ending', () => {
  const codes = Object.values(Code).filter((code) => typeof code === 'number');
  assert.ok(codes.length > 20);
  for (const code of codes) assert.ok(ending(endingOf(code)), Code[code]);
  assert.equal(endingOf(Code.MeetingEnded), 'ended');
  assert.equal(endingOf(Code.AudioJoinedFromAnotherDevice), 'taken');
  assert.equal(endingOf(Code.SignalingBadRequest), 'refused');
  assert.equal(endingOf(Code.TaskFailed), 'lost');
});

test('every ending has a heading and a sentence, and no two of the server’s are told alike', () => {
  const endings = [...REFUSALS, ...[...source.slice(source.indexOf('export type Ending'), source.indexOf('const AGAIN')).matchAll(/'(\w+)'/g)].map(([, name]) => name)];
  assert.ok(endings.length >= 17);
  for (const why of endings) {
    assert.match(ending(why).title, /^[A-Z].{5,}[^.]$/u, why);
    assert.match(ending(why).text, /^[A-Z].{10,}\.$/u, why);
  }
  assert.equal(new Set(REFUSALS.map((why) => ending(why).text)).size, REFUSALS.length);
});

test('trying again is offered only where it can help', () => {
  for (const why of ['left', 'lost', 'taken', 'busy', 'trouble', 'reload']) assert.ok(mayTryAgain(why), why);
  for (const why of ['round', 'over', 'ended', 'replaced', 'expired', 'unknown', 'elsewhere', 'refused', 'removed', 'unsuitable']) assert.ok(!mayTryAgain(why), why);
  assert.equal(againLabel('left'), 'Rejoin');
  assert.equal(againLabel('trouble'), 'Try again');
});
