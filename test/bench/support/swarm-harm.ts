/** What a row of randomised cancels did on a SwarmUI, read from the engines' own logs: not from what anybody believes. */
import type { ComfyEngine } from '../../../electron/demo/comfy/server.ts';
import type { SwarmEngine } from '../../../electron/demo/swarm/engine.ts';

/** One job of a round, found by a value in its `extra_metadata`. */
export interface RandomJob {
  mark: string;
  /** `neighbour`: a stranger's. `kept`: ours, not cancelled. `cancelled`: seen stopped, or too late and done. */
  role: 'neighbour' | 'kept' | 'cancelled';
  /** The job's last state with us; null for a neighbour. */
  state: string | null;
  /** Wall clock, ms, when it was called cancelled; null when it never was. */
  stoppedAt: number | null;
}
export interface Harm {
  /** Neighbours and jobs of ours nobody cancelled that did not end with their image. */
  harmed: number;
  /** Prompts of cancelled jobs that a ComfyUI still has, or still worked on a second after they were called stopped. */
  orphans: number;
  lostSlots: number;
  slotsNotFree: number;
  /** Interrupts that hit a request of nobody we had cancelled. */
  strayHits: number;
}

const ORPHAN_MS = 1_000;

/** `jobs` are those of the last rounds, over for more than a second; `cancelled` all marks ever cancelled. */
export function harmOf(
  engine: SwarmEngine,
  comfys: readonly ComfyEngine[],
  jobs: readonly RandomJob[],
  cancelled: ReadonlySet<string>,
): Harm {
  const requests = new Map<string, number>();
  const endings = new Map<number, string[]>();
  const prompts = new Map<number, Set<string>>();
  for (const { kind, request, extra, detail, promptId } of engine.log) {
    if (request === undefined) continue;
    if (kind === 'claim')
      for (const value of Object.values(extra ?? {})) if (typeof value === 'string') requests.set(value, request);
    if (kind === 'image-end') endings.set(request, [...(endings.get(request) ?? []), detail ?? '']);
    if (promptId !== undefined && promptId !== '')
      prompts.set(request, (prompts.get(request) ?? new Set<string>()).add(promptId));
  }
  const lastWork = new Map<string, number>();
  for (const comfy of comfys) {
    for (const { promptId, at } of comfy.log) lastWork.set(promptId, at);
    for (const id of [...comfy.queue.runningIds, ...comfy.queue.pending.map((item) => item[1])])
      lastWork.set(id, Infinity);
  }
  const requestOf = (job: RandomJob): number => requests.get(job.mark) ?? -1;
  const endedWell = (job: RandomJob): boolean => {
    const how = endings.get(requestOf(job)) ?? [];
    return how.length > 0 && how.every((ending) => ending === 'done') && (job.state ?? 'done') === 'done';
  };
  const ranOn = (job: RandomJob): boolean => {
    const { stoppedAt } = job;
    return (
      stoppedAt !== null &&
      [...(prompts.get(requestOf(job)) ?? [])].some((id) => (lastWork.get(id) ?? 0) > stoppedAt + ORPHAN_MS)
    );
  };
  const ours = new Set([...cancelled].map((mark) => requests.get(mark)));
  const slots = comfys.map((_comfy, index) => engine.slots(index));
  return {
    harmed: jobs.filter((job) => job.role !== 'cancelled' && !endedWell(job)).length,
    orphans: jobs.filter(ranOn).length,
    lostSlots: slots.reduce((sum, slot) => sum + slot.lost, 0),
    slotsNotFree: slots.reduce((sum, slot) => sum + slot.max - slot.free, 0),
    strayHits: engine
      .events('interrupt')
      .flatMap((entry) => entry.hit ?? [])
      .filter((request) => !ours.has(request)).length,
  };
}
