import { InvalidArgumentError } from 'commander';

/** Reads a number of minutes. */
export function minutesUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number of minutes, at most ${max}.`);
  };
}

export function wholeNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Reads a calendar day. */
export function day(text: string): string {
  const at = new Date(`${text}T00:00:00Z`);
  const isDay = text.length === 10 && !Number.isNaN(at.getTime());
  if (isDay && at.toISOString().startsWith(text)) return text;
  throw new InvalidArgumentError('It must be a date such as 2026-11-30.');
}

/** Keys at Mistral are 32 letters and digits; names have other characters too. */
const LIKE_A_KEY = /^[A-Za-z0-9]{32,}$/;

/** Reads a key's name, which alerts and the commands in them repeat: a key must not pass for one. */
export function keyName(text: string): string {
  if (LIKE_A_KEY.test(text)) {
    throw new InvalidArgumentError('It looks like a key: pass the name of the key.');
  }
  if (/^[\w .:@+-]{1,128}$/.test(text) && text.trim() === text) return text;
  throw new InvalidArgumentError('It must be 1 to 128 letters, digits, spaces and _ . : @ + -');
}
