/** The arguments of the desktop app. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDesktopArguments } from '../../electron/desktop-arguments.ts';

describe('arguments', () => {
  const env = { SWITCHYARD_DATA: '/data', HOME: '/home/a' };
  it.each<[string[], Partial<ReturnType<typeof readDesktopArguments>>]>([
    [[], { dataDir: resolve('/data'), hidden: false, demo: false, perf: false }],
    [['--hidden', '--perf'], { hidden: true, perf: true }],
    // Chromium adds its own, anywhere.
    [
      ['/app', '--no-sandbox', '--allow-file-access-from-files', '--data', '/x', '--original-process-start-time=1'],
      { dataDir: resolve('/x') },
    ],
    [['--data=/y', '--demo'], { dataDir: resolve('/y/demo'), demo: true }],
    [['--data', '--hidden'], { dataDir: resolve('/data'), hidden: true }],
    [['--data', 'rel'], { dataDir: resolve('/from/rel') }],
  ])('%j', (words, expected) => {
    expect(readDesktopArguments(words, env, '/from')).toMatchObject(expected);
  });
});
