/** What a row of randomised cancels did on a SwarmUI, read from the engines' own logs: not from what anybody believes. */
import type { ComfyEngine } from '../../../electron/demo/comfy-server.ts';
import type { SwarmEngine } from '../../../electron/demo/swarm-engine.ts';

/** One job of a round, found by a value in its `extra_metadata`. */
export interface RandomJob {
  mark: string;
  /** `neighbour`: a stranger's. `kept`: ours, not cancelled. `cancelled`: seen stopped, or too late and done. */
  role: 'neighbour' | 'kept' | 'cancelled';
  /** The job's last state with us; null for a neighbour. */
  state: string | null;
}
export interface Harm {
  /** Neighbours and jobs of ours nobody cancelled that did not end with their image. */
  harmed: number;
  /** Prompts of cancelled jobs that are still in a ComfyUI. */
  orphans: number;
  lostSlots: number;
  slotsNotFree: number;
  /** Interrupts that hit a request of nobody we had cancelled. */
  strayHits: number;
}

export function harmOf(engine: SwarmEngine, comfys: readonly ComfyEngine[], jobs: readonly RandomJob[]): Harm {
  const claims = new Map<string, number | undefined>();
  for (const entry of engine.log) {
    if (entry.kind !== 'claim') continue;
    for (const value of Object.values(entry.extra ?? {})) if (typeof value === 'string') claims.set(value, entry.request);
  }
  const endings = new Map<number | undefined, string[]>();
  const prompts = new Map<number | undefined, string[]>();
  for (const entry of engine.log) {
    if (entry.kind === 'image-end') endings.set(entry.request, [...(endings.get(entry.request) ?? []), entry.detail ?? '']);
    if (entry.promptId !== undefined && entry.promptId !== '') prompts.set(entry.request, [...(prompts.get(entry.request) ?? []), entry.promptId]);
  }
  const present = new Set(comfys.flatMap((comfy) => [...comfy.queue.runningIds, ...comfy.queue.pending.map((item) => item[1])]));
  const cancelled = new Set(jobs.filter((job) => job.role === 'cancelled').map((job) => claims.get(job.mark)));
  const slots = comfys.map((_comfy, index) => engine.slots(index));
  return {
    harmed: jobs.filter((job) => job.role !== 'cancelled' && !(endings.get(claims.get(job.mark)) ?? []).every((ending) => ending === 'done')).length
      + jobs.filter((job) => job.role === 'kept' && job.state !== 'done').length,
    orphans: [...cancelled].flatMap((request) => prompts.get(request) ?? []).filter((id, index, all) => all.indexOf(id) === index && present.has(id)).length,
    lostSlots: slots.reduce((sum, slot) => sum + slot.lost, 0),
    slotsNotFree: slots.reduce((sum, slot) => sum + slot.max - slot.free, 0),
    strayHits: engine.events('interrupt').flatMap((entry) => entry.hit ?? []).filter((request) => !cancelled.has(request)).length,
  };
}
