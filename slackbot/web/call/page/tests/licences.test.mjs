import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { allowed, describe, packagesIn } from '../licences.mjs';

test('free and permissive licences pass, others and unknown ones do not', () => {
  for (const good of ['MIT', 'Apache-2.0', '(MIT AND Zlib)', 'ISC OR MIT']) assert.ok(allowed(good), good);
  for (const bad of ['AGPL-3.0-or-later', 'GPL-3.0', '(MIT AND GPL-2.0)', 'MIT OR AGPL-3.0', 'UNLICENSED', 'SEE LICENSE IN x', '']) assert.ok(!allowed(bad), bad);
});

test('packages are those whose files are in the bundle, nested ones too', () => {
  const inputs = { 'call.ts': {}, 'node_modules/long/index.js': {}, 'node_modules/@a/b/x.js': {}, 'node_modules/long/node_modules/pako/y.js': {}, 'left-out:@aws-sdk/c': {} };
  assert.deepEqual(packagesIn(inputs), ['node_modules/@a/b', 'node_modules/long', 'node_modules/long/node_modules/pako']);
});

test('a package with a strange licence, or without its text, stops the build', () => {
  const modules = mkdtempSync(join(tmpdir(), 'licences-'));
  const put = (name, license, files) => {
    mkdirSync(join(modules, name));
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, version: '1.0.0', license }));
    for (const file of files) writeFileSync(join(modules, name, file), `text of ${file}`);
  };
  put('good', 'MIT', ['license.md', 'NOTICE']);
  put('strange', 'AGPL-3.0', ['LICENSE']);
  put('silent', 'MIT', []);
  assert.match(describe(join(modules, 'good')).text, /good 1\.0\.0 \(MIT\)\n\ntext of NOTICE\n\ntext of license\.md/);
  assert.throws(() => describe(join(modules, 'strange')), /AGPL/);
  assert.throws(() => describe(join(modules, 'silent')), /no licence text/);
  rmSync(modules, { recursive: true });
});
