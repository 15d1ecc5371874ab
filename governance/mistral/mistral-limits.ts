/** The organization's monthly spend limit, in `currency`. */
export interface SpendLimit {
  /** From then on Mistral rejects every key, until the month ends or the limit is raised. */
  readonly reached: boolean;
  readonly usage: number | undefined;
  readonly totalUsage: number | undefined;
  /** `undefined` where the organization has set none. */
  readonly limit: number | undefined;
  readonly currency: string | undefined;
  readonly lastPaymentFailed: boolean;
}

/** One month's usage as Mistral reports it. The fields of rows are undocumented: check each. */
export interface MonthlyUsage {
  readonly currency: string | undefined;
  readonly startDate: string | undefined;
  readonly endDate: string | undefined;
  /** The organization's own price list. */
  readonly prices: readonly Readonly<Record<string, unknown>>[];
  /** `completion`, `ocr`, … and any category that Mistral adds, as it gave them. */
  readonly categories: Readonly<Record<string, unknown>>;
}
