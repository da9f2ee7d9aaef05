import { describe, expect, it } from 'vitest';
import { electronTrouble, isSandboxRefused } from '../../../electron/start/trouble.ts';
import type { Ended } from '../../../electron/start/trouble.ts';

describe('an Electron that did not open', () => {
  const REFUSED =
    "[1:1:0101/000000.000000:FATAL:sandbox/linux/suid/client/setuid_sandbox_host.cc:163] The SUID sandbox helper binary was found, but is not configured correctly. Rather than run without sandboxing I'm aborting now.";
  const exit = (code: number | null, signal: string | null = null): Ended => ({ how: 'exit', code, signal });
  it.each<[string, Ended, string, string]>([
    [
      'a refused sandbox',
      exit(null, 'SIGTRAP'),
      REFUSED,
      "this system does not allow its sandbox. Allow it with: sudo chown root:root '/x y/chrome-sandbox' && sudo chmod 4755 '/x y/chrome-sandbox'",
    ],
    ['no sandbox at all', exit(null, 'SIGTRAP'), 'FATAL No usable sandbox! Update your kernel', 'chmod 4755'],
    [
      'a missing library',
      exit(127),
      '/x y/electron: error while loading shared libraries: libgtk-3.so.0: cannot open shared object file',
      'libgtk-3.so.0 is missing. Install what docs/desktop.md names',
    ],
    ['a crash', exit(null, 'SIGSEGV'), '', 'it ended with SIGSEGV before its window came'],
    ['an end', exit(1), '', 'it ended with 1 before its window came'],
    ['a hang', { how: 'silence', ms: 20_000 }, '', 'neither its window nor its private socket came within 20 s'],
    [
      'nothing to run',
      { how: 'error', message: 'spawn EACCES' },
      '',
      'spawn EACCES. To refetch it, remove node_modules/electron/dist',
    ],
  ])('%s: one sentence with what to do', (_what, ended, said, part) => {
    const sentence = electronTrouble(ended, said, '/x y/electron');
    expect(sentence).toContain(part);
    expect(sentence).toMatch(/^Electron did not open: .*npm start -- --electron tries again/);
    expect(sentence).not.toContain('\n');
  });
  it('only Chromium’s own words are a refused sandbox', () => {
    expect(isSandboxRefused(REFUSED)).toBe(true);
    expect(isSandboxRefused('sandbox: true')).toBe(false);
  });
});
