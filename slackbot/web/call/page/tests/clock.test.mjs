import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Countdown, face, reached } from '../clock.ts';

test('counts whole seconds down from where it began, and never below zero', () => {
  let now = 5_000;
  const countdown = new Countdown(2_500, () => now);
  const seen = [0, 499, 1, 1_000, 1_000, 60_000].map((passed) => { now += passed; return countdown.seconds; });
  assert.deepEqual(seen, [3, 3, 2, 1, 0, 0]);
});

test('shows minutes and seconds, and hours from an hour on', () => {
  assert.deepEqual([0, 9, 65, 600, 3_599, 3_600, 3_725].map(face), ['0:00', '0:09', '1:05', '10:00', '59:59', '1:00:00', '1:02:05']);
});

test('tells each mark once, even when seconds were skipped, and none at the end', () => {
  assert.equal(reached(61, 60), 60);
  assert.equal(reached(60, 59), undefined);
  assert.equal(reached(70, 55), 60);
  assert.equal(reached(90, 8), 10, 'after a sleep only what is true now');
  assert.equal(reached(11, 0), undefined);
  assert.equal(reached(50, 50), undefined, 'a call that opens late is not told of a minute');
});
