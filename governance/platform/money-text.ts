export const CURRENCIES = ['USD', 'EUR'] as const;

export type Currency = (typeof CURRENCIES)[number];

const NANOS = 1e9;

/** `412.37 USD`; below one, with the digits that small models cost. */
export function moneyText(nanos: number, currency: Currency): string {
  const isSmall = nanos !== 0 && Math.abs(nanos) < NANOS;
  return `${(nanos / NANOS).toFixed(isSmall ? 4 : 2)} ${currency}`;
}

/** Rounded down, so that nothing looks used up before it is. */
export function percentOf(nanos: number, limitNanos: number): number {
  return Math.floor((nanos * 100) / limitNanos);
}
