import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { createPrinter } from '../../cli/printer.js';
import { headingText, notesText, PLAIN, verdictLine } from '../../cli/terminal/style.js';
import { left, renderFields, renderTable } from '../../cli/terminal/table.js';
import { comparisonText, idsText } from '../../cli/workspaces/sync-text.js';
import type { Alert } from '../../governance/alerts/alert.js';
import { commandAt } from '../../governance/alerts/alert-origin.js';
import { renderAlert } from '../../governance/alerts/render-alert.js';
import { evidenceFiles, evidenceFolder } from '../../governance/audit/report/evidence-files.js';
import { jsonText, terminalText, yamlText } from '../../governance/platform/quoting.js';
import { quoted } from '../../governance/platform/wording.js';
import { HERE } from '../support/alert-place.js';
import { NO_CHANGES } from '../support/audit-builders.js';
import { aReport, inventoryOf } from '../support/evidence.js';
import { alertsWith, findingsWith, hostileName, keysWith } from '../support/hostile-names.js';

const ROOT = join(import.meta.dirname, '../..');
const NAMES = { numRuns: 60, seed: 14 };

/** Controls, bidirectional and other invisible marks; a medium may have line breaks of its own. */
const UNSEEN =
  /(?!\n)[\p{C}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;
/** Mail programs and chats make links of these. */
const LINK =
  /[a-z]:\/\/(?!console\.mistral\.ai[/\s,;)]|example\.com\/runbook\.md#|evidence\/)|\bwww\./i;

const names = fc.sample(hostileName, NAMES);

function forAllNames(check: (name: string) => void): void {
  fc.assert(fc.property(hostileName, check), NAMES);
}

test('every function that makes an alert is attacked here', () => {
  const files = ['governance', 'gateway'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
  );
  const functions = files.flatMap((text) => text.split(/^(?=(?:export )?function )/m));
  const made = functions.flatMap((text) => {
    const [, name = '', type] = /^export function (\w+).*?\): (\w+) \{$/ms.exec(text) ?? [];
    return type === 'Alert' ? [name] : [];
  });
  const shared = ['inLines', 'withCommands', 'withoutLongTexts', 'retirementAlert'];
  expect(new Set([...made, 'auditAlerts'])).toEqual(
    new Set([...alertsWith('x').keys(), ...shared]),
  );
});

function rendered(alert: Alert) {
  const { subject, message, attributes } = renderAlert(alert, HERE);
  const bodies: Record<string, string> = JSON.parse(message);
  const { email = '', sms = '', https = '', default: machine = '' } = bodies;
  return { subject, message, attributes, email, sms, https, machine, chat: JSON.parse(https) };
}

describe('an alert with hostile names', () => {
  const alerts = names.flatMap((name) => [...alertsWith(name).values()].flat());
  const all = alerts.map((alert) => [rendered(alert), alert] as const);

  function forAllAlerts(check: (sent: ReturnType<typeof rendered>, alert: Alert) => void): void {
    for (const [sent, alert] of all) check(sent, alert);
  }

  test('is e-mail and text message without links, marks or lines of theirs', () => {
    forAllAlerts(({ subject, email, sms }) => {
      expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
      expect(email).not.toMatch(UNSEEN);
      expect(sms).not.toMatch(/\n/);
      expect(sms).not.toMatch(UNSEEN);
      for (const text of [subject, email, sms]) expect(withoutCommands(text)).not.toMatch(LINK);
    });
  });

  test('is a chat message without links, mentions, headings or emphasis of theirs', () => {
    forAllAlerts(({ chat }) => {
      const { title, description, nextSteps } = chat.content;
      const [runbook, ...steps] = [...nextSteps].reverse();
      expect(runbook).toMatch(/^\[Runbook\]\(https:\/\/example\.com\/runbook\.md#[a-z-]+\)$/);
      for (const text of [title.replace(/^:[a-z_]+: /, ''), description, ...steps]) {
        expect(text).not.toMatch(UNSEEN);
        const shown = withoutCode(text);
        expect(shown).not.toMatch(/[<>]|(^|[^\w.+-])@\w/);
        expect(shown.replaceAll(/\\[\\*_~`[\]#]/g, '')).not.toMatch(/[*_~`[\]]|^\s*(-\s*)?#/m);
        expect(shown).not.toMatch(LINK);
      }
    });
  });

  test('has every command in its messages as it is', () => {
    forAllAlerts(({ chat, email }, { nextSteps }) => {
      for (const { command } of nextSteps) {
        if (command === undefined) continue;
        const here = commandAt(command, HERE.origin);
        expect(
          email
            .split('\n')
            .map((line) => line.replace(/^\s+|^(Full report|List all keys|Accept what .*): /g, '')),
        ).toContain(here);
        expect(JSON.stringify(chat.content.nextSteps)).toContain(
          JSON.stringify(`\`${here}\``).slice(1, -1),
        );
      }
    });
  });

  test('has attributes that SNS takes, and bodies that show each character', () => {
    forAllAlerts(({ attributes, message, machine, https }) => {
      for (const value of Object.values(attributes)) {
        expect(value).toMatch(/\S/);
        expect(value.length).toBeLessThanOrEqual(256);
        expect(value).not.toMatch(UNSEEN);
      }
      for (const body of [message, machine, https]) expect(body).not.toMatch(UNSEEN);
      expect(Buffer.byteLength(message)).toBeLessThan(256 * 1024 - 1024);
    });
  });

  test('gives programs the exact values', () => {
    forAllNames((name) => {
      const [alert] = alertsWith(name).get('rotationFailed') ?? [];
      const { machine } = rendered(alert as Alert);
      expect(JSON.parse(machine).facts.secret).toBe(name.length > 2000 ? undefined : name);
    });
  });
});

/** Commands are tested where they are pasted: test/attacks/pasted-commands.test.ts */
function withoutCommands(text: string): string {
  return text.replaceAll(/^ *(aws|npx) .*$/gm, '');
}

function withoutCode(text: string): string {
  return text.replaceAll(/(?<!\\)`[^`]*`/g, '');
}

describe('evidence with hostile names', () => {
  function filesWith(name: string) {
    const opened = findingsWith(name).map((finding) => {
      return { finding, openedOn: '2026-06-30', lastNotifiedOn: '2026-06-30' };
    });
    const report = aReport({
      inventory: inventoryOf(keysWith(name)),
      changes: { ...NO_CHANGES, opened },
      problems: [name],
    });
    return [...evidenceFiles(report, evidenceFolder(report, '0a1b2c3d'))];
  }

  test('has paths of days and runs alone', () => {
    forAllNames((name) => {
      for (const { path } of filesWith(name)) {
        expect(path).toMatch(
          /^evidence\/2026\/06\/2026-06-30\/\d{6}-0a1b2c3d\/(inventory|findings|report)\.(json|csv|html)$/,
        );
      }
    });
  });

  test('has no formula in a cell, and each row and column', () => {
    forAllNames((name) => {
      for (const { path, body } of filesWith(name)) {
        if (!path.endsWith('.csv')) continue;
        expect(body).not.toMatch(UNSEEN_IN_CSV);
        const [head = [], ...rows]: string[][] = parseCsv(body);
        for (const row of rows) {
          expect(row).toHaveLength(head.length);
          for (const cell of row) expect(cell).not.toMatch(/^\s*[=+\-@|%＝＋－＠]|^[\t\r\n]/);
        }
      }
    });
  });

  test('is a page with the elements that a plain name gives, and documents that show each character', () => {
    forAllNames((name) => {
      for (const { path, body } of filesWith(name)) {
        if (path.endsWith('.csv')) continue;
        expect(body).not.toMatch(UNSEEN);
        if (path.endsWith('.json')) expect(JSON.parse(body).problems).toEqual([name]);
        else expect(elementsOf(body)).toEqual(ELEMENTS);
      }
    });
  });

  const UNSEEN_IN_CSV = new RegExp(`(?![\\t\\r\\n])${UNSEEN.source}`, 'u');
  const elementsOf = (page: string) =>
    new Set([...page.matchAll(/<([^\s>]*)/g)].map(([, name]) => name));
  const ELEMENTS = elementsOf(filesWith('plain')[3]?.body ?? '');
});

describe('a command that prints hostile names', () => {
  function printed(text: string, json?: object): string {
    const stdout = new PassThrough();
    const printer = createPrinter({ stdout, stderr: new PassThrough() }, terminalText);
    const answer = { document: { ...json }, text: () => text, exitCode: 0 } as const;
    printer.answer(answer, json !== undefined);
    return String(stdout.read() ?? '');
  }

  test('prints as many lines of text as for a plain name, which a terminal does not obey', () => {
    const textOf = (name: string) =>
      [
        renderTable([name], PLAIN, [left('x', (one) => one), left('y', (text) => ({ text }))]),
        renderFields([['name', name]], PLAIN),
        verdictLine(false, name, PLAIN),
        notesText([name], PLAIN),
        headingText('heading', PLAIN),
        comparisonText(
          {
            workspaces: [{ kind: 'other-id', name: 'dev', id: name, oldId: name }],
            unmanaged: [{ id: name, name }],
            limits: [{ subject: name, reason: name, policy: name, mistral: name }],
            created: [],
          },
          'USD',
          PLAIN,
        ),
        idsText(new Map([[name, name]]), undefined),
      ].join('');
    const lines = (text: string) => text.split('\n').length;
    forAllNames((name) => {
      const text = printed(textOf(name));
      expect(text).not.toMatch(UNSEEN);
      expect(lines(text)).toBe(lines(textOf('plain')));
    });
  });

  test('keeps its own colors, and none that hides or moves', () => {
    expect(printed('\u001b[31mred\u001b[39m \u001b[1m\u001b[8mhidden\u001b[2J\u001b[22m\n')).toBe(
      '\u001b[31mred\u001b[39m \u001b[1mhidden\u001b[22m\n',
    );
  });

  test('prints a document of the exact values that shows each character', () => {
    forAllNames((name) => {
      const text = printed('', { [`of ${name}`]: [name] });
      expect(text).not.toMatch(UNSEEN);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify({ [`of ${name}`]: [name] })));
    });
  });
});

test('a value to paste into the policy is that value', () => {
  forAllNames((name) => {
    expect(parseYaml(`id: ${yamlText(name)}\nother: 1\n`)).toEqual({ id: name, other: 1 });
  });
});

test('a value in an error shows its ends and each character', () => {
  forAllNames((name) => {
    expect(quoted(name)).toMatch(/^"/);
    expect(quoted(name)).not.toMatch(/\n/);
    expect(quoted(name)).not.toMatch(UNSEEN);
    expect(JSON.parse(jsonText(name))).toBe(JSON.parse(JSON.stringify(name)));
  });
});
