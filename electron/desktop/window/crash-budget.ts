/** How often a broken window is rebuilt: three times in five minutes. More would be a flicker nobody can stop. Pure. */
const MOST = 3;
const WITHIN_MS = 5 * 60_000;

export class CrashBudget {
  #at: number[] = [];

  /** Notes a crash at `nowMs` and says whether to rebuild. */
  crashed(nowMs: number): boolean {
    this.#at = [...this.#at.filter((at) => nowMs - at < WITHIN_MS), nowMs];
    return this.#at.length <= MOST;
  }
}
