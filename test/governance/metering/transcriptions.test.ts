import { describe, expect, test } from 'vitest';
import type { AccessGrant } from '../../../governance/access/access.js';
import { TRANSCRIPTION_FORM } from '../../../governance/metering/forms/form-shape.js';
import type { ReceivedForm } from '../../../governance/metering/forms/whole-form.js';
import { Hold } from '../../../governance/metering/hold.js';
import { createTariff } from '../../../governance/metering/tariff.js';
import { authorizeTranscription } from '../../../governance/metering/transcriptions.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { aPolicy } from '../../support/builders.js';
import { aDemand } from '../../support/client-demand.js';

const MODEL = 'voxtral-mini-2602';
const PER_MINUTE = 3_000_000; // 0.003 USD
const tariff = createTariff(createPriceBook(aPolicy(), () => Date.parse('2026-11-29')));

function authorized(change: Partial<ReceivedForm>, audioMinutes = 180) {
  const { grant } = aDemand();
  const allowed: AccessGrant = { ...grant, modelId: MODEL, audioMinutes };
  const call = authorizeTranscription(
    {
      kind: 'form',
      shape: TRANSCRIPTION_FORM,
      entries: [['model', 'voxtral-mini-latest']],
      file: { filename: 'a.mp3', contentType: 'audio/mpeg' },
      content: [],
      fileBytes: 0,
      ...change,
    },
    'arn',
    () => allowed,
  );
  if (call.kind === 'problem') throw new Error(call.message);
  return call;
}

describe('the audio that is reserved', () => {
  test.each([
    ['of a short file: as long as its bytes can last', { fileBytes: 7500 }, 180, 10],
    ['of a file whose last second has begun', { fileBytes: 7501 }, 180, 11],
    ['of a large file: no more than the role’s limit', { fileBytes: 1e9 }, 30, 1800],
    ['of a URL: the role’s limit', { file: undefined, fileBytes: 0 }, 30, 1800],
    ['of a URL, by default: what Mistral transcribes', { file: undefined }, undefined, 10_800],
  ] as const)('%s', (_case, form, minutes, seconds) => {
    const { demand } = authorized(form, minutes);

    expect(demand.audioSeconds).toBe(seconds);
    expect(tariff.bound(demand)).toBe(Math.ceil((seconds * PER_MINUTE) / 60));
  });
});

describe('what a transcription is settled at', () => {
  function settled(end: (hold: Hold) => void, audioMinutes?: number): number {
    const { demand } = authorized({ fileBytes: 7500 }, audioMinutes);
    const quota = { unit: 'usd' } as never;
    const reservation = { settle: () => {}, release: () => {} } as never;
    const hold = new Hold(
      demand,
      [{ quota, amount: tariff.bound(demand) ?? 0 }],
      reservation,
      tariff,
    );
    end(hold);
    return (hold.settledCost / PER_MINUTE) * 60;
  }
  const usage = (prompt_audio_seconds: unknown) => ({
    ...{ prompt_tokens: 4, completion_tokens: 5, total_tokens: 47 },
    prompt_audio_seconds,
  });
  const answer = { deliveredTokens: 9, events: 3, hasFailed: false, usage: undefined } as const;

  test.each<[string, number, (hold: Hold) => void]>([
    ['its reported seconds', 7, (hold) => hold.delivered(usage(7))],
    ['a second that has begun as a second', 7, (hold) => hold.delivered(usage(6.1))],
    ['more than was reserved, where it is reported', 500, (hold) => hold.delivered(usage(500))],
    ['three hours: an answer without usage', 10_800, (hold) => hold.delivered(undefined)],
    ['three hours: usage without audio', 10_800, (hold) => hold.delivered(usage(null))],
    [
      'three hours: usage with audio that is no number',
      10_800,
      (hold) => hold.delivered(usage('7')),
    ],
    [
      'three hours: a stream that was cut',
      10_800,
      (hold) => hold.endedEarly({ ...answer, generated: 'as delivered' }),
    ],
    [
      'three hours: a stream that broke',
      10_800,
      (hold) => hold.brokeOff({ ...answer, generated: 'as delivered' }),
    ],
    [
      'three hours: a stream that failed at its end',
      10_800,
      (hold) => hold.ended({ ...answer, hasFailed: true, generated: 'as delivered' }),
    ],
    ['nothing: an error', 0, (hold) => hold.failed(422)],
  ])('%s', (_case, seconds, end) => {
    expect(settled(end)).toBeCloseTo(seconds, 5);
  });

  test('a role with a longer limit settles that', () => {
    expect(settled((hold) => hold.delivered(undefined), 600)).toBe(36_000);
  });
});

test('what is sent has the model’s exact id, and nothing of the caller’s own words', () => {
  const { body, contentType } = authorized({ content: [Buffer.from('abc')], fileBytes: 3 });
  const boundary = contentType?.split('boundary=')[1];

  expect(body.toString()).toBe(
    [
      `--${boundary}`,
      'content-disposition: form-data; name="model"',
      '',
      MODEL,
      `--${boundary}`,
      'content-disposition: form-data; name="file"; filename="a.mp3"',
      'content-type: audio/mpeg',
      '',
      'abc',
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
});
