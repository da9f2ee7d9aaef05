/** The host's pure parts: arguments, places, commands, the choice of npm start, and when it ends by itself. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataDirectory } from '../../../electron/data-dir.ts';
import { browserPlaces, profileDirectory, whyNoWindow, windowArguments } from '../../../electron/host/app-window.ts';
import { readArguments } from '../../../electron/host/arguments.ts';
import { Auth, sameSecret } from '../../../electron/host/auth.ts';
import { socketPathFor } from '../../../electron/host/endpoint.ts';
import { BadAuthLimit } from '../../../electron/host/guards.ts';
import { IdleExit } from '../../../electron/host/idle-exit.ts';
import { fileSecrets } from '../../../electron/host/secrets.ts';
import { openUrlCommand, revealCommand } from '../../../electron/host/shell.ts';
import { choose } from '../../../electron/start-choice.ts';
import { until } from '../../support/until.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-unit-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('data directory', () => {
  it.each([
    ['linux', {}, '/home/a/.local/share/switchyard'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/switchyard'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/a/.local/share/switchyard'],
    ['linux', { SWITCHYARD_DATA: '/elsewhere' }, '/elsewhere'],
    ['darwin', {}, '/home/a/Library/Application Support/switchyard'],
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(dataDirectory({ platform, env, home: '/home/a' })).toBe(expected);
  });

  it('is what --data says, above all else', () => {
    expect(dataDirectory({ given: '/x', env: { SWITCHYARD_DATA: '/y' } })).toBe('/x');
  });
});

describe('arguments', () => {
  it('default to the address only, on the port of last time', () => {
    expect(readArguments(['--data', '/x'], {})).toEqual({
      dataDir: '/x',
      port: null,
      demo: false,
      open: 'nothing',
      perf: false,
      help: false,
    });
  });

  it('keep the demo apart', () => {
    expect(readArguments(['--data', '/x', '--demo', '--window', '--port', '0'], {})).toMatchObject({
      dataDir: '/x/demo',
      demo: true,
      open: 'window',
      port: 0,
    });
  });

  it.each([
    [['--lan']],
    [['--host', '0.0.0.0']],
    [['--host', '192.168.0.2']],
    [['--port', 'x']],
    [['--port', '70000']],
    [['--nonsense']],
    [['word']],
  ])('refuse %j with a sentence', (words) => {
    expect(readArguments(words, {})).toBeTypeOf('string');
  });
});

describe('choice of npm start', () => {
  it.each([
    [[], undefined, true, { show: 'host', words: ['--window'] }],
    [[], '/electron', false, { show: 'host', words: ['--window'] }],
    [['--demo'], '/electron', true, { show: 'electron', words: ['--demo'] }],
    [['--electron'], '/electron', true, { show: 'electron', words: [] }],
    [['--browser'], '/electron', true, { show: 'host', words: ['--browser'] }],
    [['--no-open', '--port', '0'], '/electron', true, { show: 'host', words: ['--no-open', '--port', '0'] }],
  ] as const)('%j, runtime %s, shell %s', (words, electron, shell, expected) => {
    expect(choose(words, electron, shell)).toEqual(expected);
  });

  it.each([
    [['--electron'], undefined, true],
    [['--electron'], '/electron', false],
    [['--electron', '--browser'], '/electron', true],
  ] as const)('can’t do %j (runtime %s, shell %s) and says why', (words, electron, shell) => {
    expect(choose(words, electron, shell)).toBeTypeOf('string');
  });
});

describe('app window', () => {
  it('looks where each system keeps its browsers, and first where it is told', () => {
    expect(browserPlaces('linux', { PATH: '/a:/b' }, '/home/a').slice(0, 2)).toEqual(['/a/chromium', '/b/chromium']);
    expect(browserPlaces('darwin', {}, '/Users/a')).toContain(
      '/Users/a/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    );
    expect(browserPlaces('win32', { PROGRAMFILES: 'C:\\P', LOCALAPPDATA: 'C:\\L' }, '')).toEqual(
      expect.arrayContaining([
        'C:\\L\\Google\\Chrome\\Application\\chrome.exe',
        'C:\\P\\Microsoft\\Edge\\Application\\msedge.exe',
      ]),
    );
    expect(browserPlaces('linux', { PATH: '/a', SWITCHYARD_CHROMIUM: '/mine' }, '')).toEqual(['/mine']);
  });

  it('never weakens the browser', () => {
    const words = windowArguments('http://127.0.0.1:1/launch?code=x', '/profile');
    expect(words).toEqual(
      expect.arrayContaining([
        '--app=http://127.0.0.1:1/launch?code=x',
        '--user-data-dir=/profile',
        '--no-first-run',
        '--disable-sync',
        '--disable-extensions',
      ]),
    );
    expect(words.join(' ')).not.toMatch(/no-sandbox|remote-debugging|disable-web-security/);
  });

  it('knows where there can be no window', () => {
    expect(whyNoWindow('linux', {}, 1000)).toContain('display');
    expect(whyNoWindow('linux', { DISPLAY: ':0' }, 0)).toContain('root');
    expect(whyNoWindow('linux', { WAYLAND_DISPLAY: 'wayland-0' }, 1000)).toBeNull();
    expect(whyNoWindow('darwin', { SSH_CONNECTION: 'x' }, 501)).toContain('remote');
    expect(whyNoWindow('win32', {}, undefined)).toBeNull();
  });

  it('gives a snap a profile where a snap may write', () => {
    const script = join(directory, 'chromium-browser');
    writeFileSync(script, '#!/bin/sh\nexec /snap/bin/chromium "$@"\n');
    expect(profileDirectory(script, '/data', '/home/a')).toBe('/home/a/snap/chromium/common/switchyard');
    writeFileSync(script, '#!/bin/sh\nexec /opt/chromium "$@"\n');
    expect(profileDirectory(script, '/data', '/home/a')).toBe('/data/chromium');
  });
});

describe('shell', () => {
  it('passes a file as one argument, whatever it is called', () => {
    const file = '/out/a; rm -rf "$HOME" `x`/b.png';
    expect(revealCommand(file, 'linux')).toMatchObject({ file: 'xdg-open', args: ['/out/a; rm -rf "$HOME" `x`'] });
    expect(revealCommand(file, 'darwin')).toMatchObject({ file: 'open', args: ['-R', file] });
    expect(revealCommand('C:\\a b\\c.png', 'win32')).toMatchObject({
      file: 'explorer.exe',
      args: ['/select,"C:\\a b\\c.png"'],
    });
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(revealCommand(file, platform).options?.shell).toBeUndefined();
      expect(openUrlCommand('http://127.0.0.1:1/', platform).args.at(-1)).toBe('http://127.0.0.1:1/');
    }
  });
});

describe('secrets in a file', () => {
  it('are kept over a restart, readable by the user only, and gone when deleted', async () => {
    const file = join(directory, 'host', 'secrets.json');
    const store = fileSecrets(file);
    await store.set('one', { type: 'token', token: 't1' });
    await store.set('two', { type: 'login', user: 'u', password: 'p' });
    await store.delete('one');
    await store.delete('never');
    expect(statSync(file).mode & 0o077).toBe(0);
    const again = fileSecrets(file);
    expect(await again.get('one')).toBeNull();
    expect(await again.get('two')).toEqual({ type: 'login', user: 'u', password: 'p' });
  });

  it('that can’t be read are an error that does not repeat them, and are not overwritten', async () => {
    const file = join(directory, 'secrets.json');
    writeFileSync(file, '{"one": {"type": "token", "token": hunter2');
    const store = fileSecrets(file);
    const error = await store.get('one').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'storage' });
    expect(JSON.stringify([error, (error as Error).message, String((error as Error).cause)])).not.toContain('hunter2');
    await expect(store.set('two', { type: 'token', token: 'x' })).rejects.toMatchObject({ code: 'storage' });
    expect(readFileSync(file, 'utf8')).toContain('hunter2');
  });
});

describe('auth', () => {
  it('forgets a launch code after a minute and a session after 30 days', () => {
    let now = 1_000_000;
    const auth = new Auth(directory, () => now);
    const old = auth.newLaunchCode();
    const fresh = auth.newLaunchCode();
    now += 60_001;
    expect(auth.redeem(old)).toBeNull();
    expect(auth.redeem(fresh)).toBeNull();
    const cookie = auth.redeem(auth.newLaunchCode())?.split(';', 1)[0] ?? '';
    expect(auth.sessionOf(cookie)).not.toBeNull();
    expect(auth.sessionOf(`other=1; ${cookie}; more=2`)).not.toBeNull();
    now += 30 * 24 * 3_600_000 + 1;
    expect(auth.sessionOf(cookie)).toBeNull();
  });

  it('keeps no cookie and no code on disk, and ends everything when revoked', () => {
    const auth = new Auth(directory);
    const code = auth.newLaunchCode();
    const cookie = auth.redeem(code)?.split(';', 1)[0] ?? '';
    const text = readFileSync(join(directory, 'sessions.json'), 'utf8');
    expect(text).not.toContain(code);
    expect(text).not.toContain(cookie.split('=', 2)[1]);
    const token = readFileSync(auth.tokenFile, 'utf8').trim();
    const told: (string | null)[] = [];
    auth.onRevoked((id) => told.push(id));
    auth.revoke(null);
    expect(told).toEqual([null]);
    expect(auth.sessionOf(cookie)).toBeNull();
    expect(auth.isToken(token)).toBe(false);
    expect(new Auth(directory).isToken(readFileSync(auth.tokenFile, 'utf8').trim())).toBe(true);
  });

  it('starts anew from a file that can’t be read', () => {
    writeFileSync(join(directory, 'sessions.json'), '{"instance": 1');
    expect(new Auth(directory).cookieName).toMatch(/^switchyard_[0-9a-f]{12}$/);
  });

  it('compares texts of any length', () => {
    expect(sameSecret('a', 'a')).toBe(true);
    expect(sameSecret('a', 'ab')).toBe(false);
    expect(sameSecret('', 'a')).toBe(false);
  });

  it('counts failures per address and minute', () => {
    let now = 0;
    const limit = new BadAuthLimit(() => now);
    const tries = Array.from({ length: 12 }, () => limit.failed('a'));
    expect(tries).toEqual([...Array.from({ length: 10 }, () => false), true, true]);
    expect(limit.failed('b')).toBe(false);
    now = 61_000;
    expect(limit.failed('a')).toBe(false);
  });
});

describe('private socket', () => {
  const long = `/home/${'a'.repeat(100)}`;

  it('is in the data directory where the path is short enough', () => {
    expect(socketPathFor('/data', { platform: 'linux' })).toBe('/data/host/socket');
    expect(socketPathFor('C:\\data', { platform: 'win32' })).toMatch(/^\\\\\.\\pipe\\switchyard-[0-9a-f]{16}$/);
  });

  it.skipIf(process.platform === 'win32')('moves to the runtime directory, if that is the user’s alone', () => {
    const runtime = join(directory, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    const options = { platform: 'linux', env: { XDG_RUNTIME_DIR: runtime }, temporary: directory } as const;
    const path = socketPathFor(long, options);
    expect(path.startsWith(`${runtime}/switchyard-`)).toBe(true);
    expect(socketPathFor(`${long}b`, options)).not.toBe(path);
    chmodSync(runtime, 0o755);
    const own = socketPathFor(long, options);
    expect(own.startsWith(`${directory}/switchyard-`)).toBe(true);
    expect(statSync(join(own, '..')).mode & 0o777).toBe(0o700);
  });

  it.skipIf(process.platform === 'win32')('never goes into a folder that others prepared', () => {
    const uid = String(process.getuid?.());
    symlinkSync(tmpdir(), join(directory, `switchyard-${uid}`));
    expect(() => socketPathFor(long, { platform: 'linux', env: {}, temporary: directory })).toThrow(
      /belongs to someone else/,
    );
    rmSync(join(directory, `switchyard-${uid}`));
    mkdirSync(join(directory, `switchyard-${uid}`), { mode: 0o777 });
    chmodSync(join(directory, `switchyard-${uid}`), 0o777);
    expect(() => socketPathFor(long, { platform: 'linux', env: {}, temporary: directory })).toThrow(/open to others/);
    expect(existsSync(join(directory, `switchyard-${uid}`, 'x'))).toBe(false);
  });
});

describe('ending by itself', () => {
  const setUp = (): { state: { windows: number; busy: boolean; said: string[]; ended: number }; idle: IdleExit } => {
    const state = { windows: 1, busy: false, said: [] as string[], ended: 0 };
    const idle = new IdleExit({
      windows: () => state.windows,
      busy: () => state.busy,
      say: (what) => state.said.push(what),
      end: () => (state.ended += 1),
      graceMs: 30,
      lookEveryMs: 5,
    });
    idle.windowsChanged();
    return { state, idle };
  };

  it('happens when the last window stays closed and nothing is left to do', async () => {
    const { state, idle } = setUp();
    state.windows = 0;
    idle.windowsChanged();
    await until('it ends', () => state.ended === 1);
    expect(state.said).toEqual(['last-window', 'idle']);
  });

  it('waits for work, and says so once', async () => {
    const { state, idle } = setUp();
    state.busy = true;
    state.windows = 0;
    idle.windowsChanged();
    await until('it says so', () => state.said.includes('waiting-for-work'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(state.ended).toBe(0);
    state.busy = false;
    await until('it ends', () => state.ended === 1);
    expect(state.said).toEqual(['last-window', 'waiting-for-work', 'idle']);
  });

  it('does not happen when a window comes back in time', async () => {
    const { state, idle } = setUp();
    state.windows = 0;
    idle.windowsChanged();
    state.windows = 1;
    idle.windowsChanged();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(state.ended).toBe(0);
    idle.close();
  });
});
