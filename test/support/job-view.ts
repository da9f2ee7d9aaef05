/** A job as the host would send it, with only what a test is about spelled out. */
import type { JobId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';

export const jobIdOf = (name: string): JobId => name as JobId;

/** A queued ComfyUI job for any server, of which nothing is known. */
export function jobView(name: string, more: Partial<JobView> = {}): JobView {
  return {
    id: jobIdOf(name),
    rev: 1,
    kind: 'comfy',
    batch: null,
    serverId: null,
    onServerId: null,
    title: `job ${name}`,
    info: { source: null, width: null, height: null, seed: null, images: null, model: null, nodes: 7 },
    note: null,
    state: 'queued',
    held: false,
    position: 1,
    createdAt: 1,
    startedAt: null,
    endedAt: null,
    ranMs: null,
    usualMs: null,
    attempts: 0,
    cancel: null,
    error: null,
    outputs: { expected: 0, stored: 0, missing: 0, partial: false, thumb: null },
    putBackOf: null,
    putBackAs: null,
    runAgainOf: null,
    ...more,
  };
}
