/** A pattern of EventBridge, as far as the examples use it. */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) {
    const values = Array.isArray(event) ? event : [event];
    return values.some((value) => pattern.some((rule) => matchesRule(rule, value)));
  }
  return Object.entries(pattern as Record<string, unknown>).every(([name, within]) =>
    name === '$or'
      ? (within as unknown[]).some((one) => matchesPattern(one, event))
      : matchesPattern(within, (event as Record<string, unknown> | undefined)?.[name]),
  );
}

function matchesRule(rule: unknown, value: unknown): boolean {
  if (typeof rule !== 'object' || rule === null) return rule === value;
  if ('prefix' in rule) return typeof value === 'string' && value.startsWith(String(rule.prefix));
  if ('numeric' in rule) {
    const [operator, limit] = rule.numeric as [string, number];
    if (operator !== '>=') throw new Error(`no way to compare by ${operator}`);
    return typeof value === 'number' && value >= limit;
  }
  throw new Error(`no way to match ${JSON.stringify(rule)}`);
}
