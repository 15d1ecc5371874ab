/** How many characters a pattern fixes: of two that match a caller, the one with more wins. */
export function specificity(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}

/** Whether some ARN matches both patterns; `*` stands for any characters, also none. */
export function overlap(one: string, other: string): boolean {
  if (one === '' || other === '') return /^\**$/.test(one + other);
  if (one.startsWith('*')) return overlap(one.slice(1), other) || overlap(one, other.slice(1));
  if (other.startsWith('*')) return overlap(other, one);
  return one[0] === other[0] && overlap(one.slice(1), other.slice(1));
}
