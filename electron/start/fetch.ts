/**
 * Fetches Electron's runtime for `npm start`, with visible progress, and gives up when no byte of it comes within 3 s. The
 * fetching is a process of its own (this file, run), so that giving up ends it. Never asked for by npm install; what is
 * fetched is checked against the checksums in the electron package.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { failedLately, fetchFailedFile, remember } from './failed-lately.ts';

const here = fileURLToPath(import.meta.url);
const pack = fileURLToPath(new URL('../../node_modules/electron/', import.meta.url));

/** From the moment it is asked for. */
const FIRST_BYTE_MS = 3_000;
/** A download that stands still for so long is given up too, and a process that does not come to ask. */
const STALL_MS = 20_000;
/** Slow disks and virus scanners: half of a runtime is worth nothing, so it may take its time. */
const UNPACK_MS = 10 * 60_000;

/** What the process tells: it asks now, so much of 1 has come, all has and is being unpacked. */
type Told = 'asking' | number | 'unpacking';

type Later = (run: () => void, ms: number) => Disposable;

export interface FetchOptions {
  say: (text: string) => void;
  /** Tests only: what is run instead of this file, and a clock of their own. */
  program?: string;
  later?: Later;
  failedFile?: string;
  /** Try although a try failed lately. */
  insist?: boolean;
}

/** Null when the runtime is there afterwards; else why it could not be fetched, as part of a sentence. */
export async function fetchElectron(options: FetchOptions): Promise<string | null> {
  const { say, program = here, later = laterForReal, insist = false } = options;
  const remembered = options.failedFile ?? fetchFailedFile;
  if (!insist && failedLately(remembered) !== null) return 'it could not be fetched within the last hour';
  say('Fetching Electron (once, about 120 MB)…\n');
  const why = await run(program, later, say);
  remember(remembered, why);
  return why;
}

function run(program: string, later: Later, say: (text: string) => void): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], windowsHide: true });
    let shown = -1;
    let errors = '';
    let settled = false;
    const settle = (why: string | null): void => {
      if (settled) return;
      settled = true;
      patience[Symbol.dispose]();
      child.kill('SIGKILL');
      if (shown >= 0) say('\n');
      resolve(why);
    };
    let patience = later(() => {
      settle('it was never asked for');
    }, STALL_MS);
    const expect = (ms: number, why: string): void => {
      patience[Symbol.dispose]();
      patience = later(() => {
        settle(why);
      }, ms);
    };
    child.stderr?.on('data', (part: Buffer) => {
      errors = `${errors}${part.toString()}`.slice(-2_000);
    });
    child.on('message', (message) => {
      const told = message as Told;
      if (told === 'asking') expect(FIRST_BYTE_MS, `no answer in ${String(FIRST_BYTE_MS / 1_000)} s`);
      else if (told === 'unpacking') {
        expect(UNPACK_MS, 'it could not be unpacked in ten minutes');
        say('\rUnpacking…');
        shown = 100;
      } else {
        expect(STALL_MS, 'the download stood still');
        const percent = Math.floor(told * 100);
        if (percent === shown) return;
        shown = percent;
        say(`\r${String(percent).padStart(3)} %`);
      }
    });
    child.once('error', (error) => {
      settle(error.message);
    });
    child.once('exit', (code) => {
      settle(code === 0 ? null : (lastLine(errors) ?? `it ended with ${String(code)}`));
    });
  });
}

function laterForReal(run: () => void, ms: number): Disposable {
  const timer = setTimeout(run, ms);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}

/** The error's own words: what a stack trace begins with. */
function lastLine(errors: string): string | null {
  return (
    errors
      .split('\n')
      .find((line) => /error:/i.test(line))
      ?.replace(/^.*?error:\s*/i, '')
      .replace(/[\s\]{]+$/, '')
      .trim() ?? null
  );
}

/** Only what is used of @electron/get, which belongs to the electron package. */
interface ElectronGet {
  downloadArtifact: (details: Record<string, unknown>) => Promise<string>;
  FetchDownloader: new () => { download: (...args: unknown[]) => Promise<void> };
}

const tell = (told: Told): void => {
  process.send?.(told);
};

/** In the process of its own: downloads into Electron's cache, then lets its own installer unpack from there. */
async function download(): Promise<void> {
  // Electron's own downloader, from where Electron finds it: it is no dependency of ours.
  const downloader = createRequire(join(pack, 'package.json')).resolve(['@electron', 'get'].join('/'));
  const { downloadArtifact, FetchDownloader } = (await import(pathToFileURL(downloader).href)) as ElectronGet;
  const { version } = JSON.parse(readFileSync(join(pack, 'package.json'), 'utf8')) as { version: string };
  const fetching = new FetchDownloader();
  await downloadArtifact({
    version,
    artifactName: 'electron',
    platform: process.platform,
    arch: installedArch(),
    cacheRoot: process.env['electron_config_cache'],
    // Asked for only where it is not in the cache.
    downloader: {
      download: (...args: unknown[]) => {
        tell('asking');
        return fetching.download(...args);
      },
    },
    checksums: JSON.parse(readFileSync(join(pack, 'checksums.json'), 'utf8')) as unknown,
    downloadOptions: {
      quiet: true,
      getProgressCallback: async ({ percent }: { percent: number }) => {
        tell(percent);
      },
    },
  });
  tell('unpacking');
  await import(pathToFileURL(join(pack, 'install.js')).href);
}

/** What its installer will look for (electron/install.js): under Rosetta the machine's own kind, not this process's. */
function installedArch(): string {
  if (process.platform !== 'darwin' || process.arch !== 'x64') return process.arch;
  try {
    const translated = execFileSync('sysctl', ['-in', 'sysctl.proc_translated'], { encoding: 'utf8' }).trim() === '1';
    return translated ? 'arm64' : process.arch;
  } catch (_) {
    return process.arch;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await download();
