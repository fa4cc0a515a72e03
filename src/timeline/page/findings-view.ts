/** The findings as they came, figures and tables; what a row is about can be shown in the picture. */
import type { Figure } from '../figures.ts';
import type { Row, Section } from '../findings.ts';
import type { PageData } from '../page-columns.ts';
import { button, element } from './element.ts';

const NANOS = 1000;

export interface Shows {
  life(place: number): void;
  time(from: number, to: number): void;
}

export function figureList(figures: readonly Figure[]): HTMLElement {
  return element(
    'dl',
    { class: 'figures' },
    ...figures.map(({ label, value, note, isBad }) =>
      element(
        'div',
        { class: 'figure' },
        element('dt', {}, label),
        element(
          'dd',
          isBad ? { class: 'bad' } : {},
          isBad ? `✕ ${value}` : value,
          ...(note === undefined ? [] : [element('small', {}, ` ${note}`)]),
        ),
      ),
    ),
  );
}

function actionOf({ life, time }: Row, shows: Shows): (() => void) | undefined {
  if (time !== undefined) return () => shows.time(time[0] / NANOS, time[1] / NANOS);
  if (life !== undefined) return () => shows.life(life);
  return undefined;
}

function tableRow(row: Row, section: Section, shows: Shows): HTMLElement {
  const action = actionOf(row, shows);
  const last = row.cells.length - 1;
  const cells = row.cells.map((text, i) => {
    const isLink = action !== undefined && i === last;
    const content = isLink ? button(text, 'show it in the picture', action) : text;
    const isCommand = i === last && section.columns[i].align === 'left';
    return element('td', { class: isCommand ? 'left mono' : section.columns[i].align }, content);
  });
  return element('tr', {}, ...cells);
}

function sectionView(section: Section, shows: Shows): HTMLElement {
  const head = section.columns.map(({ title, align }) => element('th', { class: align, scope: 'col' }, title));
  return element(
    'section',
    { class: `finding ${section.key}` },
    element('h2', {}, section.title),
    element('p', { class: 'about' }, section.about),
    element(
      'div',
      { class: 'table' },
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...section.rows.map((row) => tableRow(row, section, shows))),
      ),
    ),
  );
}

export function findingsView({ sections, missing }: PageData['findings'], shows: Shows): HTMLElement {
  const lacks =
    missing.length === 0
      ? []
      : [
          element(
            'section',
            { class: 'finding missing' },
            element('h2', {}, 'What is missing'),
            element('ul', {}, ...missing.map((text) => element('li', {}, text))),
          ),
        ];
  return element('div', { class: 'findings' }, ...lacks, ...sections.map((section) => sectionView(section, shows)));
}
