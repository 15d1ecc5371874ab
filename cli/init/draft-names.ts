import { head, oneLine } from '../../governance/platform/quoting.js';
import { arnSuffixProblem } from '../../governance/policy/policy-fields.js';

const LONGEST = 64;
const RESERVED = new Set(['gateway', ...Object.getOwnPropertyNames(Object.prototype)]);

/** Names that the policy can have, of names that others chose: each once, in any case. */
export function createNames(fallback: string) {
  const taken = new Set<string>();
  return (given: string): string => {
    const plain = given
      .normalize('NFKD')
      .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
      .replaceAll(/^[^A-Za-z0-9]+|[-_]+$/g, '')
      .replace(/-(?=[A-Za-z0-9]{6}$)/, '_'); // Secrets Manager would take the end for an ARN's
    const base = head(
      plain === '' || RESERVED.has(plain) ? `${fallback}-${plain}`.replace(/-$/, '') : plain,
      LONGEST,
    );
    for (let count = 1; ; count += 1) {
      const end = count === 1 ? '' : `-${count}`;
      const name = head(base, LONGEST - end.length) + end;
      if (taken.has(name.toLowerCase()) || arnSuffixProblem(name) !== undefined) continue;
      taken.add(name.toLowerCase());
      return name;
    }
  };
}

/** A comment of one line, with any characters in its text. */
export function comment(text: string): string {
  return `# ${oneLine(text).replaceAll(/\s+/g, ' ').trim()}`;
}
