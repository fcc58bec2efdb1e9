import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf } from '../access.ts';
import { loudness } from '../meter.ts';
import { pressing } from '../status.ts';
import { initials } from '../tiles.ts';
import { SOMEBODY, deviceProblem, secondsLeft, situation, waitFor } from '../words.ts';

test('the status line tells the most pressing thing', () => {
  assert.equal(pressing('connecting', false, 'waiting'), 'connecting');
  assert.equal(pressing('reconnecting', true, 'here'), 'reconnecting');
  assert.equal(pressing('started', true, 'here'), 'weak');
  assert.equal(pressing('started', true, 'left'), 'left');
  assert.equal(situation(pressing('started', false, 'here'), 'Priya'), 'Priya is here.');
  assert.deepEqual([situation('left', SOMEBODY), situation('waiting', SOMEBODY)], ['Your partner left the call.', 'You’re in. Waiting for your partner.']);
});

test('a refused device is blamed on its cause, by the browser’s name or inside Chime’s', () => {
  const named = (name, cause) => Object.assign(new Error('x', cause ? { cause: named(cause) } : {}), { name });
  assert.equal(problemOf(named('NotAllowedError')), 'blocked');
  assert.equal(problemOf(named('PermissionDeniedError')), 'blocked');
  assert.equal(problemOf(named('NotFoundError')), 'missing');
  assert.equal(problemOf(named('OverconstrainedError')), 'missing');
  assert.equal(problemOf(named('GetUserMediaError', 'NotReadableError')), 'busy');
  for (const strange of [undefined, null, 'text', new Error('x')]) assert.equal(problemOf(strange), 'failed');
});

test('every problem of every device has a sentence that says how to go on', () => {
  for (const which of ['both', 'audio', 'video']) {
    for (const problem of ['blocked', 'missing', 'busy', 'failed']) assert.match(deviceProblem(which, problem), /join/u);
  }
});

test('times are said in words', () => {
  assert.equal(secondsLeft(60), 'One minute left in this round.');
  assert.equal(secondsLeft(10), '10 seconds left in this round.');
  assert.match(waitFor(7), /in 7 seconds\.$/u);
  assert.match(waitFor(1), /in a second\.$/u);
});

test('initials are those of the first and last word, in any script', () => {
  assert.deepEqual(['Priya Raman', 'sam', 'Ana de la Cruz', '', '  ', '李 小龙', '😀 Joy'].map(initials), ['PR', 'S', 'AC', '', '', '李小', '😀J']);
});

test('silence is none and a shout is full', () => {
  assert.equal(loudness(new Uint8Array([128, 128])), 0);
  assert.equal(loudness(new Uint8Array([128, 160])), 0.5);
  assert.equal(loudness(new Uint8Array([0, 255])), 1);
});
