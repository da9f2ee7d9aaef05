/**
 * Runs Electron for `npm start` and watches whether it opens: until its private endpoint is there it may have failed in any way,
 * a refused sandbox, a missing library, a hang. One that did not open is ended, so that another window can be opened instead.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { CANT_START } from '../desktop-arguments.ts';
import { electronTrouble, isSandboxRefused } from './trouble.ts';
import type { Ended } from './trouble.ts';
import { readEndpoint } from '../host/endpoint-file.ts';

const OPENS_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 100;
/** How long one that does not open may take to end by itself. */
const ENDS_WITHIN_MS = 3_000;
/** What it wrote last comes a moment after its end. */
const DRAINED_WITHIN_MS = 500;
/** One Ctrl+C may come twice, from the terminal and from npm; one that comes later is a second one. */
const DOUBLED_WITHIN_MS = 1_000;
const MAX_HELD_BYTES = 64 * 1024;

export interface RunOptions {
  executable: string;
  words: readonly string[];
  /** Where its discovery file will be. */
  dataDir: string;
  /** Its stderr, held back until it is known what came of it. */
  say: (text: string) => void;
  opened: () => void;
  /** Tests only. */
  opensWithinMs?: number;
}

/** `ended`: it opened, or was not meant to, and this is its exit code · `failed`: it never opened; a sentence with what to do */
export type Ran = { ended: number } | { failed: string };

/** Resolves when it has ended, or was ended because it did not open. Never rejects: what can't be started is `failed`. */
export async function runElectron(options: RunOptions): Promise<Ran> {
  const { executable, words, dataDir, say, opened, opensWithinMs = OPENS_WITHIN_MS } = options;
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const startedAt = Date.now();
  const child = spawn(executable, [...words], { stdio: ['inherit', 'inherit', 'pipe'], env });
  const held = holdBack(child, say);
  const asked = forwardSignals(child);
  const over = new Promise<Ended>((resolve) => {
    child.once('error', ({ message }) => {
      resolve({ how: 'error', message });
    });
    child.once('exit', (code, signal) => {
      // What it started may live on and hold its stderr open, a browser it opened a link in, say.
      void held.ended(DRAINED_WITHIN_MS).then(() => {
        resolve({ how: 'exit', code, signal });
      });
    });
  });
  try {
    // Not by its process id: an old file may name one that is somebody's again.
    const isOpen = (): boolean => (readEndpoint(dataDir)?.startedAt ?? 0) >= startedAt;
    const first = await firstOf(over, isOpen, opensWithinMs);
    if (first === 'open') {
      held.release();
      opened();
      return { ended: codeOf(await over) };
    }
    if (first.how === 'silence') await end(child, over);
    // Ended by whoever started it, a second start beside an open one, or Switchyard itself can't: another window would not help.
    const isMeant = asked() || (first.how === 'exit' && (first.code === 0 || first.code === CANT_START));
    if (!isSandboxRefused(held.text())) held.release();
    return isMeant ? { ended: codeOf(first) } : { failed: electronTrouble(first, held.text(), executable) };
  } finally {
    asked[Symbol.dispose]();
  }
}

const codeOf = (ended: Ended): number => (ended.how === 'exit' ? (ended.code ?? 1) : 1);

async function firstOf(over: Promise<Ended>, isOpen: () => boolean, withinMs: number): Promise<Ended | 'open'> {
  return new Promise((resolve) => {
    const settle = (first: Ended | 'open'): void => {
      clearInterval(looking);
      clearTimeout(patience);
      resolve(first);
    };
    const looking = setInterval(() => {
      if (isOpen()) settle('open');
    }, LOOK_EVERY_MS);
    const patience = setTimeout(() => {
      settle({ how: 'silence', ms: withinMs });
    }, withinMs);
    void over.then(settle);
  });
}

async function end(child: ChildProcess, over: Promise<Ended>): Promise<void> {
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
  await over;
  clearTimeout(hard);
}

interface Held {
  text: () => string;
  release: () => void;
  /** Resolves when nothing more will come, or `withinMs` have passed. */
  ended: (withinMs: number) => Promise<void>;
}

/** What it says before it is open may frighten for nothing: it is shown when that is known, from then on as it comes. */
function holdBack(child: ChildProcess, say: (text: string) => void): Held {
  let text = '';
  let through = false;
  const over = Promise.withResolvers<undefined>();
  child.stderr?.once('close', () => {
    over.resolve(undefined);
  });
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    if (through) say(part);
    else text = (text + part).slice(-MAX_HELD_BYTES);
  });
  return {
    text: () => text,
    release: () => {
      through = true;
      if (text !== '') say(text);
    },
    ended: async (withinMs) => {
      const timer = setTimeout(over.resolve, withinMs, undefined);
      await over.promise;
      clearTimeout(timer);
      child.stderr?.destroy();
    },
  };
}

/**
 * Every signal is told on, Ctrl+C too: on Windows only we hear it, elsewhere it may be meant for us alone, and hearing it twice
 * harms nothing. A second Ctrl+C leaves at once, which is safe: what was accepted is on disk. True once a signal asked for the end.
 */
function forwardSignals(child: ChildProcess): (() => boolean) & Disposable {
  let askedMs: number | null = null;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const hear = (signal: NodeJS.Signals): void => {
    const isSecond = askedMs !== null && performance.now() - askedMs > DOUBLED_WITHIN_MS;
    askedMs ??= performance.now();
    // Windows can only be asked to end a process, and knows no SIGHUP to ask with: Node would throw.
    const told = process.platform === 'win32' ? 'SIGTERM' : signal;
    child.kill(signal === 'SIGINT' && isSecond ? 'SIGKILL' : told);
  };
  for (const signal of signals) process.on(signal, hear);
  return Object.assign(() => askedMs !== null, {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.removeListener(signal, hear);
    },
  });
}
