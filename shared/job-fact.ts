/**
 * JobFact: everything a server, or we ourselves, can assert about an attempt. Pure data; what a fact does to a job is
 * the business of job-machine.ts alone.
 */
import type { WireError } from './errors.ts';

/** Where a server keeps an output. Opaque to the core: only the adapter that made it reads it back. */
export interface OutputRef {
  /** Stable order within the attempt, from 0. */
  ordinal: number;
  nodeId: string | null;
  /** The adapter's own reference, JSON. */
  remote: string;
  /** File name as the server calls it, for display and for the name on disk. */
  name: string;
  media: OutputMedia;
  /** `text` outputs carry their text instead of a file. */
  text?: string;
}
export const OUTPUT_MEDIA = ['image', 'video', 'audio', 'text', 'other'] as const;
export type OutputMedia = (typeof OUTPUT_MEDIA)[number];

export type VanishedCause = 'server-restarted' | 'server-removed' | 'no-trace';
/** What is known of why an attempt of ours stopped without a request of ours (architecture §7.5). */
export type StoppedBy = 'another-client' | 'removed-from-queue' | 'collateral' | 'unknown';

/** How long it ran by the server's own clock, where that is told: right also when we were away at its end. */
interface Timed {
  ranMs?: number;
}

/** What servers assert, by way of their adapter. */
export type ServerFact =
  | { type: 'accepted'; number: number | null; nodeErrors: unknown }
  | { type: 'started' }
  | ({ type: 'finished'; outputs: readonly OutputRef[] } & Timed)
  | ({ type: 'executionFailed'; error: WireError; outputs: readonly OutputRef[] } & Timed)
  | ({
      type: 'stopped';
      reach: 'waiting' | 'running';
      outputs: readonly OutputRef[];
      by: StoppedBy;
      evidence: 'proven' | 'presumed';
    } & Timed)
  | { type: 'vanished'; cause: VanishedCause };

/** What we assert ourselves. */
export type OwnFact =
  | { type: 'claim' }
  | { type: 'cancelLocal' }
  | { type: 'notSent'; evidence: 'proven' | 'presumed' }
  | { type: 'rejected'; error: WireError }
  | { type: 'collected' }
  /** `givenUp`: we stopped waiting for them; the server may well have them. */
  | { type: 'collectFailed'; stored: number; givenUp?: boolean };

export type JobFact = ServerFact | OwnFact;
export type FactType = JobFact['type'];
