/** The desktop around a plain Node host: shows a file where it lies, opens an address. Arguments never pass through a shell. */
import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { CoreOptions } from '../core/core.ts';

type Shell = CoreOptions['shell'];

export interface Command {
  file: string;
  args: string[];
  options?: SpawnOptions;
}

/** Linux has no common way to select a file: its folder is opened. */
export function revealCommand(file: string, platform: NodeJS.Platform): Command {
  if (platform === 'darwin') return { file: 'open', args: ['-R', file] };
  // Explorer reads its own command line and wants exactly this quoting; a Windows file name can't hold a quote.
  if (platform === 'win32')
    return { file: 'explorer.exe', args: [`/select,"${file}"`], options: { windowsVerbatimArguments: true } };
  return { file: 'xdg-open', args: [dirname(file)] };
}

/** The system's own browser. `url` is always one of ours. */
export function openUrlCommand(url: string, platform: NodeJS.Platform): Command {
  if (platform === 'darwin') return { file: 'open', args: [url] };
  if (platform === 'win32') return { file: 'rundll32.exe', args: ['url.dll,FileProtocolHandler', url] };
  return { file: 'xdg-open', args: [url] };
}

/** Resolves once the program has started and not failed within a second; rejects with `not_allowed` where there is none. */
export function runDetached(command: Command): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, { stdio: 'ignore', detached: true, ...command.options });
    const fail = (cause: unknown): void => {
      reject(new AppError('not_allowed', `${command.file} could not be started here`, { cause }));
    };
    const settled = setTimeout(resolve, 1_000);
    child.once('error', (error) => {
      clearTimeout(settled);
      fail(error);
    });
    child.once('exit', (code) => {
      clearTimeout(settled);
      // Explorer answers 1 also when it did as told.
      if (code === 0 || command.file === 'explorer.exe') resolve();
      else fail(new Error(`it ended with ${String(code)}`));
    });
    child.unref();
  });
}

export function nodeShell(platform: NodeJS.Platform = process.platform): Shell {
  return { reveal: (file) => runDetached(revealCommand(file, platform)) };
}
