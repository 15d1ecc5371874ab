import { htmlText } from '../../platform/quoting.js';

/** Markup that is safe to put on a page: text gets into it only by being escaped. */
class Markup {
  constructor(readonly markup: string) {}
}

export type Html = Markup;
export type HtmlValue = Html | string | number | readonly HtmlValue[];

/** Markup of a template whose values are escaped, unless they are markup already. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Markup(
    strings.reduce((text, literal, i) => text + render(values[i - 1] ?? '') + literal),
  );
}

function render(value: HtmlValue): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return htmlText(value);
  if (isMany(value)) return value.map(render).join('');
  if (!(value instanceof Markup)) throw new Error('only html`` makes markup');
  return value.markup;
}

function isMany(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value);
}
