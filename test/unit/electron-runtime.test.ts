/** Which Electron counts as one, and what is said of one that did not open. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findElectronRuntime } from '../../electron/electron-runtime.ts';
import { electronTrouble, isSandboxRefused } from '../../electron/electron-trouble.ts';
import type { Ended } from '../../electron/electron-trouble.ts';

let pack: string;
beforeEach(() => {
  pack = mkdtempSync(join(tmpdir(), 'switchyard-runtime-'));
});
afterEach(() => {
  rmSync(pack, { recursive: true, force: true });
});

describe('a runtime', () => {
  const whole: Readonly<Record<string, string>> = {
    'package.json': '{"version":"45.4.1"}',
    'dist/electron': '',
    'dist/version': 'v45.4.1',
    'path.txt': 'electron',
  };
  const find = (files: Readonly<Record<string, string>>, env: Record<string, string> = {}): string | undefined => {
    mkdirSync(join(pack, 'dist'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(pack, name), text);
    return findElectronRuntime(pack, env);
  };
  const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([file]) => file !== name));

  it('is there when its installer has written everything', () => {
    expect(find(whole)).toBe(join(pack, 'dist', 'electron'));
  });
  // `path.txt` is what electron/install.js writes last.
  it.each(['path.txt', 'dist/version', 'dist/electron'])('is half unpacked without %s, and none', (name) => {
    expect(find(without(name))).toBeUndefined();
  });
  it('of another version is none', () => {
    expect(find({ ...whole, 'dist/version': '44.0.0' })).toBeUndefined();
  });
  it('that somebody names counts as it is', () => {
    const own = join(pack, 'dist');
    expect(find({ 'dist/electron': '' }, { ELECTRON_OVERRIDE_DIST_PATH: own })).toBe(join(own, 'electron'));
    expect(findElectronRuntime(pack, { ELECTRON_OVERRIDE_DIST_PATH: join(pack, 'nowhere') })).toBeUndefined();
  });
});

describe('one that did not open', () => {
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
      'spawn EACCES. To have it fetched anew, remove node_modules/electron/dist',
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
