/**
 * Fetches Electron's runtime for `npm start`, with visible progress, and gives up when no byte of it comes within 3 s. The
 * fetching is a process of its own (this file, run), so that giving up ends it. Never asked for by npm install; what is
 * fetched is checked against the checksums in the electron package.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(import.meta.url);
const pack = fileURLToPath(new URL('../node_modules/electron/', import.meta.url));
/** Remembers a failed try, so that a machine without a network is not kept waiting at every start. */
const failedFile = fileURLToPath(new URL('../node_modules/.cache/electron-fetch-failed', import.meta.url));

const FIRST_BYTE_MS = 3_000;
/** A download that stands still for so long is given up too. */
const STALL_MS = 20_000;
const REMEMBER_MS = 60 * 60_000;

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
  const remembered = options.failedFile ?? failedFile;
  if (!insist && failedLately(remembered)) return 'it could not be fetched within the last hour';
  say('Fetching Electron (once, about 120 MB)…\n');
  const why = await run(program, later, say);
  remember(remembered, why);
  return why;
}

/** Where nothing may be written the next start tries again: slower, not wrong. */
function remember(file: string, why: string | null): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (why === null) rmSync(file, { force: true });
    else writeFileSync(file, why);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function failedLately(file: string): boolean {
  return existsSync(file) && Date.now() - statSync(file).mtimeMs < REMEMBER_MS;
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
      settle(`no answer in ${String(FIRST_BYTE_MS / 1_000)} s`);
    }, FIRST_BYTE_MS);
    child.stderr?.on('data', (part: Buffer) => {
      errors = `${errors}${part.toString()}`.slice(-2_000);
    });
    child.on('message', (message) => {
      const percent = typeof message === 'number' ? Math.floor(message * 100) : 0;
      patience[Symbol.dispose]();
      patience = later(() => {
        settle('the download stood still');
      }, STALL_MS);
      if (percent === shown) return;
      shown = percent;
      say(`\r${String(percent).padStart(3)} %`);
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
}

/** In the process of its own: downloads into Electron's cache, then lets its own installer unpack from there. */
async function download(): Promise<void> {
  // Electron's own downloader, from where Electron finds it: it is no dependency of ours.
  const downloader = createRequire(join(pack, 'package.json')).resolve(['@electron', 'get'].join('/'));
  const { downloadArtifact } = (await import(pathToFileURL(downloader).href)) as ElectronGet;
  const { version } = JSON.parse(readFileSync(join(pack, 'package.json'), 'utf8')) as { version: string };
  await downloadArtifact({
    version,
    artifactName: 'electron',
    platform: process.platform,
    arch: process.arch,
    checksums: JSON.parse(readFileSync(join(pack, 'checksums.json'), 'utf8')) as unknown,
    downloadOptions: {
      quiet: true,
      getProgressCallback: async ({ percent }: { percent: number }) => {
        process.send?.(percent);
      },
    },
  });
  process.send?.(1);
  await import(pathToFileURL(join(pack, 'install.js')).href);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await download();
