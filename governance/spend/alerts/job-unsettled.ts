import type { Alert } from '../../alerts/alert.js';
import type { JobRecord } from '../../metering/batch/job-record.js';
import type { Currency } from '../../platform/wording.js';
import { countText, instantText, moneyText } from '../../platform/wording.js';

export interface UnsettledJob {
  readonly record: JobRecord;
  readonly currency: Currency;
  /** Why it could not be settled, in plain words. */
  readonly reason: string;
  /** When it is booked in full. */
  readonly givenUpAt: Date;
  readonly at: Date;
}

/** A batch job should have ended, and what it used is not known: sent once. */
export function jobUnsettled({ record, currency, reason, givenUpAt, at }: UnsettledJob): Alert {
  const { id, workspace, owner, jobId = 'not known', modelId, lines, bounds } = record;
  const cost = moneyText(bounds.cost, currency);
  return {
    type: 'job-unsettled',
    severity: 'warning',
    workspace,
    threadId: `job-${id}`,
    at,
    title: `Batch job of ${workspace} is not settled; ${cost} stay reserved`,
    description: `The job should have ended, and what it used is not known: ${reason}. Its upper bound stays reserved in the budgets of the day and month of its creation. The spend monitor tries again every 15 minutes, and books the upper bound as spent at ${instantText(givenUpAt, at)}.`,
    facts: {
      job: jobId,
      caller: owner,
      model: modelId,
      lines: countText(lines, 'line'),
      reserved: cost,
      'created at': instantText(new Date(record.createdAtMs)),
    },
    data: { job: record.jobId, record: id, reservedNanos: bounds.cost, currency },
    nextSteps: [
      {
        say: 'Look the job up in the Mistral console: if it still runs or waits, cancel it, and the next run of the monitor settles it',
      },
      {
        say: 'If the job or its results were deleted there, do nothing: the upper bound is booked',
      },
    ],
  };
}
