/** A few words beside the pointer. */
import type { Box } from './boxes.ts';
import { element } from './element.ts';
import { commandAt, type Model, nameAt } from './model.ts';
import { duration } from './times.ts';

const MOST_LETTERS = 300;
const AWAY = 14;

export class Tip {
  readonly root = element('div', { class: 'tip', hidden: true, role: 'tooltip' });
  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
  }

  hide(): void {
    this.root.hidden = true;
  }

  show(box: Box, time: number, x: number, y: number): void {
    this.root.replaceChildren(...this.lines(box), element('p', { class: 'when' }, `at +${duration(time)}`));
    this.root.hidden = false;
    const { width, height } = this.root.getBoundingClientRect();
    const left = x + AWAY + width > window.innerWidth ? x - AWAY - width : x + AWAY;
    const top = y + AWAY + height > window.innerHeight ? y - AWAY - height : y + AWAY;
    this.root.style.left = `${Math.max(4, left)}px`;
    this.root.style.top = `${Math.max(4, top)}px`;
  }

  private lines({ lives, bundle }: Box): Node[] {
    const { model } = this;
    if (bundle !== undefined) {
      return [
        element('strong', {}, `${bundle.count.toLocaleString('en-US')} shorter ones, up to ${bundle.longest} each`),
      ];
    }
    const [place] = lives;
    if (lives.length > 1) {
      const many = lives.length.toLocaleString('en-US');
      return [element('strong', {}, `${nameAt(model, place)} × ${many}`), element('p', {}, 'alike; click to unfold')];
    }
    const { outcomes, lives: columns } = model.data;
    const cpu = columns.cpu[place] < 0 ? '' : ` · CPU ${duration(columns.cpu[place])}`;
    const length = duration(model.to[place] - model.from[place]);
    return [
      element('strong', {}, `${nameAt(model, place)} ${model.pid[place] || ''}`),
      element('p', { class: 'command' }, commandAt(model, place).slice(0, MOST_LETTERS)),
      element('p', {}, `${length}${cpu} · ${outcomes[columns.outcome[place]]}`),
    ];
  }
}
