/** The controls above the picture. */
import type { FoldMode } from './boxes.ts';
import { button, element } from './element.ts';
import { duration } from './times.ts';

export type Layout = 'tree' | 'packed';

export interface ToolEvents {
  filter(typed: string): void;
  shortest(micros: number): void;
  layout(layout: Layout): void;
  fold(mode: FoldMode): void;
  chain(isShown: boolean): void;
  fit(): void;
  zoomBy(direction: 1 | -1): void;
}

const SLIDER_STEPS = 100;

/** The first step is everything; the others go from 10 µs to the whole time, each longer than the one before by the same part. */
export function shortestOf(step: number, whole: number): number {
  const LEAST = 10;
  if (step === 0 || whole <= LEAST) return 0;
  return LEAST * (whole / LEAST) ** (step / SLIDER_STEPS);
}

function labelled(text: string, control: HTMLElement): HTMLLabelElement {
  return element('label', {}, element('span', {}, text), control);
}

function selection(
  of: string,
  options: Readonly<Record<string, string>>,
  chosen: string,
  change: (value: string) => void,
): HTMLSelectElement {
  const control = element(
    'select',
    { 'data-of': of },
    ...Object.entries(options).map(([value, text]) => element('option', { value, selected: value === chosen }, text)),
  );
  control.addEventListener('change', () => change(control.value));
  return control;
}

export class Tools {
  readonly root: HTMLElement;
  readonly filter = element('input', {
    type: 'search',
    placeholder: 'name or regex',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  private readonly found = element('output', { class: 'found' });

  constructor(whole: number, hasChain: boolean, events: ToolEvents) {
    this.filter.addEventListener('input', () => events.filter(this.filter.value));
    const chain = element('input', { type: 'checkbox', checked: true });
    chain.addEventListener('change', () => events.chain(chain.checked));
    this.root = element(
      'div',
      { class: 'tools', role: 'toolbar', 'aria-label': 'What is drawn' },
      labelled('filter', this.filter),
      this.found,
      this.slider(whole, events),
      labelled(
        'arrange',
        selection('layout', { tree: 'by tree', packed: 'packed by command' }, 'tree', (value) =>
          events.layout(value as Layout),
        ),
      ),
      labelled(
        'fold alike',
        selection('fold', { all: 'all', small: 'small ones', none: 'none' }, 'all', (value) =>
          events.fold(value as FoldMode),
        ),
      ),
      ...(hasChain ? [labelled('last finishers', chain)] : []),
      element(
        'span',
        { class: 'zoom' },
        button('−', 'zoom out (−)', () => events.zoomBy(-1)),
        button('+', 'zoom in (+)', () => events.zoomBy(1)),
        button('fit', 'the whole time (0)', () => events.fit()),
      ),
    );
  }

  private slider(whole: number, events: ToolEvents): HTMLElement {
    const control = element('input', { type: 'range', min: '0', max: String(SLIDER_STEPS - 1), value: '0' });
    const says = element('output', {}, 'all');
    control.addEventListener('input', () => {
      const micros = shortestOf(Number(control.value), whole);
      says.textContent = micros === 0 ? 'all' : `≥ ${duration(micros)}`;
      control.setAttribute('aria-valuetext', says.textContent);
      events.shortest(micros);
    });
    const label = labelled('shortest life', control);
    label.append(says);
    return label;
  }

  /** How many processes the filter lets through. */
  say(text: string): void {
    this.found.textContent = text;
  }
}
