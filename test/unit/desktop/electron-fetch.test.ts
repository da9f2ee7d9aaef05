import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchElectron } from '../../../electron/electron-fetch.ts';
import { choose, wantsHost } from '../../../electron/start-choice.ts';
import { until } from '../../support/until.ts';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (_) {
    return false;
  }
}

let folder: string;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-fetch-'));
  said = '';
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const failedFile = (): string => join(folder, 'cache', 'failed');
const fetching = (program: string, change: { firstByteMs?: number; insist?: boolean } = {}): Promise<string | null> => {
  writeFileSync(join(folder, 'program.mjs'), program);
  return fetchElectron({
    say: (text) => void (said += text),
    program: join(folder, 'program.mjs'),
    failedFile: failedFile(),
    ...change,
  });
};

it('a download that answers nothing is given up, ended, and not tried again for an hour', async () => {
  const silent = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid)); setInterval(() => undefined, 1_000);`;
  expect(await fetching(silent, { firstByteMs: 1_000 })).toBe('no answer in 1 s');
  expect(existsSync(failedFile())).toBe(true);
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await until('its process is gone', () => !isAlive(pid));
  expect(await fetching('process.exit(0)')).toBe('it could not be fetched within the last hour');
  expect(await fetching('process.exit(0)', { insist: true })).toBeNull();
  expect(existsSync(failedFile())).toBe(false);
});

it('its progress is seen, and only its beginning must be quick', async () => {
  const slow =
    'process.send(0); setTimeout(() => process.send(0.5), 500); setTimeout(() => { process.send(1); process.disconnect(); }, 700);';
  expect(await fetching(slow, { firstByteMs: 450 })).toBeNull();
  expect(said).toContain('Fetching Electron');
  expect(said).toMatch(/ {2}0 %\r 50 %\r100 %\n$/);
});

it('its failure is told in its own words, and forgotten after an hour', async () => {
  expect(await fetching("console.error('TypeError: fetch failed'); process.exit(1)")).toBe('fetch failed');
  const before = (Date.now() - 61 * 60_000) / 1_000;
  utimesSync(failedFile(), before, before);
  expect(await fetching('process.exit(0)')).toBeNull();
});

it.each([
  [['--browser'], true],
  [['--port=1'], true],
  [['--help'], true],
  [['--demo'], false],
  [['--electron'], false],
  [[], false],
] as const)('%j is for the host: %s', (words, host) => {
  expect(wantsHost(words)).toBe(host);
  if (host) expect(choose(words, '/electron', true)).toMatchObject({ show: 'host' });
});
