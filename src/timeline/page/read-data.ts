/** Reads the block of data out of the page. */
import type { PageData } from '../page-columns.ts';

async function inflated(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).text();
}

export async function readBlock(block: HTMLScriptElement): Promise<PageData> {
  const text = block.textContent ?? '';
  return JSON.parse(block.type === 'application/json' ? text : await inflated(text.trim()));
}
