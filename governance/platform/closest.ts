/** Of these names the one that was probably meant; `undefined` where none is near. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const most = name.length < 5 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const given = name.toLowerCase();
  const [nearest] = known
    .map((other) => ({ other, text: other.toLowerCase() }))
    .map(({ other, text }) => {
      const isBeginning = given.length > 3 && text.startsWith(given);
      return { other, distance: isBeginning ? 1 : distance(text, given) };
    })
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance);
  return nearest?.other;
}

/** How many characters must change until a pattern matches; what `*` stands for costs nothing. */
export function distance(pattern: string, text: string): number {
  let before = Array.from({ length: text.length + 1 }, (_, at) => at);
  for (const character of pattern) {
    const isWildcard = character === '*';
    const row = [(before[0] ?? 0) + (isWildcard ? 0 : 1)];
    for (let at = 1; at <= text.length; at += 1) {
      const [above = 0, left = 0, diagonal = 0] = [before[at], row[at - 1], before[at - 1]];
      const replaced = diagonal + (character === text[at - 1] ? 0 : 1);
      row.push(isWildcard ? Math.min(above, left) : Math.min(above + 1, left + 1, replaced));
    }
    before = row;
  }
  return before.at(-1) ?? 0;
}
