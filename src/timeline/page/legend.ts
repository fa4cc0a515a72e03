/** What the colours and signs of the picture mean. Each is named, so that none stands for its colour alone. */
import { element } from './element.ts';
import { isSet, type Model } from './model.ts';

const sign = (name: string, text: string): HTMLElement =>
  element('li', {}, element('i', { class: `sign ${name}`, 'aria-hidden': 'true' }), text);

export function legend(
  { flags, data }: Model,
  busiest: readonly string[],
  { hasAccounts, hasChain }: { readonly hasAccounts: boolean; readonly hasChain: boolean },
): HTMLElement {
  const any = (...names: Parameters<typeof isSet>[1][]): boolean =>
    flags.some((bits) => names.some((name) => isSet(bits, name)));
  return element(
    'ul',
    { class: 'legend' },
    ...busiest.map((name, i) => sign(`command-${i}`, name)),
    sign('other', 'other, or only waiting'),
    ...(any('failure') ? [sign('failure', 'failed')] : []),
    ...(any('unseen', 'before', 'inferred') || data.bundles.length > 0 ? [sign('unknown', 'not known')] : []),
    ...(data.losses.length > 0 ? [sign('lost', 'events lost')] : []),
    ...(hasChain ? [sign('chain', 'chain of last finishers')] : []),
    sign('running', 'processes running'),
    ...(hasAccounts ? [sign('used', 'CPUs used, spread')] : []),
  );
}
