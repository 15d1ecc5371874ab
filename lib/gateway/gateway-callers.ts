import { Lazy, Stack } from 'aws-cdk-lib';
import type { IGrantable, IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ADDED_CALLERS } from '../../governance/policy/added-callers.js';
import { callerPattern, overlap } from '../../governance/policy/caller-patterns.js';
import { parseForDeploy } from '../../governance/policy/load-policy.js';
import type { Caller, Policy } from '../../governance/policy/policy.js';
import { problemText } from '../../governance/policy/policy-problem.js';
import type { ManagedKeys } from '../keys/managed-keys.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { Gateway } from './gateway.js';
import { accountOf, possibleNames, principalOf, roleOf, TOKEN } from './role-names.js';

/** What a role that code adds to the policy's callers may do: the fields of an entry but its principal. */
export type AddedCaller = Pick<Caller, 'role' | 'workspace'> & Partial<Pick<Caller, 'perSession'>>;

/** An environment has 4 KB, and the functions need less than one for themselves. */
const MOST_BYTES = 3_200;
/** As long as the ARN of a role gets in any partition. */
const LONGEST_ARN = 'x'.repeat(103);

export interface GatewayCallersProps {
  readonly policy: Policy;
  readonly gateway: Pick<Gateway, 'grantCall' | 'allowAccount'>;
  readonly keys: Pick<ManagedKeys, 'addMissing'>;
}

/** The callers of the gateway as the app's code knows them: roles, whose names may be for the deploy to choose. */
export class GatewayCallers {
  private readonly policy: Policy;
  private readonly byPrincipal = new Map<string, Caller>();
  private readonly granted = new Set<IRole>();

  /** `system` has the functions that learn of added callers. */
  constructor(
    private readonly system: Construct,
    private readonly props: GatewayCallersProps,
  ) {
    this.policy = props.policy;
    // At synth: an entry may be added after the grant.
    system.node.addValidation({
      validate: () => [...this.granted].flatMap((role) => this.problemOf(role) ?? []),
    });
  }

  /** With tokens in their principals. */
  get added(): readonly Caller[] {
    return [...this.byPrincipal.values()];
  }

  grant(grantee: IGrantable): void {
    this.props.gateway.grantCall(grantee);
    const role = roleOf(grantee.grantPrincipal);
    if (role) this.granted.add(role);
  }

  /** @throws Error where the policy has no such role or workspace, or says something else of the grantee */
  add(grantee: IGrantable, caller: AddedCaller): void {
    const role = roleOf(grantee.grantPrincipal);
    if (role === undefined) {
      throw new Error(
        `cannot add ${grantee.grantPrincipal} to the gateway's callers: it has no role; the policy's callers can name IAM users, and roles by a pattern`,
      );
    }
    const isFirst = this.added.length === 0;
    const entry = this.addEntry(role, caller);
    this.props.gateway.grantCall(grantee);
    if (entry === undefined) return;
    const account = this.otherAccount(entry.principal);
    if (account !== undefined) this.props.gateway.allowAccount(account);
    this.props.keys.addMissing(this.policyWithAdded);
    if (isFirst) this.passToFunctions();
  }

  /** All have to know in which workspaces the gateway has keys. */
  private passToFunctions(): void {
    const added = Lazy.string({ produce: () => Stack.of(this.system).toJsonString(this.added) });
    for (const part of this.system.node.findAll()) {
      if (part instanceof GovernanceFunction) part.addEnvironment(ADDED_CALLERS, added);
    }
  }

  /** With stand-ins for names that only the deploy knows. */
  get policyWithAdded(): Policy {
    const standIns = this.added.map(({ principal, ...caller }, index) => {
      const name = `${'x'.repeat(60)}${index}`;
      return {
        ...caller,
        principal: `arn:aws:iam::${this.otherAccount(principal) ?? '*'}:role/${name}`,
      };
    });
    return { ...this.policy, callers: [...this.policy.callers, ...standIns] };
  }

  /** `undefined` for one that is known alike. */
  private addEntry(
    role: IRole,
    { role: name, workspace, perSession = false }: AddedCaller,
  ): Caller | undefined {
    const refused = (reason: string) =>
      new Error(`cannot add ${role} to the gateway's callers: ${reason}`);
    const principal = principalOf(role, this.system);
    if (principal === undefined) {
      const { stackName } = Stack.of(this.system);
      throw refused(
        `the deploy chooses its name, and its stack is deployed after ${stackName}, which needs the name: give it a roleName`,
      );
    }
    const entry = { principal, role: name, workspace, perSession };
    const known = this.byPrincipal.get(this.keyOf(principal)) ?? this.inPolicy(role);
    if (known) {
      if (isSame(known, entry)) return undefined;
      throw refused(
        `it is one already, with role ${known.role} in workspace ${known.workspace}${known.perSession ? ', perSession' : ''}`,
      );
    }
    this.byPrincipal.set(this.keyOf(principal), entry);
    const checked = parseForDeploy(this.policyWithAdded);
    if (!checked.ok) {
      const texts = checked.problems.map(problemText);
      throw refused(texts.map((text) => text.replace(/^callers\[\d+\]\.?/, '')).join('; '));
    }
    const bytes = JSON.stringify(this.added).replaceAll(TOKEN, LONGEST_ARN).length;
    if (bytes > MOST_BYTES) {
      throw refused(
        `with it, callers added in code take ${bytes} bytes of the functions' environments, which have room for ${MOST_BYTES}: give it a roleName and an entry in the policy's callers`,
      );
    }
    return entry;
  }

  /** Why a role that may call the gateway would be refused there by the policy; `undefined` where it need not be. */
  private problemOf(role: IRole): string | undefined {
    const principal = principalOf(role, this.system);
    if (principal !== undefined && this.byPrincipal.has(this.keyOf(principal))) return undefined;
    const possible = possibleNames(role);
    if (this.policy.callers.some((caller) => canMatch(caller, role, possible.name)))
      return undefined;
    const arn = `arn:aws:iam::${accountOf(role) ?? '<account>'}:role/${possible.name}`;
    const [reason, entry] = possible.isGenerated
      ? ['the deploy chooses its name', 'a roleName, and an entry with that name in callers']
      : [`no entry of the policy's callers matches ${arn}`, 'such an entry'];
    return `cannot let ${role} call the gateway: ${reason}; give it ${entry}, or call addCaller(role, { role, workspace }) with it, which adds the entry`;
  }

  /** The account of a principal, if that is another one than the stack's. */
  private otherAccount(principal: string): string | undefined {
    const account = principal.split(':')[4] ?? '';
    return /^\d{12}$/.test(account) && account !== Stack.of(this.system).account
      ? account
      : undefined;
  }

  /** The entry that names this very role, with all of its sessions. */
  private inPolicy(role: IRole): Caller | undefined {
    const { name } = possibleNames(role);
    const account = accountOf(role);
    return this.policy.callers.find(({ principal }) => {
      const [, of, named] =
        /^arn:[^:]*:iam::([^:]*):role\/(?:.*\/)?([^/*]+)$/.exec(principal) ?? [];
      return named === name && (account === undefined || of === account);
    });
  }

  private keyOf(principal: string): string {
    return JSON.stringify(Stack.of(this.system).resolve(principal));
  }
}

/** Whether an entry can match sessions of the role, as far as synth knows where it will be. */
function canMatch({ principal }: Caller, role: IRole, name: string): boolean {
  const [, , , , account, sessions = ''] = callerPattern(principal).split(':');
  const isOfAccount = account === '*' || account === (accountOf(role) ?? account);
  return isOfAccount && overlap(sessions, `assumed-role/${name}/*`);
}

function isSame(one: Caller, other: Caller): boolean {
  const { role, workspace, perSession } = one;
  return role === other.role && workspace === other.workspace && perSession === other.perSession;
}
