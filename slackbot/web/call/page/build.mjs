// Bundles the call page: node build.mjs [FOLDER], by default ../static
//   call.html, call.<hash>.js, call.<hash>.css, call.licences.txt; the same sources give the same bytes.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, packagesIn } from './licences.mjs';

const BUDGET = 260_000; // bytes of script and style, compressed
const here = realpathSync(dirname(fileURLToPath(import.meta.url)));
const folder = resolve(process.argv[2] ?? join(here, '../static'));

// The SDK's index also exports its messaging session, which drags in the AWS SDK; a meeting never calls it.
const withoutMessaging = {
  name: 'without-messaging',
  setup(bundler) {
    bundler.onResolve({ filter: /^@aws-(sdk|crypto)\// }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }));
  },
};

const { metafile, outputFiles } = await build({
  absWorkingDir: here,
  preserveSymlinks: true, // a linked node_modules makes no other bytes
  entryPoints: ['call.ts', 'call.css'],
  outdir: 'out',
  write: false,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2020',
  charset: 'utf8',
  define: { global: 'globalThis' },
  drop: ['console', 'debugger'], // nothing that a library knows reaches a log
  legalComments: 'none', // they miss most; licences.mjs has them all
  banner: { js: '/* licences: call.licences.txt */' },
  metafile: true,
  plugins: [withoutMessaging],
  logLevel: 'warning',
});

const packages = packagesIn(metafile.inputs).map((path) => describe(join(here, path)));
const files = { 'call.licences.txt': packages.map(({ text }) => text).join('\n') };
let html = readFileSync(join(here, 'call.html'), 'utf8');
let compressed = 0;
for (const { path, contents } of outputFiles) {
  const end = path.endsWith('.js') ? 'js' : 'css';
  const name = `call.${createHash('sha256').update(contents).digest('hex').slice(0, 12)}.${end}`;
  if (!html.includes(`"call.${end}"`)) throw new Error(`call.html does not refer to call.${end}`);
  html = html.replace(`"call.${end}"`, `"/call/static/${name}"`);
  files[name] = contents;
  const size = gzipSync(contents, { level: 9 }).length;
  compressed += size;
  console.log(`${name}: ${contents.length} bytes, ${size} compressed`);
}
files['call.html'] = html;
if (compressed > BUDGET) throw new Error(`${compressed} bytes compressed; at most ${BUDGET} are allowed`);

// Only now, when nothing can fail any more, is the old page replaced.
mkdirSync(folder, { recursive: true });
for (const old of readdirSync(folder).filter((name) => /^call\.[\w.]+$/.test(name))) rmSync(join(folder, old));
for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents);
console.log(`${packages.length} packages: ${packages.map(({ name, version, license }) => `${name} ${version} (${license})`).join(', ')}`);
