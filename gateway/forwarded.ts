import type { MeteredAnswer } from '../governance/metering/answer-meter.js';
import type { Hold } from '../governance/metering/hold.js';
import type { UpstreamAnswer, UpstreamFailure } from './upstream.js';

/** How one attempt at Mistral ended. */
export type Forwarded =
  /** The whole answer is with the caller, except for its last chunk. */
  | {
      readonly kind: 'delivered';
      readonly answer: MeteredAnswer | undefined;
      readonly lastChunk: Buffer | undefined;
    }
  /** An error from Mistral, none of which went to the caller. */
  | ({ readonly kind: 'error' } & UpstreamAnswer)
  /** No answer, so nothing went to the caller. */
  | {
      readonly kind: 'unanswered';
      readonly reason: UpstreamFailure;
      readonly answer?: undefined;
      /** Whether Mistral may have received the request. */
      readonly wasSent: boolean;
    }
  /** It broke off after the caller had received a part. */
  | {
      readonly kind: 'broken off';
      readonly reason: UpstreamFailure;
      readonly answer: MeteredAnswer;
    }
  /** It was cut off here, since its caller was gone. */
  | {
      readonly kind: 'cut';
      readonly answer: MeteredAnswer | undefined;
      readonly wasSent: boolean;
    };

/** An error after which the request may be sent again. */
export type Rejection = UpstreamAnswer & { readonly status: 401 | 429 };

export function isRejection(outcome: Forwarded): outcome is Forwarded & Rejection {
  return outcome.kind === 'error' && (outcome.status === 401 || outcome.status === 429);
}

/** What it costs. A stream that is cut here ends with what arrived; one that breaks may have had more. */
export function settle(hold: Hold, outcome: Forwarded): void {
  if (outcome.kind === 'delivered') hold.ended(outcome.answer);
  else if (outcome.kind === 'error') hold.failed(outcome.status);
  else if (outcome.kind === 'unanswered' && !outcome.wasSent) hold.release();
  else if (outcome.kind === 'cut' && !outcome.wasSent) hold.release();
  else if (outcome.kind === 'cut' || outcome.reason === 'timeout') hold.endedEarly(outcome.answer);
  else hold.brokeOff(outcome.answer);
}

/** What a log says of a request. */
export function factsOf({ demand, lender }: Hold) {
  const { workspace, modelId, role } = demand.grant;
  return { workspace, lender, modelId, role }; // without a lender, it is left out of the line
}
