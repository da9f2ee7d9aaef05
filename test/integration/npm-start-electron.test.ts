/**
 * `npm start` beside an Electron that opens, does not, or can't. Real processes and signals; the programs are the stand-in of
 * Electron (test/fakes/electron/run.ts) and scripts that fail as the real one was seen to: Chromium's own words on stderr and
 * its signal, the loader's words and 127, a process that goes on without a window.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../electron/build.ts';
import { CANT_START } from '../../electron/desktop-arguments.ts';
import { runElectron } from '../../electron/start/run.ts';
import type { Ran } from '../../electron/start/run.ts';
import { failedLately, remember } from '../../electron/start/failed-lately.ts';
import { readEndpoint } from '../../electron/host/endpoint-file.ts';
import type { StandIn } from '../fakes/electron/run.ts';
import { root } from '../suites.ts';
import { BUILT_MAIN, STAND_IN } from '../support/stand-in-run.ts';
import { until } from '../support/until.ts';

let folder: string;
let said: string;
let opened: boolean;

beforeAll(async () => {
  await ensureBuilt(['renderer', 'desktop', 'host']);
}, 120_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-npm-start-'));
  chmodSync(folder, 0o777);
  said = '';
  opened = false;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const data = (): string => join(folder, 'data');

/** A program called `electron` that is this script, and notes its process id. */
function electron(script: string): string {
  const file = join(folder, 'electron');
  writeFileSync(file, `#!/bin/sh\necho $$ > '${join(folder, 'pid')}'\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
const standIn = (how: StandIn): string =>
  electron(`STAND_IN='${JSON.stringify(how)}' exec '${process.execPath}' '${STAND_IN}' '${BUILT_MAIN}' "$@"`);
const REFUSED =
  "echo 'FATAL:setuid_sandbox_host.cc(163)] The SUID sandbox helper binary was found, but is not configured correctly.' >&2; kill -TRAP $$";

const run = (executable: string, opensWithinMs?: number): Promise<Ran> =>
  runElectron({
    executable,
    words: ['--data', data()],
    dataDir: data(),
    say: (text) => void (said += text),
    opened: () => void (opened = true),
    ...(opensWithinMs === undefined ? {} : { opensWithinMs }),
  });
const pidOf = (): number => Number(readFileSync(join(folder, 'pid'), 'utf8'));
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (_) {
    return false;
  }
};

describe.skipIf(process.platform === 'win32')('Electron', () => {
  it('that opens is waited for, and its exit code is the start’s', async () => {
    const ran = run(standIn({}));
    await until('it is open', () => opened);
    process.kill(readEndpoint(data())?.pid ?? 0, 'SIGTERM');
    expect(await ran).toEqual({ ended: 0 });
  });

  it('that hangs is ended, and said', async () => {
    const ran = await run(standIn({ hangs: 'before-entry' }), 1_500);
    expect(ran).toEqual({ failed: expect.stringContaining('neither its window nor its private socket came') });
    expect(opened).toBe(false);
    expect(isAlive(pidOf())).toBe(false);
  });

  it('that hangs and was to be ended, by Ctrl+C, opens nothing else', async () => {
    const ran = run(standIn({ hangs: 'before-entry' }), 60_000);
    await until('it runs', () => existsSync(join(folder, 'pid')));
    process.emit('SIGINT', 'SIGINT');
    expect(await ran).toHaveProperty('ended');
    expect(isAlive(pidOf())).toBe(false);
  });

  it('that hangs and hears no SIGTERM is ended all the same', async () => {
    const ran = await run(electron("trap '' TERM; while :; do sleep 0.1; done"), 200);
    expect(ran).toHaveProperty('failed');
    expect(isAlive(pidOf())).toBe(false);
  });

  it('whose sandbox is refused is said in our words, not in the frightening ones', async () => {
    const ran = await run(electron(REFUSED));
    expect(ran).toEqual({ failed: expect.stringContaining(`sudo chmod 4755 '${join(folder, 'chrome-sandbox')}'`) });
    expect(said).toBe('');
  });

  it('that ends for a reason of its own is quoted', async () => {
    const ran = await run(electron("echo 'something of its own' >&2; exit 1"));
    expect(ran).toEqual({ failed: expect.stringContaining('it ended with 1') });
    expect(said).toBe('something of its own\n');
  });

  it('in which Switchyard can’t start, or that is a second one, needs no other window', async () => {
    expect(await run(electron(`echo 'Switchyard can’t start' >&2; exit ${String(CANT_START)}`))).toEqual({
      ended: CANT_START,
    });
    expect(said).toBe('Switchyard can’t start\n');
    expect(await run(standIn({ locked: true }))).toEqual({ ended: 0 });
  });

  it('that leaves a program behind, which holds its stderr, has ended all the same', async () => {
    const ran = await run(electron(`sleep 600 & echo $! > '${join(folder, 'left')}'; echo 'last words' >&2; exit 1`));
    process.kill(Number(readFileSync(join(folder, 'left'), 'utf8')), 'SIGKILL');
    expect(ran).toEqual({ failed: expect.stringContaining('it ended with 1') });
    expect(said).toBe('last words\n');
  });

  it('that is not there is said', async () => {
    expect(await run(join(folder, 'nowhere'))).toEqual({ failed: expect.stringContaining('ENOENT') });
  });

  it('a SIGTERM to the start ends it too', async () => {
    const ran = run(standIn({}));
    await until('it is open', () => opened);
    process.emit('SIGTERM', 'SIGTERM');
    expect(await ran).toEqual({ ended: 0 });
    expect(isAlive(pidOf())).toBe(false);
  });
});

/** A window opens for no root: then as somebody else, who must be able to read the checkout. */
const somebody = process.getuid?.() === 0 ? 65_534 : undefined;
function isOpenToAll(path: string): boolean {
  if ((statSync(path).mode & 0o005) !== 0o005) return false;
  return dirname(path) === path || isOpenToAll(dirname(path));
}
const noWindowHere =
  process.platform !== 'linux' ||
  (somebody !== undefined && ![root, tmpdir()].every((path) => isOpenToAll(realpathSync(path))));

describe.skipIf(noWindowHere)('npm start', () => {
  const start = (words: readonly string[]) => {
    const browser = join(folder, 'browser');
    writeFileSync(browser, `#!/bin/sh\necho "$@" > '${join(folder, 'opened')}'\nexec sleep 600\n`);
    chmodSync(browser, 0o755);
    mkdirSync(join(folder, 'home'), { recursive: true, mode: 0o777 });
    const child = spawn(
      process.execPath,
      [
        '--import',
        join(root, 'electron/node-first.js'),
        join(root, 'electron/start/main.ts'),
        '--data',
        data(),
        ...words,
      ],
      {
        cwd: root,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: join(folder, 'home'),
          DISPLAY: ':0',
          SWITCHYARD_CHROMIUM: browser,
          ELECTRON_OVERRIDE_DIST_PATH: folder,
          SWITCHYARD_START_CACHE: folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, as in a terminal.
        detached: true,
        ...(somebody === undefined ? {} : { uid: somebody, gid: somebody }),
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, ended, output: () => output };
  };

  const remembered = (): string => join(folder, 'electron-start-failed');
  const isOpen = (child: ChildProcess): boolean => existsSync(join(folder, 'opened')) || child.exitCode !== null;

  it('beside an Electron that can’t run opens a browser’s window, says what to do, and remembers it', async () => {
    electron(REFUSED);
    const { child, ended, output } = start(['--ozone-platform=x11']);
    await until('a window was opened', () => isOpen(child));
    expect(output()).toMatch(
      /Switchyard opens in Electron\.\nElectron did not open: .*sudo chmod 4755.*\nSwitchyard opens in a window of an installed browser instead\./,
    );
    expect(readFileSync(join(folder, 'opened'), 'utf8')).toContain('--app=http://127.0.0.1:');
    expect(failedLately(remembered())).toContain('its sandbox');
    child.kill('SIGTERM');
    expect(await ended, output()).toBe(0);
  });

  it('does not try one again that did not open within the last hour, and says again what to do', async () => {
    electron('exit 1');
    remember(remembered(), 'Electron did not open: because.');
    const { child, ended, output } = start([]);
    await until('a window was opened', () => isOpen(child));
    expect(output()).toContain(
      'Electron did not open: because.\nSwitchyard opens in a window of an installed browser.',
    );
    expect(existsSync(join(folder, 'pid'))).toBe(false);
    child.kill('SIGTERM');
    expect(await ended, output()).toBe(0);
  });

  it('forgets it when Electron opens, shows one that is open without a second Electron, and ends with one Ctrl+C', async () => {
    remember(remembered(), 'Electron did not open: because.');
    chmodSync(remembered(), 0o666);
    standIn({});
    const first = start(['--electron']);
    await until('it is open', () => readEndpoint(data()) !== null || first.child.exitCode !== null);
    await until('it is forgotten', () => failedLately(remembered()) === null);
    const pid = pidOf();
    const second = start([]);
    expect(await second.ended, second.output()).toBe(0);
    expect(second.output()).toContain(`Switchyard is already running on this data (process ${String(pid)}).`);
    expect(pidOf()).toBe(pid);
    // One Ctrl+C: the terminal sends it to the whole group, and the start tells it on.
    process.kill(-(first.child.pid ?? 0), 'SIGINT');
    expect(await first.ended, first.output()).toBe(0);
    expect(readEndpoint(data())).toBeNull();
  });
});
