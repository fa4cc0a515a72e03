/** Short lives that came as a number only. */
import type { PageData } from '../page-columns.ts';

export type Bundle = PageData['bundles'][number];

/** By the place of their parent; -1 for those without. */
export function bundlesByParent({ bundles }: PageData): Map<number, Bundle[]> {
  const byParent = new Map<number, Bundle[]>();
  for (const bundle of bundles) byParent.set(bundle.parent, [...(byParent.get(bundle.parent) ?? []), bundle]);
  return byParent;
}
