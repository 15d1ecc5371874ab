import { ORGANIZATION } from '../platform/metrics.js';
import { attributeValue, chatText, head, jsonText } from '../platform/quoting.js';
import { instantText, wrapped } from '../platform/wording.js';
import type { Alert, NextStep } from './alert.js';
import { inLines, withCommands, withoutLongTexts } from './alert-lines.js';
import {
  type AlertOrigin,
  commandAt,
  originSentence,
  prefixOf,
  shortOriginText,
} from './alert-origin.js';
import { machineSections, sectionsText } from './alert-sections.js';

/** Of the message and its attributes together. */
const SNS_BYTES = 262_144;
const ATTRIBUTES_BYTES = 1_024;
const BODY_CHARACTERS = 24_000;
const SUBJECT_CHARACTERS = 99;
const SMS_CHARACTERS = 300;
const EMAIL_COLUMNS = 78;

/** What all alerts of a deployment have in common. */
export interface AlertPlace {
  readonly origin: AlertOrigin;
  /** The page whose headings are the alert types. */
  readonly runbookUrl: string;
  /** Before each subject, with names in braces for parts of the origin. @default none */
  readonly subjectPrefix?: string | undefined;
}

/** The same for one alert, as it is shown. */
interface Shown {
  readonly origin: AlertOrigin;
  readonly runbook: string;
  readonly prefix: string;
}

/**
 * One publish to the topic: a body for each protocol, as `MessageStructure: json` has it, and attributes
 * to filter by. Each body says where the alert comes from, and its commands run there.
 */
export function renderAlert(alert: Alert, { origin, runbookUrl, subjectPrefix }: AlertPlace) {
  const prefix = subjectPrefix === undefined ? '' : `${prefixOf(subjectPrefix, origin)} `;
  const place = { origin, prefix, runbook: `${runbookUrl}#${alert.type}` };
  const exact = withoutLongTexts(withCommands(alert, (command) => commandAt(command, origin)));
  const shown = inLines(exact);
  // A character takes up to six bytes in a body, and more where the body is JSON in JSON.
  let message = messageOf(exact, shown, place, BODY_CHARACTERS);
  for (let room = BODY_CHARACTERS / 2; isTooLong(message) && room > 500; room /= 2) {
    message = messageOf(exact, shown, place, room);
  }
  return {
    subject: subjectLine(shown, place),
    message,
    attributes: {
      type: alert.type,
      severity: alert.severity,
      workspace: attributeValue(alert.workspace, ORGANIZATION),
    },
  };
}

function isTooLong(message: string): boolean {
  return Buffer.byteLength(message) > SNS_BYTES - ATTRIBUTES_BYTES;
}

function messageOf(exact: Alert, shown: Alert, place: Shown, room: number): string {
  const machine = jsonText(machineBody(exact, place, room));
  return jsonText({
    default: machine,
    email: emailBody(shown, place, room),
    'email-json': machine,
    https: jsonText(chatBody(shown, place, room)),
    sqs: machine,
    lambda: machine,
    sms: smsBody(shown, place),
  });
}

/** SNS rejects a subject with line breaks, beyond ASCII, or of 100 characters and more. */
function subjectLine({ severity, title, type }: Alert, { prefix }: Shown): string {
  const mark = severity === 'info' ? '' : `${severity.toUpperCase()}: `;
  const printable = title.replaceAll(/[^\x21-\x7e]+/g, ' ').trim();
  return cut(`${prefix}${mark}${printable || type}`, SUBJECT_CHARACTERS);
}

/** Steps before details: they are what the reader needs first. */
function emailBody(alert: Alert, place: Shown, room: number): string {
  const { title, severity, description, facts, nextSteps, at } = alert;
  if (alert.sections) return digestBody(alert, alert.sections, place, room);
  const details = Object.entries(facts);
  const width = Math.max(...details.map(([name]) => name.length), 0);
  const sections = [
    `${severity.toUpperCase()}: ${title}\n${instantText(at)}\n${wrapped(originSentence(alert, place.origin), EMAIL_COLUMNS)}`,
    wrapped(description, EMAIL_COLUMNS),
    nextSteps.length > 0 && `What to do\n\n${nextSteps.map(numberedStep).join('\n\n')}`,
    details.length > 0 &&
      `Details\n\n${details.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}`,
    `Runbook: ${place.runbook}`,
  ];
  return cutLines(sections.filter(Boolean).join('\n\n'), room);
}

/** The subject has said what happened: the blocks come first. */
function digestBody(
  alert: Alert,
  sections: NonNullable<Alert['sections']>,
  place: Shown,
  room: number,
): string {
  const end = [
    ...fitting(alert.nextSteps, room / 2).map(({ say, command }) =>
      command ? `${say}: ${command}` : say,
    ),
    wrapped(originSentence(alert, place.origin), EMAIL_COLUMNS),
    `Runbook: ${place.runbook}`,
  ].join('\n');
  const style = { text: String, command: String };
  return `${sectionsText(sections, style, room - end.length)}\n\n${end}`;
}

/** The title, as many titles of blocks as there is room for, where it comes from, and where to read on. */
function smsBody({ severity, title, sections = [] }: Alert, { origin, runbook }: Shown): string {
  const end = `${shortOriginText(origin)}. ${runbook}`;
  const room = Math.max(SMS_CHARACTERS - end.length - 1, SMS_CHARACTERS / 3);
  let text = cut(`${severity.toUpperCase()}: ${title}.`, room);
  for (const block of sections.flatMap(({ blocks }) => blocks)) {
    if (text.length + block.title.length + 2 > room) break;
    text += ` ${block.title}.`;
  }
  return cut(`${text} ${end}`, SMS_CHARACTERS);
}

/** Its command is on a line of its own, however long, so that it can be pasted as it is. */
function numberedStep({ say, command }: NextStep, index: number): string {
  const number = `${index + 1}. `;
  const indent = ' '.repeat(number.length);
  const sentence = wrapped(command ? `${say}:` : `${say}.`, EMAIL_COLUMNS - number.length);
  const step = `${number}${sentence.replaceAll('\n', `\n${indent}`)}`;
  return command ? `${step}\n\n${indent}${command}` : step;
}

/** What services read. Its fields stay; a change that breaks a reader raises `version`. */
function machineBody(alert: Alert, { origin, runbook }: Shown, most: number) {
  const { facts, nextSteps, sections, change: _, changeId: __, ...rest } = alert;
  const keptFacts = fitting(Object.entries(facts), most / 2);
  const keptSteps = fitting(nextSteps, most / 2);
  const room = most - JSON.stringify([keptFacts, keptSteps]).length;
  const keptSections = machineSections(sections ?? [], room);
  const omittedBlocks = keptSections.reduce((sum, { omitted }) => sum + omitted, 0);
  return {
    version: 1,
    ...rest,
    origin,
    description: cut(alert.description, most / 2),
    facts: Object.fromEntries(keptFacts),
    ...(sections && { sections: keptSections }),
    nextSteps: keptSteps,
    omitted:
      Object.keys(facts).length -
      keptFacts.length +
      (nextSteps.length - keptSteps.length) +
      omittedBlocks,
    runbook,
  };
}

const CHAT_MARK = {
  info: ':information_source:',
  warning: ':warning:',
  critical: ':rotating_light:',
};

/** A custom notification for Amazon Q Developer, which drops anything of another form unseen. */
function chatBody(alert: Alert, { origin, runbook, prefix }: Shown, room: number) {
  const blocks = sectionsText(alert.sections ?? [], CHAT_STYLE, room / 4);
  const steps = alert.nextSteps.map(({ say, command }) =>
    command ? `${chatText(say)}: ${CHAT_STYLE.command(command)}` : chatText(say),
  );
  return {
    version: '1.0',
    source: 'custom',
    id: `${alert.threadId}-${alert.type}-${alert.at.getTime()}`,
    content: {
      textType: 'client-markdown',
      title: `${CHAT_MARK[alert.severity]} ${chatText(prefix + alert.title)}`,
      description: [
        cut(chatText(alert.description), room / 4),
        blocks,
        chatText(originSentence(alert, origin)),
      ]
        .filter(Boolean)
        .join('\n\n'),
      nextSteps: [...fitting(steps, room / 4), `[Runbook](${runbook})`],
      keywords: [alert.type, alert.severity, alert.workspace],
    },
    metadata: {
      threadId: alert.threadId,
      summary: alert.title,
      eventType: alert.type,
      relatedResources: alert.facts.secret ? [alert.facts.secret] : [],
      additionalContext: Object.fromEntries(
        fitting(Object.entries({ ...alert.facts, severity: alert.severity }), room / 4),
      ),
      enableCustomActions: true,
    },
  };
}

const CHAT_STYLE = { text: chatText, command: (command: string) => `\`${command}\`` };

/** As many items from the front as fit into a number of characters. */
function fitting<Item>(items: readonly Item[], characters: number): readonly Item[] {
  let left = characters;
  const end = items.findIndex((item) => {
    left -= JSON.stringify(item).length;
    return left < 0;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** Cuts at a word. */
function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const kept = head(text, characters - 3);
  return `${head(kept, Math.max(kept.lastIndexOf(' '), characters / 2))}...`;
}

/** Cuts at a line, says how many are missing, and keeps the last, which is where to read on. */
function cutLines(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const lines = text.split('\n');
  const last = lines.at(-1) ?? '';
  const kept = text
    .slice(0, characters - last.length - 100)
    .split('\n')
    .slice(0, -1);
  return [...kept, '', `(${lines.length - kept.length - 1} more lines left out)`, '', last].join(
    '\n',
  );
}
