/** Where the build has put the page's own script and style: beside the program, whether this runs as built or from the sources. */
import { fileURLToPath } from 'node:url';
import type { PageCode } from './html.ts';

const at = (name: string): string => fileURLToPath(new URL(`../../dist/page/${name}`, import.meta.url));

export function pageCode(readFile: (path: string) => string): PageCode {
  return { script: readFile(at('timeline.js')), style: readFile(at('timeline-style.css')) };
}
