const STACK_NAME = 'MistralGovernance';

/** What `bin/app.ts` names the stack, and what the command line finds it by. */
export function stackNameOf(environment: string | undefined): string {
  return environment ? `${STACK_NAME}-${environment}` : STACK_NAME;
}
