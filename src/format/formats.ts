/** The registry of formats: what each name means. A new format is a file of its own and a row here. Each is loaded when asked for, with what it needs. */
import type { Field, FieldContext } from './field.ts';
import type { Formatter } from './formatter.ts';

/** Everything a format may depend on. */
export interface FormatSettings {
  readonly colour: boolean;
  readonly columns: readonly Field[];
  /** Names of those that a narrow window may go without, the first first. */
  readonly spareColumns?: readonly string[];
  /** To be added where records of several machines stand beside each other; absent where the columns were chosen. */
  readonly hostColumn?: Field | undefined;
  /** The window, where the output is one. */
  readonly screen: () => { readonly width: number; readonly height: number } | undefined;
}

type Make = (context: FieldContext, settings: FormatSettings) => Formatter;

export const FORMATTERS = {
  pretty: async () => {
    const { PrettyFormatter } = await import('./pretty.ts');
    return (context, { colour, screen }) =>
      new PrettyFormatter(context, { colour, width: () => screen()?.width, header: screen() !== undefined });
  },
  json: async () => {
    const { JsonFormatter } = await import('./json.ts');
    return (context) => new JsonFormatter(context);
  },
  table: async () => {
    const { TableFormatter } = await import('./table.ts');
    return (context, settings) => new TableFormatter(context, settings);
  },
} as const satisfies Record<string, () => Promise<Make>>;

export type FormatName = keyof typeof FORMATTERS;
export const FORMAT_NAMES = Object.keys(FORMATTERS) as FormatName[];
