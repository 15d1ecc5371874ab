/** What a script can tell a command's end by. They never change their meaning. */
export const EXIT = {
  ok: 0,
  /** The answer is no: refused, something was found, or something could not be done. */
  no: 1,
  /** Wrong use or wrong input, a policy among it. */
  wrong: 2,
  /** AWS, the deployed stack or Mistral could not be reached, or lets nobody in. */
  unreachable: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0    done, or the answer is yes
  1    the answer is no: refused, something was found, or something failed
  2    wrong use or wrong input, such as a policy with mistakes
  3    AWS, the deployed stack or Mistral could not be reached, or lets nobody in
  130  interrupted with ^C`;
