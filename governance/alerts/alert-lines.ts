import { head, isPasteable, messageLine } from '../platform/quoting.js';
import { numberText } from '../platform/wording.js';
import type { Alert, AlertBlock, AlertSection, NextStep } from './alert.js';

// Names and reasons in an alert come from others: from Mistral, from AWS, from who created a key.

const TITLE_CHARACTERS = 300;
const LINE_CHARACTERS = 2_000;

/** The alert with every text shortened that no reader would read to its end, which it says. */
export function withoutLongTexts(alert: Alert): Alert {
  return changed(alert, shortened);
}

/** The alert with one line for each text: a line break in a value would look like another detail or step. */
export function inLines(alert: Alert): Alert {
  return changed(alert, messageLine);
}

type Change = (text: string, most: number) => string;

function changed(alert: Alert, change: Change): Alert {
  const title = (text: string) => change(text, TITLE_CHARACTERS);
  const line = (text: string) => change(text, LINE_CHARACTERS);
  return {
    ...alert,
    title: title(alert.title),
    threadId: title(alert.threadId),
    workspace: title(alert.workspace),
    description: line(alert.description),
    facts: Object.fromEntries(
      Object.entries(alert.facts).map(([name, value]) => [title(name), line(value)]),
    ),
    ...(alert.data && {
      data: Object.fromEntries(
        Object.entries(alert.data).map(([name, value]) => [
          name,
          typeof value === 'string' ? line(value) : value,
        ]),
      ),
    }),
    nextSteps: alert.nextSteps.map((step) => stepOf(step, line)),
    ...withSections(alert, ({ heading, blocks }) => ({
      heading: title(heading),
      blocks: blocks.map(({ next, ...block }) => ({
        ...block,
        title: line(block.title),
        lines: block.lines.map(line),
        ...(next && { next: stepOf(next, line) }),
      })),
    })),
  };
}

/** The alert with each of its commands changed, also those in the data of its blocks. */
export function withCommands(alert: Alert, change: (command: string) => string): Alert {
  const changedStep = ({ command, ...step }: NextStep) =>
    command === undefined ? step : { ...step, command: change(command) };
  const changedData = (data: AlertBlock['data']): AlertBlock['data'] =>
    JSON.parse(JSON.stringify(data), (name, value) =>
      name === 'nextCommand' && typeof value === 'string' ? change(value) : value,
    );
  return {
    ...alert,
    nextSteps: alert.nextSteps.map(changedStep),
    ...withSections(alert, ({ heading, blocks }) => ({
      heading,
      blocks: blocks.map(({ next, data, ...block }) => ({
        ...block,
        data: changedData(data),
        ...(next && { next: changedStep(next) }),
      })),
    })),
  };
}

function withSections({ sections }: Alert, change: (section: AlertSection) => AlertSection) {
  return sections && { sections: sections.map((one) => ({ ...one, ...change(one) })) };
}

/** A command that would change is left out: it is there to be pasted as it is. */
function stepOf({ say, command }: NextStep, line: (text: string) => string): NextStep {
  if (command === undefined) return { say: line(say) };
  if (isPasteable(command) && command.length <= LINE_CHARACTERS) return { say: line(say), command };
  return { say: `${line(say)} (its command is not shown: it does not fit into one line)` };
}

function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = head(text, most);
  return `${kept}... (${numberText(text.length - kept.length)} more characters left out)`;
}
