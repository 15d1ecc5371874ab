import { countText } from '../platform/wording.js';
import type { AlertBlock, AlertSection } from './alert.js';

const MOST_BLOCKS = 25;

/** How a protocol writes the names and commands of a block. */
interface BlockStyle {
  text(words: string): string;
  command(command: string): string;
}

/** Sections as text of so many characters; blocks that need an action are numbered throughout. */
export function sectionsText(
  sections: readonly AlertSection[],
  { text, command }: BlockStyle,
  characters: number,
): string {
  let number = 0;
  let left = characters;

  function blockText({ severity, title, lines, next }: AlertBlock): string {
    if (severity === undefined) return `- ${text(title)}`;
    number += 1;
    return [
      `${number}. ${severity.toUpperCase()}  ${text(title)}`,
      ...lines.map((line) => `   - ${text(line)}`),
      ...(next
        ? [`   Next: ${text(next.say)}${next.command ? `:\n   ${command(next.command)}` : ''}`]
        : []),
    ].join('\n');
  }

  return sections
    .map(({ heading, blocks, more: beyond = 0 }) => {
      const shown = blocks.slice(0, MOST_BLOCKS).map(blockText);
      const fitting = shown.filter((block) => {
        left -= block.length + 2;
        return left >= 0;
      });
      const more = blocks.length - fitting.length + beyond;
      const separator = blocks[0]?.severity === undefined ? '\n' : '\n\n';
      return [
        heading,
        ...(fitting.length > 0 ? [fitting.join(separator)] : []),
        ...(more > 0 ? [`and ${countText(more, 'more', 'more')}`] : []),
      ].join('\n\n');
    })
    .join('\n\n');
}

/** As many blocks as fit, in exact values; `omitted` is how many do not. */
export function machineSections(sections: readonly AlertSection[], characters: number) {
  let left = characters;
  return sections.map(({ heading, blocks, more = 0 }) => {
    const machine = blocks.map(({ severity, title, next, data }) => ({
      severity,
      title,
      next,
      ...data,
    }));
    const fitting = machine.filter((block) => {
      left -= JSON.stringify(block).length;
      return left >= 0;
    });
    return { heading, blocks: fitting, omitted: blocks.length - fitting.length + more };
  });
}
