/** Which Electron counts as one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findElectronRuntime } from '../../../electron/start/runtime.ts';

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
