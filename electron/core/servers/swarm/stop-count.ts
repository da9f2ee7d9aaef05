/**
 * The last resort of the look after a stop: a prompt that carries no mark and whose id was never heard can't be known
 * again in a queue, so prompts nobody is known for are counted against slots held by others (swarmui §4.4 rule 4).
 */
import { ownerOf } from './foreign.ts';
import type { BackendPrompt } from './passthrough.ts';
import type { Track } from './track.ts';

export interface Unexplained {
  /** Prompts on the backends that could be of this attempt. */
  readonly prompts: number;
  /** Calls that hold a slot and have no prompt yet that is known to be theirs. */
  readonly live: number;
}

/** Nothing is left unexplained for so long: a hand-over to another one that hid it for a moment is through by then. */
const HIDDEN_MS = 1_000;
/** Without any prompt that could be of it: a hand-over of its own is through by then. */
const EMPTY_MS = 300;

/** `live`: everybody's calls that hold a slot. `track` is the one that has ended. */
export function unexplained(
  prompts: readonly BackendPrompt[],
  tracks: readonly Track[],
  track: Track,
  live: number,
): Unexplained {
  const others = tracks.filter((one) => one !== track && !one.isOver());
  // A mark names its attempt, whosever it is.
  const open = prompts.filter((one) => one.attemptId === null && ownerOf(one, others) === null);
  let explained = prompts.filter((one) => one.attemptId !== null && ownerOf(one, others) === null).length;
  for (const other of others) {
    const held = other.counters?.live_gens ?? 0;
    explained += other.marked ? held : Math.min(held, prompts.filter((one) => ownerOf(one, [other]) !== null).length);
  }
  return { prompts: open.length, live: Math.max(0, live - explained) };
}

/** Feeds on one count after the other; says when they prove that nothing was left behind. */
export class CountProof {
  #since: number | null = null;

  proves(count: Unexplained, now: number): boolean {
    if (count.prompts > count.live) {
      this.#since = null;
      return false;
    }
    this.#since ??= now;
    return now - this.#since >= (count.prompts === 0 ? EMPTY_MS : HIDDEN_MS);
  }
}
