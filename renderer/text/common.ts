/** Words that more than one view says. The files of this folder are the catalogue: every sentence a person sees in the window is in one of them. Sentence case, verbs on buttons, an ellipsis where a dialog follows. */
import type { ErrorCode } from '../../shared/errors.ts';
import { number } from './format.ts';

/** One form for 1, one for everything else. English only needs these two. */
export function plural(count: number, one: string, other: string): string {
  return `${number(count)} ${count === 1 ? one : other}`;
}

/** Enough of another client's prompt id to tell it from its neighbours; SwarmUI's have the backend's number before them. */
export const shortKey = (remoteKey: string): string => `${remoteKey.replace(/^\d+:/, '').slice(0, 4)}…`;

const errors: Record<ErrorCode, string> = {
  invalid_request: 'That can’t be done with these values.',
  not_found: 'It is not there any more.',
  conflict: 'Things have changed meanwhile. Look again.',
  not_allowed: 'This is not allowed here.',
  server_unreachable: 'The server does not answer.',
  server_timeout: 'The server took too long to answer.',
  server_auth: 'The server wants you to sign in.',
  server_unsupported: 'This server can’t do that.',
  server_protocol: 'The server answered in a way Switchyard can’t read.',
  server_rejected: 'The server refused it.',
  execution_failed: 'It failed while running.',
  stopped_elsewhere: 'It was stopped elsewhere.',
  lost: 'It is gone from its server.',
  outputs_unavailable: 'Its files are not there any more.',
  storage: 'Nothing can be written to disk.',
  bug: 'Something went wrong in Switchyard. The log has more.',
};

export const common = {
  appName: 'Switchyard',
  close: 'Close',
  back: 'Back',
  save: 'Save',
  tryAgain: 'Try again',
  copy: 'Copy',
  copied: 'Copied',
  more: 'More',
  foreign: 'foreign',
  loading: 'Loading…',
  anyServer: 'Any server',
  anyServerOf: (kind: 'comfy' | 'swarm') => (kind === 'comfy' ? 'Any ComfyUI server' : 'Any SwarmUI server'),
  kindName: (kind: 'comfy' | 'swarm') => (kind === 'comfy' ? 'ComfyUI' : 'SwarmUI'),
  jobs: (count: number) => plural(count, 'job', 'jobs'),
  images: (count: number) => plural(count, 'image', 'images'),
  files: (count: number) => plural(count, 'file', 'files'),
  size: (width: number, height: number) => `${width}×${height}`,
  seed: (seed: string) => `seed ${seed}`,
  untitled: 'Untitled job',
  foreignTitle: 'Job of another client',
  by: {
    window: 'from this window',
    tray: 'from the tray',
    hotkey: 'with the hotkey',
    cli: 'from the command line',
    phone: 'from the phone',
    api: 'by a script',
    core: 'by Switchyard',
  },
  error: (code: ErrorCode) => errors[code],
  /** When the window itself has no connection. */
  hostGone: 'Switchyard is not answering.',
} as const;
