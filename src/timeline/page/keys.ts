/** THE table of keys: what each does in the picture. The help of the page derives from it. */
import { element } from './element.ts';

export interface KeyActions {
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  left(): void;
  right(): void;
  up(): void;
  down(): void;
  next(): void;
  previous(): void;
  parent(): void;
  child(): void;
  zoomTo(): void;
  close(): void;
  filter(): void;
}

interface KeyRow {
  readonly keys: readonly string[];
  readonly shown: string;
  readonly meaning: string;
  readonly does: keyof KeyActions;
}

const KEYS: readonly KeyRow[] = [
  { keys: ['+', '=', 'w'], shown: '+', meaning: 'zoom in', does: 'zoomIn' },
  { keys: ['-', 's'], shown: '−', meaning: 'zoom out', does: 'zoomOut' },
  { keys: ['0', 'f'], shown: '0', meaning: 'the whole time', does: 'fit' },
  { keys: ['ArrowLeft', 'a'], shown: '←', meaning: 'earlier', does: 'left' },
  { keys: ['ArrowRight', 'd'], shown: '→', meaning: 'later', does: 'right' },
  { keys: ['ArrowUp'], shown: '↑', meaning: 'rows above', does: 'up' },
  { keys: ['ArrowDown'], shown: '↓', meaning: 'rows below', does: 'down' },
  { keys: ['n', 'j'], shown: 'n', meaning: 'next process, of those the filter lets through', does: 'next' },
  { keys: ['N', 'k'], shown: 'N', meaning: 'the one before', does: 'previous' },
  { keys: ['p'], shown: 'p', meaning: 'its parent', does: 'parent' },
  { keys: ['c'], shown: 'c', meaning: 'its first child', does: 'child' },
  { keys: ['Enter'], shown: 'Enter', meaning: 'zoom to it', does: 'zoomTo' },
  { keys: ['Escape'], shown: 'Esc', meaning: 'close the details', does: 'close' },
  { keys: ['/'], shown: '/', meaning: 'filter', does: 'filter' },
];

/** Controls keep their own keys. */
const isControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLButtonElement;

export function listenForKeys(actions: KeyActions): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = KEYS.find(({ keys }) => keys.includes(event.key));
    if (row === undefined || (isControl(event.target) && row.does !== 'close')) return;
    event.preventDefault();
    actions[row.does]();
  });
}

export function keyHelp(): HTMLElement {
  const rows = KEYS.flatMap(({ shown, meaning }) => [
    element('dt', {}, element('kbd', {}, shown)),
    element('dd', {}, meaning),
  ]);
  const pointer =
    'Wheel or pinch zooms, dragging or Shift and wheel moves, a click shows details, a double click zooms to a bar.';
  return element(
    'details',
    { class: 'keys' },
    element('summary', {}, 'Keys and mouse'),
    element('p', {}, pointer),
    element('dl', {}, ...rows),
  );
}
