/**
 * What the desktop app is told on its command line, and tells by its exit code: for it and its starter. Chromium reads
 * the same line and adds to it, in an order of its own, so words are looked for and never counted; what is not ours is left to it.
 */
import { resolve } from 'node:path';
import { dataDirectory, demoDirectory } from './data-dir.ts';

/** Exit code: Electron runs, Switchyard can't start, and the reason was said. As sysexits' EX_SOFTWARE; Electron has none like it. */
export const CANT_START = 70;

export interface DesktopArguments {
  dataDir: string;
  demo: boolean;
  /** Start in the tray, without a window. */
  hidden: boolean;
  /** Print how long the start took. */
  perf: boolean;
}

/** `words`: `process.argv` without the executable. A relative `--data` is meant from `from`, the caller's folder. */
export function readDesktopArguments(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  from: string,
): DesktopArguments {
  const has = (word: string): boolean => words.includes(word);
  const given = valueOf(words, '--data');
  const dataDir = dataDirectory({ given: given === undefined ? undefined : resolve(from, given), env });
  const demo = has('--demo');
  return { dataDir: demo ? demoDirectory(dataDir) : dataDir, demo, hidden: has('--hidden'), perf: has('--perf') };
}

function valueOf(words: readonly string[], name: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = words.indexOf(name);
  const next = at < 0 ? undefined : words[at + 1];
  return next === undefined || next.startsWith('-') ? undefined : next;
}
