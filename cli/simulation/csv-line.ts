/** The fields of one line of CSV (RFC 4180, without line breaks in fields). `undefined` where a quote stays open. */
export function csvFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',').map((field) => field.trim());
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const [whole, quoted, plain] = FIELD.exec(line.slice(at)) ?? [];
    if (whole === undefined) return undefined;
    fields.push(quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'));
    at += whole.length;
    if (at >= line.length) return fields;
    if (line[at] !== ',') return undefined;
    at += 1;
  }
}

const FIELD = /^\s*"((?:[^"]|"")*)"\s*(?=,|$)|^([^",]*)(?=,|$)/;
