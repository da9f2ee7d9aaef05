/**
 * Model loads: one per model and backend, shared by all requests that wait for it (swarmui §6.2, rec 31 to 33).
 * The wait belongs to the request that triggered it: cancel that one and, as on the real server, the others fail
 * although ComfyUI goes on loading (swarmui §4.3 no. 1).
 */
import type { SwarmBackend } from './backends.ts';
import type { SwarmCore } from './core.ts';
import { runPrompt } from './job.ts';
import type { Claim } from './sessions.ts';
import type { Where } from './types.ts';
import { sleep } from '../../../shared/util/async.ts';
import { ABORTED, orAborted, turn } from './wait.ts';

export interface Grant {
  readonly backend: SwarmBackend;
  /** gives the slot back; harmless when repeated */
  release(): void;
}

export type Acquired =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'refused'; readonly message: string };

export interface Wanted {
  readonly claim: Claim;
  readonly where: Where;
  /** the model that must be loaded, or null if any will do */
  readonly model: string | null;
  /** why a backend cannot serve this, or null if it can */
  readonly refuses: (backend: SwarmBackend) => string | null;
  /** sends the requester a status message */
  readonly notify: () => void;
}

export interface Waiting extends Wanted {
  readonly sinceMs: number;
  settled: boolean;
  readonly result: PromiseWithResolvers<Acquired>;
}

interface Pressure {
  readonly model: string;
  readonly sinceMs: number;
  readonly requests: Set<Waiting>;
  /** backends that "failed", with the reason */
  readonly bad: Map<number, string>;
  loading: boolean;
}

const newPressure = (model: string): Pressure => ({
  model,
  sinceMs: performance.now(),
  requests: new Set<Waiting>(),
  bad: new Map<number, string>(),
  loading: false,
});

const CANCELLED_REASON = 'System.OperationCanceledException: The operation was canceled.';

export class ModelLoader {
  readonly #core: SwarmCore;
  readonly #settle: (waiting: Waiting, outcome: Acquired) => void;
  readonly #pressures = new Map<string, Pressure>();

  constructor(core: SwarmCore, settle: (waiting: Waiting, outcome: Acquired) => void) {
    this.#core = core;
    this.#settle = settle;
  }

  forgetSettled(): void {
    for (const pressure of this.#pressures.values()) {
      for (const one of pressure.requests) if (one.settled) pressure.requests.delete(one);
      if (pressure.requests.size === 0 && !pressure.loading) this.#pressures.delete(pressure.model);
    }
  }

  /** A request found no backend with its model: join or start a load. */
  consider(one: Waiting, model: string, matching: readonly SwarmBackend[]): void {
    const pressure = this.#pressures.get(model) ?? newPressure(model);
    this.#pressures.set(model, pressure);
    const joins = !pressure.requests.has(one);
    pressure.requests.add(one);
    const eligible = matching.filter((backend) => !pressure.bad.has(backend.id));
    if (eligible.length === 0) {
      const reason = [...pressure.bad.values()][0] ?? 'unknown';
      this.#settle(one, {
        kind: 'refused',
        message: `All available backends failed to load the model '/srv/swarmui/Models/Stable-Diffusion/${model}'.\n\nPossible reason: ${reason}`,
      });
      return;
    }
    if (pressure.loading) {
      if (joins) one.notify();
      return;
    }
    // Loaded already, only no slot is free: wait for that.
    if (eligible.some((backend) => backend.currentModel === model && !backend.reserved)) return;
    const target = eligible
      .filter((backend) => !backend.reserved)
      .sort((a, b) => a.usages - b.usages || a.id - b.id)[0];
    if (target !== undefined && this.#isHeaviest(pressure)) void this.#load(pressure, target, one);
  }

  /** A load nobody's generation asked for (`SelectModel`). @returns null, or why it failed */
  async loadNow(model: string, backend: SwarmBackend, where: Where): Promise<string | null> {
    if (backend.currentModel === model) return null;
    while (backend.reserved) await backend.freed.wait(100);
    backend.reserved = true;
    this.#core.log('load-start', { ...where, backend: backend.id, detail: model });
    return this.#runLoad(model, backend, { ...where, backend: backend.id });
  }

  /** Score of swarmui §6.2: ten per waiting request plus seconds since the first. */
  #isHeaviest(pressure: Pressure): boolean {
    const score = (p: Pressure): number => 10 * p.requests.size + (performance.now() - p.sinceMs) / 1000;
    const own = score(pressure);
    return [...this.#pressures.values()].every((other) => other === pressure || other.loading || score(other) <= own);
  }

  async #load(pressure: Pressure, backend: SwarmBackend, trigger: Waiting): Promise<void> {
    pressure.loading = true;
    backend.reserved = true;
    const claims = [...pressure.requests].filter((one) => !one.settled).map((one) => one.claim);
    for (const claim of claims) claim.add({ loading_models: 1 });
    for (const one of pressure.requests) one.notify();
    const where = { ...trigger.where, backend: backend.id };
    this.#core.log('load-start', { ...where, detail: pressure.model });
    const work = this.#runLoad(pressure.model, backend, where);
    const first = await orAborted(work, trigger.claim.stopWaiting);
    await turn(); // the cancelled stream has shown its last status by now, still counting the load (swarmui rec 32)
    for (const claim of claims) claim.add({ loading_models: -1 });
    if (first === ABORTED) {
      this.#core.log('load-cancelled', { ...where, detail: pressure.model });
      if (this.#core.quirks.sharedLoadCancel) {
        pressure.bad.set(backend.id, CANCELLED_REASON);
        await sleep(Math.min(200, this.#core.timing.scanMs));
      } else await work;
    } else if (first !== null) pressure.bad.set(backend.id, first);
    pressure.loading = false;
    this.#core.changed.ring();
  }

  /** Loads in ComfyUI, cancelled or not. @returns null, or why it failed */
  async #runLoad(model: string, backend: SwarmBackend, where: Where): Promise<string | null> {
    let failure: string | null = null;
    try {
      await backend.allFree();
      await this.#core.pass('loading-model', where);
      const graph = {
        '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: model } },
        '5': { class_type: 'EmptyLatentImage', inputs: { batch_size: 1, height: 256, width: 256 } },
        '100': {
          class_type: 'SwarmJustLoadTheModelPlease',
          inputs: { model: ['4', 0], clip: ['4', 1], vae: ['4', 2] },
        },
      };
      if (backend.nodes.has('SwarmJustLoadTheModelPlease')) {
        await runPrompt(this.#core, backend, graph, { where, interrupted: new AbortController().signal, isLoad: true });
      }
      backend.currentModel = model;
    } catch (problem) {
      failure = problem instanceof Error ? problem.message : String(problem);
    }
    backend.reserved = false;
    this.#core.log('load-end', { ...where, detail: failure ?? model });
    this.#core.changed.ring();
    return failure;
  }
}
