import { type App, type PolicyViolation, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

/** A rule that a resource does not fit, acknowledged or not. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
}

export interface Acknowledgement extends Finding {
  readonly reason: string;
}

export interface NagReport {
  /** What no acknowledgement covers. */
  readonly open: readonly string[];
  readonly acknowledgements: readonly Acknowledgement[];
  /** Acknowledgements that cover a finding. */
  readonly needed: ReadonlySet<string>;
}

/** The packs' findings in a whole app, nested stacks included. */
export function nag(app: App): NagReport {
  app.synth(); // this runs the aspects
  const findings = findingsIn(app);
  const acknowledgements = app.node.findAll().flatMap(acknowledgementsAt);
  return {
    acknowledgements,
    open: findings
      .filter((finding) => !acknowledgements.some((one) => covers(one, finding)))
      .map(readable),
    needed: new Set(
      acknowledgements
        .filter((one) => findings.some((finding) => covers(one, finding)))
        .map(readable),
    ),
  };
}

export function readable({ rule, path }: Finding): string {
  return `${rule} at ${path}`;
}

/** Every finding, as if nothing had been acknowledged. */
function findingsIn(app: App): Finding[] {
  const packs = [new AwsSolutionsChecks(), new ServerlessChecks(), new NIST80053R5Checks()];
  return packs.flatMap((pack) => {
    Object.defineProperty(pack, 'isAcknowledged', { value: () => false });
    return pack.validateScope(app).violations.flatMap(findingsOf);
  });
}

function findingsOf({ ruleName, violatingResources }: PolicyViolation): Finding[] {
  return violatingResources.map(({ constructPath = '' }) => ({
    rule: ruleName,
    path: constructPath,
  }));
}

function acknowledgementsAt(construct: IConstruct): Acknowledgement[] {
  return construct.node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries<string>(data))
    .map(([id, reason]) => ({
      rule: id.replace(/^annotation::/i, ''),
      path: construct.node.path,
      reason,
    }));
}

function covers(acknowledgement: Acknowledgement, { rule, path }: Finding): boolean {
  return (
    acknowledgement.rule === rule &&
    (path === acknowledgement.path || path.startsWith(`${acknowledgement.path}/`))
  );
}
