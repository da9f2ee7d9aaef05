/** Start at login, as each system allows it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  autostartEntry,
  setStartAtLogin,
  startedAtLogin,
  startsAtLogin,
} from '../../../../electron/desktop/life/login-item.ts';
import type { LoginItemOptions } from '../../../../electron/desktop/life/login-item.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-desktop-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('start at login', () => {
  /** Read against docs/api/app.md: both calls answer at once, from the system's own list. */
  const options = (platform: NodeJS.Platform, app: Partial<LoginItemOptions['app']> = {}): LoginItemOptions => {
    let openAtLogin = false;
    return {
      platform,
      env: {},
      home: folder,
      executable: '/opt/Switch yard/switchyard',
      app: {
        isPackaged: true,
        setLoginItemSettings: (settings) => void (openAtLogin = settings.openAtLogin ?? false),
        getLoginItemSettings: () => ({ openAtLogin, wasOpenedAtLogin: false }) as never,
        ...app,
      },
    };
  };
  const entry = (): string => join(folder, '.config', 'autostart', 'switchyard.desktop');

  it('is a file of the desktop on Linux, and read back from there', () => {
    const linux = options('linux');
    expect(startsAtLogin(linux)).toBe(false);
    expect(setStartAtLogin(linux, true)).toBe(true);
    expect(readFileSync(entry(), 'utf8')).toContain('Exec="/opt/Switch yard/switchyard" --hidden\n');
    writeFileSync(entry(), `${readFileSync(entry(), 'utf8')}Hidden=true\n`);
    expect(startsAtLogin(linux)).toBe(false);
    expect(setStartAtLogin(linux, false)).toBe(false);
    expect(existsSync(entry())).toBe(false);
  });
  it.each(['darwin', 'win32'] as const)('is the system’s list on %s', (platform) => {
    const system = options(platform);
    expect(setStartAtLogin(system, true)).toBe(true);
    expect(setStartAtLogin(system, false)).toBe(false);
  });
  it('tells what really holds: macOS refuses an unsigned app in silence', () => {
    expect(setStartAtLogin(options('darwin', { setLoginItemSettings: () => undefined }), true)).toBe(false);
  });
  it('never from a checkout', () => {
    expect(setStartAtLogin(options('linux', { isPackaged: false }), true)).toBe(false);
    expect(existsSync(entry())).toBe(false);
  });
  it('an executable with odd characters is quoted as the desktop entry rules say', () => {
    expect(autostartEntry('/a "b" $c `d` 100% \\e')).toContain(
      'Exec="/a \\\\"b\\\\" \\\\$c \\\\`d\\\\` 100%% \\\\\\\\e" --hidden',
    );
  });
  it('starts hidden', () => {
    expect(startedAtLogin(options('linux'), ['x', '--hidden'])).toBe(true);
    expect(startedAtLogin(options('linux'), ['x'])).toBe(false);
    expect(
      startedAtLogin(options('darwin', { getLoginItemSettings: () => ({ wasOpenedAtLogin: true }) as never }), []),
    ).toBe(true);
  });
});
