/**
 * Other people's work on one SwarmUI server: counts per user minus ours, and what runs on each ComfyUI
 * backend (S9). Pure bookkeeping over what was asked; never sure of a prompt that could be one of ours without a mark.
 */
import type { ServerId } from '../../../../shared/ids.ts';
import type { ForeignJob, ForeignView } from '../../../../shared/server.ts';
import type { ForeignEnded } from '../adapter.ts';
import type { BackendPrompt } from './passthrough.ts';
import type { SwarmUserCounts } from './schemas.ts';
import type { Track } from './track.ts';

const MOST_JOBS = 200;
const MOST_ORDER = 400;

/** A foreign prompt's remote key. Ids of remote children are below 0. */
const foreignKey = (prompt: { backend: number; promptId: string }): string =>
  `${String(prompt.backend)}:${prompt.promptId}`;

/**
 * Null for anything that is not such a key; a prompt id is never empty (an empty one would be global, swarmui §8.2).
 */
export function readForeignKey(key: string): { backend: number; promptId: string } | null {
  const match = /^(-?\d+):(.+)$/.exec(key);
  return match?.[1] === undefined || match[2] === undefined ? null : { backend: Number(match[1]), promptId: match[2] };
}

interface Seen {
  readonly prompts: readonly BackendPrompt[];
  /** Per user, where that may be seen. */
  readonly users: readonly SwarmUserCounts[] | null;
  readonly ownUser: string;
  /** Of this installation, as in our marks. */
  readonly ownClient: string;
  readonly tracks: readonly Track[];
  readonly now: number;
}

interface Known {
  readonly firstSeen: number;
  startedAt: number | null;
  interruptedByUs: boolean;
}

export class ForeignBook {
  readonly #serverId: ServerId;
  readonly #known = new Map<string, Known>();

  constructor(serverId: ServerId) {
    this.#serverId = serverId;
  }

  /** We interrupted it by its id: when it disappears, that is how it ended. */
  interruptedByUs(key: string): void {
    const known = this.#known.get(key);
    if (known !== undefined) known.interruptedByUs = true;
  }

  see(seen: Seen): { view: Omit<ForeignView, 'serverId'>; ended: ForeignEnded[] } {
    const keys = new Set<string>();
    const jobs: ForeignJob[] = [];
    const order: string[] = [];
    for (const prompt of inOrder(seen.prompts)) {
      const owner = ownerOf(prompt, seen.tracks);
      order.push(owner?.key ?? foreignKey(prompt));
      if (owner !== null || (prompt.attemptId !== null && prompt.clientId === seen.ownClient)) continue;
      const key = foreignKey(prompt);
      const known = this.#known.get(key) ?? { firstSeen: seen.now, startedAt: null, interruptedByUs: false };
      // One of ours that carries no mark may be handed over right now, and be this one: then it is not called foreign yet.
      if (prompt.attemptId === null && !this.#known.has(key) && seen.tracks.some(mayBeUnmarked)) continue;
      if (prompt.state === 'running') known.startedAt ??= seen.now;
      this.#known.set(key, known);
      keys.add(key);
      jobs.push({
        serverId: this.#serverId,
        remoteKey: key,
        state: prompt.state,
        how: null,
        place: prompt.state === 'waiting' ? prompt.place : null,
        cancelling: false,
        firstSeen: known.firstSeen,
        startedAt: known.startedAt,
        endedAt: null,
      });
    }
    const ended: ForeignEnded[] = [];
    for (const [key, known] of this.#known) {
      if (keys.has(key)) continue;
      this.#known.delete(key);
      // SwarmUI deletes its finished prompts from ComfyUI's history: how it ended can't be known.
      ended.push({ remoteKey: key, how: known.interruptedByUs ? 'cancelled-by-us' : 'gone' });
    }
    return {
      view: {
        jobs: jobs.slice(0, MOST_JOBS),
        total: jobs.length,
        counts: withoutListed(countsOf(seen), jobs.length),
        order: order.slice(0, MOST_ORDER),
      },
      ended,
    };
  }
}

/** The track a prompt belongs to: by our mark, or by its id (S16, S18). */
export function ownerOf(prompt: BackendPrompt, tracks: readonly Track[]): Track | null {
  return tracks.find((track) => isPromptOf(track, prompt)) ?? null;
}

export function isPromptOf(track: Track, prompt: BackendPrompt): boolean {
  return prompt.attemptId === track.attempt.attemptId || track.stream?.promptIds.has(prompt.promptId) === true;
}

/** It holds a slot, or is about to, and its prompt would not be known again in a queue. */
function mayBeUnmarked(track: Track): boolean {
  if (track.isOver() || track.marked) return false;
  const live = track.counters?.live_gens ?? 0;
  return (
    track.phase === 'sent' ||
    track.phase === 'claimed' ||
    track.phase === 'waiting' ||
    live > (track.stream?.promptIds.size ?? 0)
  );
}

function inOrder(prompts: readonly BackendPrompt[]): BackendPrompt[] {
  return [...prompts].sort((a, b) => a.place - b.place || a.backend - b.backend);
}

/** Calls (images) of others: waiting for a slot or a model, and those that hold one. */
function countsOf({ users, ownUser, tracks }: Seen): ForeignView['counts'] {
  const ours = { gens: 0, live: 0 };
  for (const track of tracks) {
    ours.gens += track.counters?.waiting_gens ?? 0;
    ours.live += track.counters?.live_gens ?? 0;
  }
  const none = { gens: 0, live: 0 };
  const counts = (users ?? []).map((one) => {
    const minus = one.id === ownUser ? ours : none;
    const running = Math.max(0, one.live_gens - minus.live);
    return { user: one.id, running, waiting: Math.max(0, one.waiting_gens - minus.gens - running) };
  });
  return counts.filter((one) => one.running > 0 || one.waiting > 0);
}

/**
 * What is listed one by one is not counted a second time. Nothing on a prompt names its user: while others still run
 * unlisted, on a backend that can't be seen or loading a model, it is only known that somebody's do.
 */
export function withoutListed(counts: ForeignView['counts'], listed: number): ForeignView['counts'] {
  const running = counts.reduce((sum, one) => sum + one.running, 0);
  const rest = running - listed;
  const several = counts.filter((one) => one.running > 0).length > 1;
  if (listed === 0 || running === 0) return counts;
  const left = counts
    .map((one) => ({ ...one, running: rest > 0 && !several && one.running > 0 ? rest : 0 }))
    .filter((one) => one.running > 0 || one.waiting > 0);
  return rest > 0 && several ? [...left, { user: null, waiting: 0, running: rest }] : left;
}
