/** The page: reads its data, lays out what there is, and joins the controls with the picture. */
import { loadOf } from '../load.ts';
import { byCommand, byTree } from './arrange.ts';
import { type Box, Boxes, type FoldMode, Kin } from './boxes.ts';
import { bundlesByParent } from './bundles.ts';
import { Details } from './details.ts';
import { element } from './element.ts';
import { matcherOf, matchesOf } from './filter.ts';
import { figureList, findingsView } from './findings-view.ts';
import { keyHelp, listenForKeys } from './keys.ts';
import { legend } from './legend.ts';
import { busiestNames, lookOf } from './look.ts';
import { type Model, modelOf } from './model.ts';
import type { Marks } from './paint-bars.ts';
import { stripSeries } from './paint-strip.ts';
import { Picture } from './picture.ts';
import { readBlock } from './read-data.ts';
import { Tip } from './tip.ts';
import { type Layout, Tools } from './tools.ts';

function chainOf({ data }: Model): Map<number, [number, number][]> {
  const links = new Map<number, [number, number][]>();
  let [life, at] = [0, 0];
  data.chain.life.forEach((difference, i) => {
    life += difference;
    at += data.chain.at[i];
    const link: [number, number] = [at, at + data.chain.length[i]];
    const others = links.get(life);
    if (others === undefined) links.set(life, [link]);
    else others.push(link);
  });
  return links;
}

function whereText({ data }: Model): string {
  const { host, kernel, cpus, began } = data;
  const when =
    began === undefined
      ? undefined
      : new Date(began).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  const parts = [
    host,
    kernel && `Linux ${kernel}`,
    cpus && `${cpus.toLocaleString('en-US')} ${cpus === 1 ? 'CPU' : 'CPUs'}`,
    when,
  ];
  return parts.filter((part) => part !== undefined && part !== 0 && part !== '').join(' · ');
}

/** All that can be chosen, and what is drawn because of it. */
class Page {
  private readonly model: Model;
  private readonly kin: Kin;
  private readonly bundles;
  private readonly chain;
  private readonly busiest: string[];
  private readonly picture: Picture;
  private readonly details: Details;
  private readonly tip: Tip;
  private readonly tools: Tools;
  private layout: Layout = 'tree';
  private fold: FoldMode = 'all';
  private readonly unfolded = new Set<string>();
  private shortest = 0;
  private selected: number | undefined;

  constructor(model: Model, root: HTMLElement) {
    this.model = model;
    this.kin = new Kin(model);
    this.bundles = bundlesByParent(model.data);
    this.chain = chainOf(model);
    this.busiest = busiestNames(model);
    const hasAccounts = model.data.lives.cpu.some((cpu) => cpu >= 0);
    const series = stripSeries(loadOf(model.spans), model.data.cpus, hasAccounts);
    this.tip = new Tip(model);
    this.details = new Details(model, {
      close: () => this.choose(undefined),
      zoomTo: (from, to) => this.picture.show(from, to),
      choose: (place) => this.choose(place),
      unfold: (key) => this.unfold(key),
    });
    this.picture = new Picture(model, lookOf(model, this.busiest), series, {
      hover: (box, time, x, y) => this.hover(box, time, x, y),
      choose: (box) => this.chooseBox(box),
    });
    this.tools = new Tools(model.data.to, this.chain.size > 0, {
      filter: (typed) => this.filter(typed),
      shortest: (micros) => this.rearrange({ shortest: micros }),
      layout: (layout) => this.rearrange({ layout }),
      fold: (fold) => this.refold(fold),
      chain: (isShown) => this.mark({ chain: isShown ? this.chain : undefined }),
      fit: () => this.picture.fit(),
      zoomBy: (direction) => this.picture.zoomBy(direction),
    });
    this.layOut(root, hasAccounts);
    this.mark({ chain: this.chain });
    this.rearrange({});
    this.listen();
  }

  private layOut(root: HTMLElement, hasAccounts: boolean): void {
    const { data } = this.model;
    document.title = `${data.title} – procwatch timeline`;
    root.append(
      element(
        'header',
        {},
        element('h1', {}, data.title),
        element('p', { class: 'where' }, whereText(this.model)),
        figureList(data.findings.figures),
      ),
      element(
        'section',
        { class: 'picture', 'aria-label': 'Picture' },
        this.tools.root,
        legend(this.model, this.busiest, { hasAccounts, hasChain: this.chain.size > 0 }),
        element('div', { class: 'stage' }, this.picture.root, this.details.root),
        keyHelp(),
      ),
      findingsView(data.findings, {
        life: (place) => this.showLife(place),
        time: (from, to) => this.showTime(from, to),
      }),
      element('footer', {}, 'Drawn by procwatch. This file holds all it shows and asks for nothing else.'),
      this.tip.root,
    );
  }

  private listen(): void {
    listenForKeys({
      zoomIn: () => this.picture.zoomBy(1),
      zoomOut: () => this.picture.zoomBy(-1),
      fit: () => this.picture.fit(),
      left: () => this.picture.pan(-1),
      right: () => this.picture.pan(1),
      up: () => this.picture.scroll(-1),
      down: () => this.picture.scroll(1),
      next: () => this.step(1),
      previous: () => this.step(-1),
      parent: () => this.kinsman((place) => this.model.parent[place]),
      child: () => this.kinsman((place) => this.kin.childrenOf(place)[0] ?? -1),
      zoomTo: () => this.zoomToSelected(),
      close: () => this.choose(undefined),
      filter: () => this.tools.filter.focus(),
    });
    const repaint = (): void => {
      this.picture.look = lookOf(this.model, this.busiest);
      this.picture.redraw();
    };
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
    window.addEventListener('beforeprint', () => this.print(true));
    window.addEventListener('afterprint', () => this.print(false));
  }

  /** On paper all is dark on white, whatever the system wishes, and nothing has to be scrolled to. */
  private print(isPrinting: boolean): void {
    document.documentElement.classList.toggle('printing', isPrinting);
    this.picture.isPrinting = isPrinting;
    this.picture.look = lookOf(this.model, this.busiest);
    this.picture.resize();
    this.picture.draw();
  }

  private mark(marks: Partial<Marks>): void {
    this.picture.marks = { ...this.picture.marks, ...marks };
    this.picture.redraw();
  }

  private rearrange(change: { readonly layout?: Layout; readonly shortest?: number }): void {
    this.layout = change.layout ?? this.layout;
    this.shortest = change.shortest ?? this.shortest;
    const options = { fold: this.fold, unfolded: this.unfolded, shortest: this.shortest };
    this.picture.arrange(
      this.layout === 'packed'
        ? byCommand(this.model, this.shortest)
        : byTree(new Boxes(this.model, this.kin, this.bundles, options).roots()),
    );
  }

  private refold(fold: FoldMode): void {
    this.fold = fold;
    this.unfolded.clear();
    this.rearrange({});
  }

  private unfold(key: string): void {
    this.unfolded.add(key);
    this.choose(undefined);
    this.rearrange({});
  }

  private filter(typed: string): void {
    const matcher = matcherOf(typed);
    const matches = matcher && matchesOf(this.model, matcher);
    const count = matches?.reduce((sum, one) => sum + one, 0);
    this.tools.say(
      count === undefined ? '' : `${count.toLocaleString('en-US')} of ${this.model.count.toLocaleString('en-US')}`,
    );
    this.mark({ matches });
  }

  private hover(box: Box | undefined, time: number, x: number, y: number): void {
    if (box === undefined) this.tip.hide();
    else this.tip.show(box, time, x, y);
    if (box !== this.picture.marks.hovered) this.mark({ hovered: box });
  }

  private chooseBox(box: Box | undefined): void {
    if (box === undefined) return this.choose(undefined);
    if (box.lives.length === 1 && box.bundle === undefined) return this.choose(box.lives[0]);
    if (box.foldKey !== undefined) this.unfold(box.foldKey);
    this.details.group(box);
  }

  private choose(place: number | undefined): void {
    this.selected = place;
    if (place === undefined) this.details.hide();
    else this.details.life(place);
    this.mark({ selected: place });
  }

  /** A life of a table or a key: where it is folded, or left out as too short, what hides it is undone. */
  private showLife(place: number): void {
    this.choose(place);
    let box = this.picture.reveal(place);
    if (box === undefined) {
      this.rearrange({ shortest: 0 });
      box = this.picture.reveal(place);
    }
    if (box?.foldKey !== undefined) {
      this.unfolded.add(box.foldKey);
      this.rearrange({});
      this.picture.reveal(place);
    }
    const [from, to] = this.picture.window;
    const isSeen = this.model.from[place] <= to && this.model.to[place] >= from;
    if (!isSeen) this.zoomToSelected();
    this.picture.root.scrollIntoView({ block: 'nearest' });
  }

  private showTime(from: number, to: number): void {
    this.picture.show(from, to);
    this.picture.root.scrollIntoView({ block: 'nearest' });
  }

  private zoomToSelected(): void {
    if (this.selected !== undefined) this.picture.show(this.model.from[this.selected], this.model.to[this.selected]);
  }

  private step(direction: 1 | -1): void {
    const { matches } = this.picture.marks;
    const { count } = this.model;
    let place = this.selected ?? (direction === 1 ? -1 : count);
    do place += direction;
    while (place >= 0 && place < count && matches !== undefined && matches[place] === 0);
    if (place >= 0 && place < count) this.showLife(place);
  }

  private kinsman(of: (place: number) => number): void {
    const place = this.selected === undefined ? -1 : of(this.selected);
    if (place >= 0) this.showLife(place);
  }
}

const block = document.getElementById('data');
const root = document.getElementById('page');
if (block instanceof HTMLScriptElement && root !== null) {
  readBlock(block).then(
    (data) => {
      new Page(modelOf(data), root);
      root.dataset.ready = 'true';
    },
    (error: unknown) =>
      root.append(element('p', { class: 'trouble' }, `The data of this page cannot be read: ${error}`)),
  );
}
