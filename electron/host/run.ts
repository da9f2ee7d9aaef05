/**
 * One life of the host process: arguments, core, service, what is opened, and the end. Imported only after the Node version
 * was checked. What is said is in says.ts; how things are served in service.ts.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { AppError } from '../../shared/errors.ts';
import { findBrowser, openAppWindow, whyNoWindow } from './app-window.ts';
import { readArguments } from './arguments.ts';
import type { HostArguments } from './arguments.ts';
import { readEndpoint } from './endpoint-file.ts';
import { askForLaunchUrl, findRunningHost } from './endpoint.ts';
import { IdleExit } from './idle-exit.ts';
import { startDemo } from './load-demo.ts';
import { says } from './says.ts';
import { openUrlCommand, runDetached } from './shell.ts';

/** Told to whoever opens something: where it is served, and an address that opens it once. */
interface Place {
  url: string;
  launchUrl: () => string | Promise<string>;
  /** Whether a window has come. */
  isOpen: () => boolean;
  dataDir: string;
  /** Gets the browser that holds the window. */
  opened?: (browser: ChildProcess) => void;
}

const say = (sentence: string): void => {
  console.log(sentence);
};

/** Runs until a signal or its own end; then the process exits. Resolves early only where there is nothing to run. */
export async function runHost(words: readonly string[]): Promise<void> {
  const args = readArguments(words);
  if (typeof args === 'string') {
    console.error(args);
    process.exitCode = 2;
    return;
  }
  if (args.help) {
    say(says.usage);
    return;
  }
  const running = await findRunningHost(args.dataDir);
  if (running !== null) {
    say(says.alreadyRunning(running.endpoint.pid, running.endpoint.url));
    if (args.open === 'nothing') process.exitCode = 1;
    // The desktop app serves no address: asked for one it shows its window.
    else if (running.endpoint.url === null) await askForLaunchUrl(running);
    else
      await open(args, {
        url: running.endpoint.url,
        launchUrl: () => askForLaunchUrl(running),
        isOpen: () => false,
        dataDir: args.dataDir,
      });
    return;
  }
  await serve(args);
}

async function serve(args: HostArguments): Promise<void> {
  const [{ createCore }, { startService }, { fileSecrets }, { nodeShell }] = await Promise.all([
    import('../core/core.ts'),
    import('./service.ts'),
    import('./secrets.ts'),
    import('./shell.ts'),
  ]);
  const { version } = packageJson;
  makeDirectory(args.dataDir);
  const core = await createCore({
    dataDir: args.dataDir,
    version,
    host: 'node',
    secrets: fileSecrets(`${args.dataDir}/host/secrets.json`),
    shell: nodeShell(),
    demo: args.demo,
  }).catch((error: unknown) => {
    throw nameOwner(error, args.dataDir);
  });
  const coreMs = performance.now();
  process.on('uncaughtExceptionMonitor', (error) => {
    core.log.error('the host ends because of an error nobody caught', { error });
  });

  const service = await startService({ core, dataDir: args.dataDir, version, port: args.port }).catch(
    async (error: unknown) => {
      await core.close();
      throw error;
    },
  );
  const listeningMs = performance.now();
  if (args.perf) console.error(says.perf(coreMs, listeningMs, process.memoryUsage.rss()));

  let ending = false;
  const ends: (() => Promise<void> | void)[] = [];
  const end = (sentence: string | null): void => {
    if (ending) process.exit(130);
    ending = true;
    if (sentence !== null) say(sentence);
    const closing = async (): Promise<void> => {
      for (const step of ends) await step();
      await service.close();
      await core.close();
    };
    closing().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      end(core.busy() ? (args.demo ? says.closingDemo : says.closing) : null);
    });
  }

  if (args.demo) {
    say(says.demo);
    const demo = await startDemo(core.handlers);
    ends.push(async () => {
      await demo[Symbol.asyncDispose]();
    });
  }

  const place: Place = {
    url: service.url,
    launchUrl: () => service.launchUrl(),
    isOpen: () => service.windows() > 0,
    dataDir: args.dataDir,
    opened: (browser) => {
      ends.push(() => void browser.kill());
    },
  };
  const opened = await open(args, place);
  if (opened === 'window') {
    const idle = new IdleExit({
      windows: () => service.windows(),
      busy: () => core.busy(),
      say: (what) => {
        say(what === 'last-window' ? says.lastWindow(60) : what === 'idle' ? says.idleEnd : says.waitingForWork);
      },
      end: () => {
        end(null);
      },
    });
    service.onWindows(() => {
      idle.windowsChanged();
    });
    ends.push(() => {
      idle.close();
    });
  } else if (process.stdin.isTTY) {
    say(says.newLink);
    process.stdin.on('data', () => {
      say(service.launchUrl());
    });
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError('storage', `${directory} can't be made: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
}

/** Who has the data directory open, where it left word: a host that hangs, or the desktop app. */
function nameOwner(error: unknown, dataDir: string): unknown {
  const owner = readEndpoint(dataDir);
  if (!(error instanceof AppError) || error.details?.['reason'] !== 'locked' || owner === null) return error;
  return new AppError(error.code, `${error.message} (process ${String(owner.pid)})`, { cause: error });
}

/** Opens what was asked for, or says in one line where to find it and why. */
async function open(args: HostArguments, place: Place): Promise<'window' | 'browser' | 'nothing'> {
  const print = async (why: string | null): Promise<'nothing'> => {
    say(says.listening(place.url, await place.launchUrl(), why));
    return 'nothing';
  };
  if (args.open === 'nothing') return print(null);
  const obstacle = whyNoWindow();
  if (obstacle !== null) return print(obstacle);
  if (args.open === 'browser') {
    try {
      await runDetached(openUrlCommand(await place.launchUrl(), process.platform));
    } catch (error) {
      return print(says.windowFailed(error instanceof Error ? error.message : String(error)));
    }
    say(says.browser(place.url));
    return 'browser';
  }
  const browser = findBrowser();
  if (browser === null) return print(says.noBrowser);
  const window = await openAppWindow(browser, await place.launchUrl(), place.dataDir, place.isOpen);
  if (typeof window === 'string') return print(says.windowFailed(window));
  place.opened?.(window);
  say(says.window(basename(browser).replace(/\.exe$/i, ''), place.url));
  return 'window';
}
