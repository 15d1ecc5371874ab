/** The text of every heading of a page, in order. */
export function headingsOf(page: string): string[] {
  return [...withoutCode(page).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, text]) => text ?? '');
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>();
  return headingsOf(page).map((heading) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

export interface Section {
  readonly title: string;
  /** The headings that it is under, and its own. */
  readonly path: readonly string[];
  /** Whether no heading is under it. */
  readonly isLeaf: boolean;
  /** Up to the next heading of any level. */
  readonly text: string;
}

/** A page in parts, one for each heading. */
export function sectionsOf(page: string): Section[] {
  const code = [...page.matchAll(/^ *```[\s\S]*?^ *```$/gm)];
  const isCode = (at: number) =>
    code.some(({ index, 0: text }) => at >= index && at < index + text.length);
  const found = [...page.matchAll(/^(#{1,6}) +(.+?) *$/gm)].filter(({ index }) => !isCode(index));
  const above: { readonly level: number; readonly title: string }[] = [];
  return found.map(({ index, 0: line, 1: marks = '', 2: title = '' }, position) => {
    const level = marks.length;
    while (above.length > 0 && (above.at(-1)?.level ?? 0) >= level) above.pop();
    above.push({ level, title });
    const next = found[position + 1];
    return {
      title,
      path: above.map((heading) => heading.title),
      isLeaf: (next?.[1]?.length ?? 0) <= level,
      text: page.slice(index + line.length, next?.index),
    };
  });
}

/** The targets of a page's links, as written. */
export function linksOf(page: string): string[] {
  const prose = withoutCode(page).replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link ?? '');
}

function withoutCode(page: string): string {
  return page.replace(/^ *```[\s\S]*?^ *```$/gm, '');
}
