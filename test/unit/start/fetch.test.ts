import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchElectron } from '../../../electron/start/fetch.ts';
import { choose, wantsHost } from '../../../electron/start/choice.ts';
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

/** A clock that stands still: what waits for it is in here, and comes when a test says so. */
let waiting: { ms: number; run: () => void }[];
beforeEach(() => {
  waiting = [];
});
const later = (run: () => void, ms: number): Disposable => {
  const timer = { ms, run };
  waiting.push(timer);
  return { [Symbol.dispose]: () => void (waiting = waiting.filter((each) => each !== timer)) };
};
const fetching = (program: string, change: { insist?: boolean } = {}): Promise<string | null> => {
  writeFileSync(join(folder, 'program.mjs'), program);
  return fetchElectron({
    say: (text) => void (said += text),
    program: join(folder, 'program.mjs'),
    failedFile: failedFile(),
    later,
    ...change,
  });
};

it('a download that answers nothing in three seconds is given up, ended, and not tried again for an hour', async () => {
  const pidFile = join(folder, 'pid');
  const silent = `import { writeFileSync } from 'node:fs'; process.send('asking'); writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => undefined, 1_000);`;
  const answer = fetching(silent);
  await until('it runs', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
  await until('it asks', () => waiting.some(({ ms }) => ms === 3_000));
  expect(waiting).toHaveLength(1);
  waiting[0]?.run();
  expect(await answer).toBe('no answer in 3 s');
  expect(existsSync(failedFile())).toBe(true);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  await until('its process is gone', () => !isAlive(pid));
  expect(await fetching('process.exit(0)')).toBe('it could not be fetched within the last hour');
  expect(await fetching('process.exit(0)', { insist: true })).toBeNull();
  expect(existsSync(failedFile())).toBe(false);
});

it('its progress is seen, and only its beginning must be quick', async () => {
  const goOn = join(folder, 'go-on');
  const slow = `import { existsSync } from 'node:fs'; process.send(0); const timer = setInterval(() => { if (!existsSync(${JSON.stringify(goOn)})) return; clearInterval(timer); process.send(0.5); process.send(1); process.disconnect(); }, 5);`;
  const answer = fetching(slow);
  await until('its first byte', () => said.includes('  0 %'));
  expect(waiting.map(({ ms }) => ms)).toEqual([20_000]);
  writeFileSync(goOn, '');
  expect(await answer).toBeNull();
  expect(waiting).toEqual([]);
  expect(said).toContain('Fetching Electron');
  expect(said).toMatch(/ {2}0 %\r 50 %\r100 %\n$/);
});

it('one that stands still in the middle is given up too', async () => {
  const answer = fetching('process.send(0.3); setInterval(() => undefined, 1_000);');
  await until('its first byte', () => said.includes(' 30 %'));
  waiting[0]?.run();
  expect(await answer).toBe('the download stood still');
});

it('unpacking has ten minutes, and is said', async () => {
  const answer = fetching("process.send(1); process.send('unpacking'); setInterval(() => undefined, 1_000);");
  await until('it unpacks', () => said.includes('Unpacking…'));
  expect(waiting.map(({ ms }) => ms)).toEqual([600_000]);
  waiting[0]?.run();
  expect(await answer).toBe('it could not be unpacked in ten minutes');
});

it('the three seconds begin when it asks: before, its process may take its time to start', async () => {
  const goOn = join(folder, 'go-on');
  const slow = `import { existsSync } from 'node:fs'; const timer = setInterval(() => { if (!existsSync(${JSON.stringify(goOn)})) return; clearInterval(timer); process.send('asking'); process.send('unpacking'); process.disconnect(); }, 5);`;
  const answer = fetching(slow);
  expect(waiting.map(({ ms }) => ms)).toEqual([20_000]);
  writeFileSync(goOn, '');
  expect(await answer).toBeNull();
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
