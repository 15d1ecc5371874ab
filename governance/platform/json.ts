/** `undefined` for text that is not JSON: a parser's message would quote it, and a key in it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer of a client that parses JSON itself: its error would quote what it cannot parse, and a key in it. */
export async function unquoted<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Error && error.name === 'SyntaxError')) throw error;
    throw new Error('AWS could not be reached: the answer is not JSON; it may be from your proxy');
  }
}

/** Whether a value is an object or an array, with fields to read. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
