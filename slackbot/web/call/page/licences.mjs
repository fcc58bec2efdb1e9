// The licences of everything that ends up in the bundle, written out; one that is not allowed stops the build.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ALLOWED = new Set(['Apache-2.0', 'MIT', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'Zlib']);

/** Whether every licence that an SPDX expression names is on the list. */
export const allowed = (expression) =>
  /^[\w.() -]+$/.test(expression) && expression.replace(/[()]/g, ' ').split(/\s+(?:AND|OR)\s+/).every((id) => ALLOWED.has(id.trim()));

/** Folders of the packages whose files are inputs of the bundle. */
export const packagesIn = (inputs) =>
  [...new Set(Object.keys(inputs).map((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean))].sort();

/** What is written about the package in this folder: name, version, licence and its texts. */
export function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string' || !allowed(license)) throw new Error(`${name} ${version}: licence ${license} is not allowed`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} ${version}: no licence text`);
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name, version, license, text: `${'='.repeat(80)}\n${name} ${version} (${license})\n\n${texts.join('\n\n')}\n` };
}
