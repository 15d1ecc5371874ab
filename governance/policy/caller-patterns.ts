/** How many characters a pattern fixes: of two that match a caller, the one with more wins. */
export function specificity(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}

/** Whether some ARN matches both patterns; `*` stands for any characters of one of its parts, also none. */
export function overlap(one: string, other: string): boolean {
  if (!sameStart(one, other)) return false;
  // From the ends backwards: whether what is left of both from (i, j) on has a text in common.
  let after: boolean[] = [];
  for (let i = one.length; i >= 0; i -= 1) {
    const row: boolean[] = [];
    for (let j = other.length; j >= 0; j -= 1) {
      row[j] =
        one[i] === '*' || other[j] === '*'
          ? (passes(one[i], other[j]) && (after[j] ?? false)) ||
            (passes(other[j], one[i]) && (row[j + 1] ?? false))
          : one[i] === other[j] && (after[j + 1] ?? i === one.length);
    }
    after = row;
  }
  return after[0] ?? false;
}

/** Whether a character can be left behind where the other pattern is at `beside`: no `*` reaches into the next part. */
function passes(character: string | undefined, beside: string | undefined): boolean {
  return character === '*' || (beside === '*' && character !== ':');
}

/** Nearly all pairs of a policy differ before their first `*`. */
function sameStart(one: string, other: string): boolean {
  for (let at = 0; one[at] !== '*' && other[at] !== '*'; at += 1) {
    if (one[at] !== other[at]) return false;
    if (one[at] === undefined) return true;
  }
  return true;
}

/**
 * What a pattern says of the ARN a caller comes with. The ARN of an assumed role's session leaves
 * out the path of the role, so the last segment of a role's name decides alone.
 */
export function callerPattern(principal: string): string {
  const [, partition, account, name] = ROLE_PATTERN.exec(principal) ?? [];
  if (name === undefined) return principal;
  return `arn:${partition}:sts::${account}:assumed-role/${name}/*`;
}

/** The path is all that such a pattern fixes of a role, and a session's ARN does not have it. */
export function fixesPathAlone(principal: string): boolean {
  return /:role\/.*[^*/].*\/\*+$/.test(principal);
}

/** A policy's callers in the order in which they are tried: the first one that matches decides. */
export function inOrderOfDecision<Caller extends { readonly principal: string }>(
  callers: readonly Caller[],
): readonly { readonly caller: Caller; readonly pattern: string }[] {
  return callers
    .map((caller) => ({ caller, pattern: callerPattern(caller.principal) }))
    .sort((one, other) => specificity(other.pattern) - specificity(one.pattern));
}

export function matches(pattern: string, arn: string): boolean {
  const literals = pattern.split('*').map((text) => text.replace(/[^\w]/g, '\\$&'));
  return new RegExp(`^${literals.join('[^:]*')}$`).test(arn);
}

const ROLE_PATTERN = /^arn:([a-z-]+):iam::([^:]*):role\/(?:.*\/)?([^/]+)$/;
