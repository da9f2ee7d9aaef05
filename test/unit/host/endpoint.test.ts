/** Where the private socket is. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { socketPathFor } from '../../../electron/host/endpoint.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-unit-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
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
