import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Place } from './policy-problem.js';

/** Finds where the fields of a document stand in its text. */
export interface Places {
  /** Where a field stands; for one that is missing, the field that it is missing in. */
  ofPath(path: readonly PropertyKey[]): Place;
  ofRange(start: number, end: number): Place;
}

/** @param aliases what each alias of the document stands for */
export function createPlaces(
  root: unknown,
  text: string,
  lines: LineCounter,
  aliases: ReadonlyMap<Alias, unknown>,
): Places {
  const fieldsOf = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  /** By name, so that many problems of a long list of fields take no longer than the list. */
  function field(map: YAMLMap, name: string): Pair | undefined {
    let fields = fieldsOf.get(map);
    if (fields === undefined) {
      fields = new Map(
        map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]),
      );
      fieldsOf.set(map, fields);
    }
    return fields.get(name);
  }

  function ofRange(start: number, end: number): Place {
    const { line, col } = lines.linePos(start);
    const lineStart = start - col + 1;
    const next = text.indexOf('\n', start);
    const lineEnd = next < 0 ? text.length : next;
    const length = Math.max(0, Math.min(end, lineEnd) - start);
    return { line, column: col, length, text: text.slice(lineStart, lineEnd) };
  }

  return {
    ofRange,

    ofPath(path) {
      let node = root;
      let [start, end] = rangeOf(root);
      for (const step of path) {
        const container = isAlias(node) ? aliases.get(node) : node;
        if (isMap(container)) {
          const pair = field(container, String(step));
          if (pair === undefined) break;
          [start, end] = rangeOf(pair.key);
          end = Math.max(end, rangeOf(pair.value)[1]);
          node = pair.value;
        } else if (isSeq(container) && typeof step === 'number') {
          const item = container.items[step];
          if (item === undefined) break;
          [start, end] = rangeOf(item);
          node = item;
        } else break;
      }
      return ofRange(start, end);
    },
  };
}

function rangeOf(node: unknown): readonly [start: number, end: number] {
  const [start = 0, end = 0] = (isNode(node) && node.range) || [];
  return [start, end];
}
