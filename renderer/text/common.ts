/** Words that more than one view says. The files of this folder are the catalogue: every sentence a person sees in the window is in one of them. Sentence case, verbs on buttons, an ellipsis where a dialog follows. */
import type { Kind } from '../../shared/job.ts';
import { kinds } from '../../shared/kinds/kinds.ts';
import { plural as pluralOf } from '../../shared/words/count.ts';
import { errorSentence } from '../../shared/words/errors.ts';
import { number } from './format.ts';

/** A count with its noun, written as the reader's language writes numbers. */
export const plural = (count: number, one: string, other: string): string => pluralOf(count, one, other, number);

/** Enough of another client's prompt id to tell it from its neighbours; SwarmUI's have the backend's number before them. */
export const shortKey = (remoteKey: string): string => `${remoteKey.replace(/^\d+:/, '').slice(0, 4)}…`;

export const common = {
  appName: 'Switchyard',
  close: 'Close',
  tryAgain: 'Try again',
  foreign: 'foreign',
  loading: 'Loading…',
  anyServer: 'Any server',
  anyServerOf: (kind: Kind) => `Any ${kinds[kind].label} server`,
  jobs: (count: number) => plural(count, 'job', 'jobs'),
  images: (count: number) => plural(count, 'image', 'images'),
  files: (count: number) => plural(count, 'file', 'files'),
  size: (width: number, height: number) => `${width}×${height}`,
  seed: (seed: string) => `seed ${seed}`,
  foreignTitle: 'Job of another client',
  error: errorSentence,
  /** When the window itself has no connection. */
  hostGone: 'Switchyard is not answering.',
} as const;
