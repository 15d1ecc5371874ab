import type { AlertBlock } from '../alerts/alert.js';
import { groupBy } from '../platform/group-by.js';
import { bySeverity, type Finding } from './finding.js';

/** All findings about one key or secret, the most severe first. */
export type Block = readonly [Finding, ...Finding[]];

export function blocksOf(findings: readonly Finding[]): Block[] {
  const blocks = groupBy(
    [...findings].sort(bySeverity),
    ({ type, workspace, subject, evidence }) =>
      evidence.secret ?? evidence.keyId ?? [type, workspace, subject].join('#'),
  );
  return [...blocks.values()];
}

export function openBlock(findings: Block, isNew: (finding: Finding) => boolean): AlertBlock {
  const [{ severity, nextStep, nextCommand }] = findings;
  const isMixed = !findings.every(isNew);
  return {
    severity,
    title: titleOf(findings),
    lines: findings.map((finding) =>
      isMixed && isNew(finding) ? `New: ${finding.summary}` : finding.summary,
    ),
    next: { say: nextStep.charAt(0).toLowerCase() + nextStep.slice(1), command: nextCommand },
    data: { findings },
  };
}

export function resolvedBlock(findings: Block): AlertBlock {
  const types = findings.map(({ type }) => type).join(', ');
  return { title: `${titleOf(findings)}: ${types}`, lines: [], data: { findings } };
}

/** `old-notebook (dev-workspace, created 2026-08-16 by …)`. */
function titleOf(findings: Block): string {
  const [lead] = findings;
  const facts: Readonly<Record<string, string>> = Object.assign(
    {},
    ...findings.map(({ evidence }) => evidence),
  );
  const { team, created = 'unknown', createdBy } = facts;
  const by = team === undefined && createdBy !== undefined ? ` by ${createdBy}` : '';
  const about = [
    ...(lead.workspace === lead.subject ? [] : [lead.workspace]),
    ...(team === undefined ? [] : [`owner ${team}`]),
    ...(created === 'unknown' ? [] : [`created ${created.slice(0, 10)}${by}`]),
  ];
  return about.length === 0 ? nameOf(lead) : `${nameOf(lead)} (${about.join(', ')})`;
}

export function nameOf({ evidence, subject }: Finding): string {
  return evidence.secret ?? subject;
}
