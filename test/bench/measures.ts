/** The measures by name, in the order they are taken; each is loaded only when it is. */
import type { Take } from './measure.ts';

interface Entry {
  /** Heading in the table. */
  title: string;
  /** A measure that hangs is ended after this. */
  deadlineMs: number;
  load: () => Promise<{ take: Take }>;
}

const MINUTE = 60_000;

export const measures = {
  sizes: { title: 'Sizes', deadlineMs: MINUTE, load: () => import('./sizes.ts') },
  host: { title: 'Host', deadlineMs: 5 * MINUTE, load: () => import('./host.ts') },
  cli: { title: 'CLI', deadlineMs: 5 * MINUTE, load: () => import('./cli.ts') },
  'cancel-receipt': { title: 'Cancel: receipt', deadlineMs: 5 * MINUTE, load: () => import('./cancel-receipt.ts') },
  'cancel-bytes': {
    title: 'Cancel: bytes at the server',
    deadlineMs: 5 * MINUTE,
    load: () => import('./cancel-bytes.ts'),
  },
  'cancel-running': { title: 'Cancel: running job', deadlineMs: 5 * MINUTE, load: () => import('./cancel-running.ts') },
  'cancel-many': { title: 'Cancel: many', deadlineMs: 5 * MINUTE, load: () => import('./cancel-many.ts') },
  events: { title: 'Events', deadlineMs: 5 * MINUTE, load: () => import('./events.ts') },
  'swarm-cancel': { title: 'SwarmUI: cancel', deadlineMs: 5 * MINUTE, load: () => import('./swarm-cancel.ts') },
  'swarm-random': {
    title: 'SwarmUI: randomised cancels',
    deadlineMs: 60 * MINUTE,
    load: () => import('./swarm-random.ts'),
  },
  'swarm-previews': { title: 'SwarmUI: previews', deadlineMs: 5 * MINUTE, load: () => import('./swarm-previews.ts') },
  'history-db': { title: 'History: database', deadlineMs: 20 * MINUTE, load: () => import('./history-db.ts') },
  'history-view': { title: 'History: window', deadlineMs: 10 * MINUTE, load: () => import('./history-view.ts') },
} as const satisfies Record<string, Entry>;

export type MeasureName = keyof typeof measures;

export const measureNames = Object.keys(measures) as readonly MeasureName[];
