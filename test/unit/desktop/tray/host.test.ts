/** Whether a Linux desktop shows tray icons at all. */
import { describe, expect, it } from 'vitest';
import { hasTrayHost } from '../../../../electron/desktop/tray/host.ts';

describe('a tray host on Linux', () => {
  const answers =
    (by: Record<string, string | Error>) =>
    async (file: string): Promise<string> => {
      const answer = by[file] ?? new Error('ENOENT');
      if (answer instanceof Error) throw answer;
      return answer;
    };
  it.each([
    [{ gdbus: '(<true>,)\n' }, true],
    [{ gdbus: '(<false>,)\n' }, false],
    [{ busctl: 'b true\n' }, true],
    [{ 'dbus-send': 'method return time=1\n   variant       boolean true\n' }, true],
    [{ gdbus: new Error('org.freedesktop.DBus.Error.ServiceUnknown'), busctl: 'b false' }, false],
    [{}, false],
  ])('%j: %s', async (by, expected) => {
    expect(await hasTrayHost('linux', answers(by))).toBe(expected);
  });
  it.each(['darwin', 'win32'] as const)('%s has one', async (platform) => {
    expect(await hasTrayHost(platform, answers({}))).toBe(true);
  });
});
