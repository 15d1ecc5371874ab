import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openShell, type Shell } from '../../e2e/shell.js';

function aShell(): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'shell-'));
  const shell = openShell({ env: { PATH: '/usr/bin:/bin' } }, folder);
  onTestFinished(async () => {
    await shell.close();
    rmSync(folder, { recursive: true });
  });
  return shell;
}

test('variables of one paste are set in the next one', async () => {
  const shell = aShell();
  await shell.paste('NAME=checkout\ngreet() { echo "hello $1"; }');
  expect(await shell.paste('greet "$NAME"')).toBe('hello checkout');
});

test('typed text reaches the prompt, and no file', async () => {
  const shell = aShell();
  const asked = await shell.paste('read -rs KEY && printf \'%s\' "$KEY" | wc -c', 'a secret key');
  expect(asked.trim()).toBe('12');
  const files = readdirSync(shell.folder).map((name) => join(shell.folder, name));
  expect(files.filter((file) => readFileSync(file, 'utf8').includes('a secret key'))).toEqual([]);
});

test('fails if any command of a paste fails, and says how', async () => {
  const shell = aShell();
  await expect(shell.paste('ls /no/such/folder\necho on')).rejects.toThrow('/no/such/folder');
  expect(await shell.paste('echo still there')).toBe('still there');
});
