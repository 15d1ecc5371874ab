import type { Retirement } from '../retirement.js';

export function oldOrRemoved({ reason }: Retirement): string {
  return reason === 'removed' ? 'removed' : 'old';
}

export function consoleOf(workspace: string): string {
  return `https://console.mistral.ai > workspace ${workspace} > API keys`;
}
