/** Files of no row go, whatever else happens to the folder meanwhile. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepFiles } from '../../../../electron/core/queue/sweep.ts';
import type { SweepPorts } from '../../../../electron/core/queue/sweep.ts';
import { Aborted } from '../../../../shared/util/async.ts';
import { tempDir } from '../../../support/stores.ts';

let dir: ReturnType<typeof tempDir>;
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => {
  dir.remove();
});

const put = (file: string): void => {
  mkdirSync(dirname(join(dir.path, file)), { recursive: true });
  writeFileSync(join(dir.path, file), 'x');
};
const has = (file: string): boolean => existsSync(join(dir.path, file));
const ports = (more: Partial<SweepPorts> = {}): SweepPorts => ({
  filesOf: (jobId) => (jobId === 'kept' ? ['2026-11/kept/000-a.png'] : []),
  isBusy: (jobId) => jobId === 'busy',
  signal: new AbortController().signal,
  ...more,
});

it('keeps what rows speak of and what is being written; takes the rest, and the folders that are empty then', async () => {
  const stray = ['2026-11/kept/001-b.png.part', '2026-11/nobody/000-a.png', 'note.txt', '2026-11/deep/er/still.png'];
  for (const file of ['2026-11/kept/000-a.png', '2026-11/busy/000-a.png.part', ...stray]) put(file);
  expect(await sweepFiles(dir.path, ports())).toBe(4);
  expect(stray.filter(has)).toEqual([]);
  expect(['2026-11/kept/000-a.png', '2026-11/busy/000-a.png.part'].filter(has)).toHaveLength(2);
  expect(has('2026-11/nobody')).toBe(false);
});

it('ends when the core closes in the middle of it', async () => {
  const life = new AbortController();
  for (const job of ['a', 'b', 'c']) put(`2026-11/${job}/000.png`);
  const filesOf = (): string[] => {
    life.abort(new Aborted('Shutdown'));
    return [];
  };
  expect(await sweepFiles(dir.path, ports({ filesOf, signal: life.signal }))).toBe(1);
});
