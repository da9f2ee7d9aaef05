/**
 * What earlier runs teach: how long a payload usually takes on a server, and how its time divides among its nodes.
 * Only for display; nothing waits or times out by it.
 */
import type { PayloadId, ServerId } from '../../../shared/ids.ts';
import type { JobReads } from '../db/job-reads.ts';

interface NodeTimes {
  /** In the order in which they began on the last run. */
  order: string[];
  ms: Map<string, number>;
}
const MANY = 500;

export class Experience {
  readonly #reads: JobReads;
  readonly #usual = new Map<string, { low: number; high: number } | null>();
  readonly #nodes = new Map<PayloadId, NodeTimes>();

  constructor(reads: JobReads) {
    this.#reads = reads;
  }

  /** The middle of the last 20 runs; null with fewer than two. */
  usual(payloadId: PayloadId, serverId: ServerId | null): { low: number; high: number } | null {
    if (serverId === null) return null;
    const key = `${payloadId} ${serverId}`;
    const known = this.#usual.get(key);
    if (known !== undefined) return known;
    const runs = this.#reads.runs(payloadId, serverId).sort((a, b) => a - b);
    const at = (share: number): number => runs[Math.min(runs.length - 1, Math.floor(runs.length * share))] ?? 0;
    const usual = runs.length < 2 ? null : { low: at(0.1), high: at(0.9) };
    if (this.#usual.size > MANY) this.#usual.clear();
    this.#usual.set(key, usual);
    return usual;
  }

  /** A run ended: its payload's range is asked again next time. */
  ran(payloadId: PayloadId, serverId: ServerId): void {
    this.#usual.delete(`${payloadId} ${serverId}`);
  }

  nodeTimes(payloadId: PayloadId): NodeTimes | null {
    return this.#nodes.get(payloadId) ?? null;
  }

  /** Keeps the node times of a run that went to its end, blended with those before. */
  learn(payloadId: PayloadId, order: readonly string[], ms: ReadonlyMap<string, number>): void {
    const before = this.#nodes.get(payloadId);
    const blended = new Map(before?.ms ?? []);
    for (const [node, time] of ms)
      blended.set(node, before?.ms.has(node) === true ? ((before.ms.get(node) ?? time) + time) / 2 : time);
    if (this.#nodes.size > MANY) this.#nodes.clear();
    const known = new Set(order);
    this.#nodes.set(payloadId, {
      order: [...order, ...(before?.order ?? []).filter((node) => !known.has(node))],
      ms: blended,
    });
  }
}
