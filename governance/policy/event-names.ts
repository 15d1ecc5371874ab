/** The `source` of every event, by which rules select them and grants are limited. */
export const EVENT_SOURCE = 'mistral-governance';

/** Raised when a field changes its meaning or goes; a new field raises nothing. */
export const EVENT_VERSION = 1;

/** `Key Rotated`: the `detail-type` that rules select by. */
export function detailType(type: string): string {
  const words = type.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join(' ');
}
