/**
 * The page: one file with its script, its style and its data. Data stand in a block of JSON that is never run and that no text can end;
 * above some size they are deflated. Nothing but the one script and the one style may do anything: their hashes are in the policy.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Findings } from './findings.ts';
import type { Timeline } from './life.ts';
import { pageDataOf } from './page-data.ts';

/** The page's own code, as the build made it. */
export interface PageCode {
  readonly script: string;
  readonly style: string;
}

/** Smaller data stay readable. */
const DEFLATE_FROM = 64 * 1024;

/** JSON that ends no element and no line of script, whatever is in it. */
function harmless(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function policyFor({ script, style }: PageCode): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function dataBlock(json: string): string {
  if (json.length < DEFLATE_FROM) return `<script type="application/json" id="data">${harmless(json)}</script>`;
  const packed = deflateRawSync(json, { level: 9 }).toString('base64');
  return `<script type="application/octet-stream" id="data">${packed}</script>`;
}

export function writeHtml(timeline: Timeline, findings: Findings, code: PageCode): string {
  const json = JSON.stringify(pageDataOf(timeline, findings));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(code)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>procwatch timeline</title>
<style>${code.style}</style>
</head>
<body>
<main id="page"></main>
<noscript>This page draws its picture with the script it contains. procwatch timeline --text prints the same findings as text.</noscript>
${dataBlock(json)}
<script>${code.script}</script>
</body>
</html>
`;
}
