import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { groupBy } from '../governance/platform/group-by.js';

const ROOT = join(import.meta.dirname, '..');

/** Licenses whose code may be bundled and passed on, with their text. */
export const ACCEPTED_LICENSES = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
] as const;

const ManifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.enum(ACCEPTED_LICENSES),
  author: z.union([z.string(), z.object({ name: z.string() })]).optional(),
});

type Manifest = z.infer<typeof ManifestSchema>;

/** By name of what is bundled, such as a function: the folders of the npm packages in it. */
export type Bundled = ReadonlyMap<string, readonly string[]>;

/**
 * The licenses of all packages that are bundled, with what each one is in. The same whenever the
 * packages are.
 *
 * @throws Error for a package whose license is not accepted, or has no text
 */
export function thirdPartyLicenses(bundled: Bundled): string {
  const folders = [...new Set([...bundled.values()].flat())].sort();
  const byText = groupBy(folders, (folder) => textOf(folder, manifestOf(folder)));
  const sections = [...byText].map(([text, alike]) => {
    const packages = alike.flatMap((folder) => {
      const { name, version, license } = manifestOf(folder);
      const within = [...bundled].filter(([, packages]) => packages.includes(folder));
      const names = within.map(([one]) => one).sort();
      return [`${name} ${version} (${license})`, `  in: ${names.join(', ')}`];
    });
    return [...packages, '', text].join('\n');
  });
  return `${[HEADER, ...sections].join(`\n${'-'.repeat(80)}\n`)}\n`;
}

const HEADER = 'Code of these npm packages is in the files that are named with each.';

function manifestOf(folder: string): Manifest {
  const parsed = ManifestSchema.safeParse(JSON.parse(read(folder, 'package.json')));
  if (parsed.success) return parsed.data;
  throw new Error(`the license of ${folder} is not accepted: ${z.prettifyError(parsed.error)}`);
}

function textOf(folder: string, manifest: Manifest): string {
  const files = readdirSync(join(ROOT, folder)).filter((name) => LICENSE_FILE.test(name));
  if (!files.some((name) => !NOTICE.test(name))) return standardText(manifest);
  return files.sort().flatMap(linesOf(folder)).join('\n');
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice)/i;
const NOTICE = /^notice/i;

const linesOf = (folder: string) => (file: string) => read(folder, file).trim().split(/\r?\n/);

/** For a package that was published without the file. */
function standardText({ name, license, author }: Manifest): string {
  if (license === 'Apache-2.0') return 'The text of the Apache License 2.0 is in LICENSE.';
  if (license !== 'MIT' && license !== 'MIT-0') {
    throw new Error(`${name} has no file with the text of its license ${license}`);
  }
  const holder = (typeof author === 'object' ? author.name : author) ?? `the authors of ${name}`;
  const condition = license === 'MIT' ? `${MIT_CONDITION}\n\n` : '';
  return `Copyright (c) ${holder}\n\n${MIT_GRANT}${license === 'MIT' ? `, ${MIT_SUBJECT}` : '.'}\n\n${condition}${MIT_WARRANTY}`;
}

const MIT_GRANT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
whom the Software is furnished to do so`;
const MIT_SUBJECT = 'subject to the following conditions:';
const MIT_CONDITION = `The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.`;
const MIT_WARRANTY = `THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

function read(folder: string, file: string): string {
  return readFileSync(join(ROOT, folder, file), 'utf8');
}
