import { Aws, Reference, Stack, Tokenization } from 'aws-cdk-lib';
import { CfnRole, type IPrincipal, type IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { callerPattern, overlap } from '../../governance/policy/caller-patterns.js';
import { parseForDeploy } from '../../governance/policy/load-policy.js';
import type { Caller, Policy } from '../../governance/policy/policy.js';

/** What a role that code adds to the policy's callers may do: the fields of an entry but its principal. */
export type AddedCaller = Pick<Caller, 'role' | 'workspace'> & Partial<Pick<Caller, 'perSession'>>;

/** An environment has 4 KB, and the functions need less than one for themselves. */
const MOST_BYTES = 3_200;
const TOKEN = /\$\{Token\[[^\]]*\]\}/g;
/** As long as the ARN of a role gets in any partition. */
const LONGEST_ARN = 'x'.repeat(103);

/** The callers of the gateway as the app's code knows them: roles, whose names may be for the deploy to choose. */
export class GatewayCallers {
  private readonly byPrincipal = new Map<string, Caller>();
  private readonly granted = new Set<IRole>();

  constructor(
    private readonly scope: Construct,
    private readonly policy: Policy,
  ) {
    // At synth: an entry may be added after the grant.
    scope.node.addValidation({
      validate: () => [...new Set([...this.granted].flatMap((role) => this.problemOf(role) ?? []))],
    });
  }

  /** Synth fails unless this role can be a caller. */
  require(role: IRole): void {
    this.granted.add(role);
  }

  /** Those that are not in the policy file, with tokens in their principals. */
  get added(): readonly Caller[] {
    return [...this.byPrincipal.values()];
  }

  /** With stand-ins for names that only the deploy knows. */
  get withAdded(): Policy {
    const standIns = this.added.map(({ principal, ...caller }, index) => {
      const name = `${'x'.repeat(60)}${index}`;
      return {
        ...caller,
        principal: `arn:aws:iam::${this.otherAccount(principal) ?? '*'}:role/${name}`,
      };
    });
    return { ...this.policy, callers: [...this.policy.callers, ...standIns] };
  }

  /** @throws Error where the policy has no such role or workspace, or says something else of the role */
  add(role: IRole, { role: name, workspace, perSession = false }: AddedCaller): void {
    const refused = (reason: string) =>
      new Error(`cannot add ${role} to the gateway's callers: ${reason}`);
    const principal = principalOf(role, this.scope);
    if (principal === undefined) {
      const { stackName } = Stack.of(this.scope);
      throw refused(
        `the deploy chooses its name, and its stack is deployed after ${stackName}, which needs the name: give it a roleName`,
      );
    }
    const entry = { principal, role: name, workspace, perSession };
    const known = this.byPrincipal.get(this.keyOf(principal)) ?? this.inPolicy(role);
    if (known) {
      if (isSame(known, entry)) return;
      throw refused(
        `it is one already, with role ${known.role} in workspace ${known.workspace}${known.perSession ? ', perSession' : ''}`,
      );
    }
    this.byPrincipal.set(this.keyOf(principal), entry);
    const checked = parseForDeploy(this.withAdded);
    if (!checked.ok) {
      throw refused(
        checked.problems.map((text) => text.replace(/^callers\[\d+\]\.?/, '')).join('; '),
      );
    }
    const bytes = JSON.stringify(this.added).replaceAll(TOKEN, LONGEST_ARN).length;
    if (bytes > MOST_BYTES) {
      throw refused(
        `with it, callers added in code take ${bytes} bytes of the functions' environments, which have room for ${MOST_BYTES}: give it a roleName and an entry in the policy's callers`,
      );
    }
  }

  /** Why a role that may call the gateway would be refused there by the policy; `undefined` where it need not be. */
  private problemOf(role: IRole): string | undefined {
    const principal = principalOf(role, this.scope);
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
  otherAccount(principal: string): string | undefined {
    const account = principal.split(':')[4] ?? '';
    return /^\d{12}$/.test(account) && account !== Stack.of(this.scope).account
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
    return JSON.stringify(Stack.of(this.scope).resolve(principal));
  }
}

/** Whether an entry can match sessions of the role, as far as synth knows where it will be. */
function canMatch({ principal }: Caller, role: IRole, name: string): boolean {
  const [, , , , account, sessions = ''] = callerPattern(principal).split(':');
  const isOfAccount = account === '*' || account === (accountOf(role) ?? account);
  return isOfAccount && overlap(sessions, `assumed-role/${name}/*`);
}

export function roleOf(principal: IPrincipal): IRole | undefined {
  return 'roleArn' in principal ? (principal as IRole) : undefined;
}

/** Its ARN, as this stack can know it: from a role of another stack, which depends on this one, it can import nothing. */
function principalOf(role: IRole, scope: Construct): string | undefined {
  const resource = resourceOf(role);
  if (resource === undefined) return role.roleArn;
  const { account } = Stack.of(resource);
  if (Stack.of(resource) === Stack.of(scope)) return resource.attrArn;
  return isGenerated(resource)
    ? undefined
    : `arn:${Aws.PARTITION}:iam::${account}:role/${resource.roleName}`;
}

/** What its name is, with `*` for what only the deploy knows. */
function possibleNames(role: IRole): { readonly name: string; readonly isGenerated: boolean } {
  const resource = resourceOf(role);
  if (resource === undefined) return { name: asPattern(role.roleName), isGenerated: false };
  if (!isGenerated(resource))
    return { name: asPattern(resource.roleName ?? ''), isGenerated: false };
  // CloudFormation begins the names that it generates with that of the stack, shortened to 24 characters or more.
  return { name: `${asPattern(Stack.of(resource).stackName).slice(0, 20)}*`, isGenerated: true };
}

function accountOf(role: IRole): string | undefined {
  const { account } = role.env;
  return /^\d{12}$/.test(account) ? account : undefined;
}

/** `undefined` for a role that is imported. Others may be wrapped, and refer to their resource all the same. */
function resourceOf(role: IRole): CfnRole | undefined {
  const { firstToken } = Tokenization.reverseString(role.roleName);
  const isReference = firstToken !== undefined && Reference.isReference(firstToken);
  return isReference && firstToken.target instanceof CfnRole ? firstToken.target : undefined;
}

function isGenerated(resource: CfnRole): boolean {
  return Stack.of(resource).resolve(resource.roleName) === undefined;
}

function asPattern(text: string): string {
  return text.replaceAll(TOKEN, '*');
}

function isSame(one: Caller, other: Caller): boolean {
  const { role, workspace, perSession } = one;
  return role === other.role && workspace === other.workspace && perSession === other.perSession;
}
