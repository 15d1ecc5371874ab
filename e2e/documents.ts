import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page of this repository, whose commands are run as it gives them. */
export interface Page {
  /** The block of shell commands under a heading that contains `part`. @throws Error if there is none */
  block(heading: string, part?: string): string;
}

const OPENING = /^(?<indent> *)```(?<language>\w*)$/;
const HEADING = /^#{1,6} +(?<title>.+)$/;

export function readPage(path: string): Page {
  const blocks = shellBlocks(readFileSync(join(import.meta.dirname, '..', path), 'utf8'));

  return {
    block(heading, part = '') {
      const found = blocks.find((block) => block.heading === heading && block.text.includes(part));
      if (found) return found.text;
      throw new Error(`${path} has no shell commands with "${part}" under "${heading}"`);
    },
  };
}

interface Block {
  readonly heading: string;
  readonly text: string;
}

/** Every block of shell commands, with the heading that it stands under. */
export function shellBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { indent: string; language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    if (open && line === `${open.indent}\`\`\``) {
      if (open.language === 'sh') blocks.push({ heading, text: open.lines.join('\n') });
      open = undefined;
    } else if (open) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else {
      const { indent, language } = OPENING.exec(line)?.groups ?? {};
      if (indent !== undefined) open = { indent, language: language ?? '', lines: [] };
      else heading = HEADING.exec(line)?.groups?.title ?? heading;
    }
  }
  return blocks;
}
