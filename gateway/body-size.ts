import { type Problem, problem } from '../governance/metering/problem.js';

export function tooLarge(maxBodyBytes: number): Problem {
  return problem('body_too_large', `the body is larger than the ${maxBodyBytes} bytes allowed`);
}

export function tooShort(): Problem {
  return problem('invalid_request', 'the body is shorter than its Content-Length');
}
