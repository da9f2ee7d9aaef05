/**
 * Gives backend slots to waiting requests (swarmui §6.1, §6.2): scans in order of arrival whenever something changed
 * and at least every second, refuses what no backend can serve, and has models loaded through the loader. The moment of
 * granting is where a cancel can lose a slot for good (S13, swarmui rec 21).
 */
import type { SwarmBackend } from './backends.ts';
import type { SwarmCore } from './core.ts';
import { ModelLoader } from './loader.ts';
import type { Acquired, Waiting, Wanted } from './loader.ts';
import type { Where } from './types.ts';
import { sleep } from '../../../shared/util/async.ts';
import { turn } from './wait.ts';

export class Scheduler {
  readonly #core: SwarmCore;
  readonly #waiting = new Set<Waiting>();
  readonly loader: ModelLoader;

  constructor(core: SwarmCore) {
    this.#core = core;
    this.loader = new ModelLoader(core, (waiting, outcome) => {
      this.#settle(waiting, outcome);
    });
  }

  async run(): Promise<void> {
    while (this.#core.isAlive()) {
      const { scanMs, refuseAfterMs } = this.#core.timing;
      let waitMs = this.#waiting.size === 0 ? Infinity : scanMs;
      for (const one of this.#waiting) {
        const due = refuseAfterMs - (performance.now() - one.sinceMs);
        if (due > 0) waitMs = Math.min(waitMs, due + 1);
      }
      await this.#core.changed.wait(waitMs);
      await this.#scan();
    }
  }

  /** Waits for a slot, until the claim says that waiting is over. */
  acquire(wanted: Wanted): Promise<Acquired> {
    const waiting: Waiting = {
      ...wanted,
      sinceMs: performance.now(),
      settled: false,
      result: Promise.withResolvers<Acquired>(),
    };
    this.#waiting.add(waiting);
    const onStop = (): void => {
      this.#settle(waiting, { kind: 'cancelled' });
    };
    if (wanted.claim.stopWaiting.aborted) onStop();
    else {
      wanted.claim.stopWaiting.addEventListener('abort', onStop, { once: true });
      this.#core.log('wait', wanted.where);
      this.#core.changed.ring();
    }
    return waiting.result.promise.finally(() => {
      wanted.claim.stopWaiting.removeEventListener('abort', onStop);
    });
  }

  #settle(waiting: Waiting, outcome: Acquired): void {
    if (waiting.settled) return;
    waiting.settled = true;
    this.#waiting.delete(waiting);
    if (outcome.kind === 'refused') this.#core.log('refused', { ...waiting.where, detail: outcome.message });
    waiting.result.resolve(outcome);
  }

  async #scan(): Promise<void> {
    this.loader.forgetSettled();
    for (const one of [...this.#waiting]) {
      if (!this.#core.isAlive()) return;
      if (!one.settled) await this.#tryFind(one);
    }
  }

  async #tryFind(one: Waiting): Promise<void> {
    const enabled = [...this.#core.backends.values()].filter((backend) => backend.enabled && !backend.deleted);
    const running = enabled.filter((backend) => backend.state === 'running' && !backend.isControl);
    const old = performance.now() - one.sinceMs >= this.#core.timing.refuseAfterMs;
    if (running.length === 0) {
      if (enabled.some((backend) => backend.state === 'waiting' || backend.state === 'loading')) return;
      if (old) this.#settle(one, { kind: 'refused', message: 'No backends available!' });
      return;
    }
    const reasons = new Set<string>();
    const matching = running.filter((backend) => {
      const reason = one.refuses(backend);
      if (reason !== null) reasons.add(reason);
      return reason === null;
    });
    if (matching.length === 0) {
      const list = [...reasons].map((reason) => `- ${reason}`).join('\n');
      if (old)
        this.#settle(one, {
          kind: 'refused',
          message: `No backends match the settings of the request given! Backends refused for the following reason(s):\n${list}`,
        });
      return;
    }
    const ready = matching
      .filter(
        (backend) => backend.canGrant && (one.model === null || !backend.isComfy || backend.currentModel === one.model),
      )
      .sort((a, b) => a.usages - b.usages || a.id - b.id)[0];
    if (ready !== undefined) await this.#grant(one, ready);
    else if (one.model !== null) this.loader.consider(one, one.model, matching);
  }

  async #grant(one: Waiting, backend: SwarmBackend): Promise<void> {
    const where: Where = { ...one.where, backend: backend.id };
    await this.#core.pass('granting-slot', where);
    if (this.#core.timing.grantWindowMs > 0) await sleep(this.#core.timing.grantWindowMs);
    else await turn();
    if (one.settled) {
      // The requester has gone; the real scheduler claims the slot all the same, and nobody ever gives it back.
      if (!this.#core.quirks.slotLeak) return;
      backend.usages += 1;
      backend.lost += 1;
      this.#core.log('slot-lost', where);
      return;
    }
    if (!backend.canGrant) {
      this.#core.changed.ring();
      return;
    }
    backend.usages += 1;
    backend.lastUsedMs = Date.now();
    this.#core.log('grant', where);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      backend.usages -= 1;
      backend.lastUsedMs = Date.now();
      this.#core.log('slot-freed', where);
      backend.freed.ring();
      this.#core.changed.ring();
    };
    this.#settle(one, { kind: 'granted', grant: { backend, release } });
  }
}
