import { InvalidArgumentError } from 'commander';

/** Reads an option that is a number of minutes. */
export function minutesUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number of minutes, at most ${most}.`);
  };
}
