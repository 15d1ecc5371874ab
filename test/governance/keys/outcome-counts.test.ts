import { expect, test } from 'vitest';
import {
  createRetirementCounts,
  createRotationCounts,
} from '../../../governance/keys/outcome-counts.js';
import { metricLines } from '../../support/metric-lines.js';

test('each end of a rotation or retirement is a line of its own', () => {
  const lines = metricLines((written) => {
    createRotationCounts(written).count('replaced');
    createRetirementCounts(written).count('rolled-back');
    createRetirementCounts(written).count('revoked');
  });
  expect(lines.map(({ under, metrics }) => [under, metrics])).toEqual([
    ['outcome=replaced', { Rotations: 1 }],
    ['outcome=rolled-back', { Retirements: 1 }],
    ['outcome=revoked', { Retirements: 1 }],
  ]);
});
