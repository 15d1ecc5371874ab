import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installTools } from '../../e2e/install.js';

test('a machine that lacks a command is told what is needed, and nothing is begun', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'install-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const cache = join(folder, 'cache', 'e2e');
  await expect(installTools(cache, { PATH: folder })).rejects.toThrow(
    'e2e needs python3 (3.10 or newer, with pip) and bash',
  );
  expect(existsSync(join(folder, 'cache'))).toBe(false);
});
