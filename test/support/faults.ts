import { type HttpAnswer, jsonAnswer } from '../../testing/fakes/http-server.js';
import type { Interceptor } from '../../testing/network.js';

export const FAULT_KINDS = [
  'error before',
  'error after',
  'timeout',
  'crash',
  'throttled',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that goes wrong: with the call of this number since it was armed, from 0. */
export interface Fault {
  readonly callNumber: number;
  readonly kind: FaultKind;
}

export interface FaultInjection {
  readonly intercept: Interceptor;
  readonly around: <T>(invoke: () => Promise<T>) => Promise<T>;
  /** From here on, calls are counted and the fault may strike. */
  arm(): void;
  /** No longer; tells the calls that were counted, in order. */
  disarm(): readonly string[];
}

export class CrashError extends Error {
  override readonly name = 'CrashError';
}

export function injectFault(fault?: Fault): FaultInjection {
  const calls: string[] = [];
  let armed = false;
  let crashed = false;
  let underWay = 0;

  return {
    arm() {
      armed = true;
    },

    disarm() {
      armed = false;
      return calls;
    },

    async intercept(call, effect) {
      // A process that is no more calls nobody.
      if (crashed) return 'broken';
      if (!armed) return effect();
      calls.push(call);
      if (calls.length - 1 !== fault?.callNumber) return effect();
      switch (fault.kind) {
        case 'error before':
          return failure(call, 500, 'InternalServiceError');
        case 'throttled':
          return throttled(call);
        case 'error after':
          await effect();
          return failure(call, 500, 'InternalServiceError');
        case 'timeout':
          await effect();
          return 'no answer';
        case 'crash':
          await effect();
          crashed = true;
          return 'broken';
      }
    },

    async around(invoke) {
      underWay += 1;
      let died = false;
      try {
        const result = await invoke();
        died = crashed;
        if (!died) return result;
      } catch (error) {
        if (!crashed) throw error;
      } finally {
        underWay -= 1;
        if (underWay === 0) crashed = false;
      }
      throw new CrashError('the process ended in the middle of it');
    },
  };
}

function throttled(call: string): HttpAnswer {
  return call.startsWith('mistral')
    ? jsonAnswer(429, { object: 'error', message: 'Rate limit exceeded', type: 'rate_limited' })
    : failure(call, 400, 'ThrottlingException');
}

function failure(call: string, status: number, code: string): HttpAnswer {
  if (call.startsWith('sns')) {
    const body = `<ErrorResponse><Error><Code>${code}</Code><Message>fault</Message></Error></ErrorResponse>`;
    return { status, headers: { 'content-type': 'text/xml' }, body };
  }
  return jsonAnswer(status, { __type: code, message: 'fault' });
}
