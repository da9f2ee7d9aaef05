import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guardSession, mayHave } from '../../../../electron/desktop/window/permissions.ts';
import type { Permission } from '../../../../electron/desktop/window/permissions.ts';
import { root } from '../../../suites.ts';

/** Every permission this Electron knows, read from its own types: a new one is in the matrix the day it comes. */
function permissionsOf(handler: string): Permission[] {
  const types = readFileSync(join(root, 'node_modules/electron/electron.d.ts'), 'utf8');
  const line = types.split('\n').find((each) => each.includes(`${handler}(handler:`)) ?? '';
  const union = /permission: ([^,)]*)/.exec(line)?.[1] ?? '';
  return [...union.matchAll(/'([^']+)'/g)].map(([, name]) => name as Permission);
}

const all = [
  ...new Set([...permissionsOf('setPermissionRequestHandler'), ...permissionsOf('setPermissionCheckHandler')]),
];
const allowed = ['clipboard-sanitized-write', 'fullscreen'];
const foreign = [
  'https://example.com/',
  'http://127.0.0.1:8188/',
  'app://ui.evil/',
  'app://other/',
  'app://ui:1/',
  'file:///etc/passwd',
  'about:blank',
  'data:text/html,x',
  'devtools://devtools/',
  'null',
  '',
  'javascript:1',
];

describe('permissions', () => {
  it('are all known', () => {
    expect(all.length).toBeGreaterThan(30);
    expect(all).toEqual(
      expect.arrayContaining(['media', 'usb', 'clipboard-read', 'openExternal', 'local-network', ...allowed]),
    );
  });

  it.each(all)('%s: only what the window needs, for our page’s main frame only', (permission) => {
    expect(mayHave(permission, 'app://ui/#queue', true)).toBe(allowed.includes(permission));
    expect(mayHave(permission, 'app://ui/', false)).toBe(false);
    for (const page of foreign) expect(mayHave(permission, page, true), page).toBe(false);
    expect(mayHave(permission, null, true)).toBe(false);
    expect(mayHave(permission, undefined, true)).toBe(false);
  });

  it('are guarded in both handlers, and every device is refused', () => {
    const set: Record<string, (...args: never[]) => unknown> = {};
    const session = new Proxy(
      {},
      {
        get: (_, name) => (handler: (...args: never[]) => unknown) => {
          set[String(name)] = handler;
        },
      },
    );
    guardSession(session as Parameters<typeof guardSession>[0]);
    const call = (name: string, ...args: unknown[]): unknown => (set[name] as (...all: unknown[]) => unknown)(...args);

    const answers: boolean[] = [];
    const answer = (yes: boolean): void => void answers.push(yes);
    call('setPermissionRequestHandler', null, 'media', answer, { requestingUrl: 'app://ui/', isMainFrame: true });
    call('setPermissionRequestHandler', null, 'fullscreen', answer, { requestingUrl: 'app://ui/', isMainFrame: true });
    call('setPermissionRequestHandler', null, 'fullscreen', answer, { requestingUrl: 'app://ui/', isMainFrame: false });
    expect(answers).toEqual([false, true, false]);
    expect(call('setPermissionCheckHandler', null, 'fullscreen', 'app://ui', { isMainFrame: true })).toBe(true);
    expect(call('setPermissionCheckHandler', null, 'media', 'app://ui', { isMainFrame: true })).toBe(false);
    expect(
      call('setPermissionCheckHandler', null, 'fullscreen', 'app://ui', {
        isMainFrame: true,
        requestingUrl: 'https://example.com/',
      }),
    ).toBe(false);
    expect(call('setDevicePermissionHandler', {})).toBe(false);
    const given: unknown[] = [];
    call('setBluetoothPairingHandler', {}, (value: unknown) => given.push(value));
    call('setDisplayMediaRequestHandler', {}, (value: unknown) => given.push(value));
    // An empty object throws in the real one where video was asked for (electron_browser_context.cc).
    expect(given).toEqual([{ confirmed: false }, null]);
    expect(call('setUSBProtectedClassesHandler', { protectedClasses: ['hid', 'audio'] })).toEqual(['hid', 'audio']);
  });
});
