/**
 * The backends of one SwarmUI server: slots, state, what is special about them for a cancel, and lost slots (S13).
 * Pure over what `ListBackends` and the backends' queues said; asks nothing itself.
 */
import type { BackendView } from '../../../../shared/server-manage.ts';
import type { ServerStatus } from '../../../../shared/server.ts';
import type { BackendPrompt } from './passthrough.ts';
import type { SwarmBackend } from './schemas.ts';

export type Problem = ServerStatus['problems'][number];

const COMFY = 'comfyui_';
/** A job of ours waits for so long although slots should be free: looked at twice, they are lost (swarmui §4.4). */
const LOST_AFTER_MS = 2_000;

const isComfy = (backend: SwarmBackend): boolean => backend.type.startsWith(COMFY);
/** Takes image jobs now. Control entries of Swarm-to-Swarm backends take none themselves (swarmui §6.4). */
const isUsable = (backend: SwarmBackend): boolean =>
  backend.enabled && backend.status === 'running' && backend.can_load_models;

export class Backends {
  #list: readonly SwarmBackend[] | null = null;
  readonly #suspicion = new Map<number, number>();
  readonly #lost = new Map<number, number>();
  readonly #load = new Map<number, { running: number; all: number }>();

  /** Null until they were listed: without the permission they never are. */
  get list(): readonly SwarmBackend[] | null {
    return this.#list;
  }

  set(list: readonly SwarmBackend[]): void {
    this.#list = list;
    for (const id of [...this.#lost.keys()]) {
      // Re-created with another id, or gone: what was known of its slots is void.
      if (list.some((one) => one.id === id)) continue;
      this.#lost.delete(id);
      this.#suspicion.delete(id);
      this.#load.delete(id);
    }
  }

  /** Jobs the server takes at once, without those of lost slots; null when the backends may not be seen. */
  slots(): number | null {
    if (this.#list === null) return null;
    return this.#list
      .filter(isUsable)
      .reduce((sum, one) => sum + Math.max(0, one.max_usages - (this.#lost.get(one.id) ?? 0)), 0);
  }

  /** ComfyUI backends whose queue can be asked for. */
  visible(): number[] {
    return (this.#list ?? [])
      .filter((one) => isComfy(one) && one.enabled && one.status === 'running')
      .map((one) => one.id);
  }

  /** Every backend that may run a job of ours shows its queue: then a look at all of them proves something. */
  allVisible(): boolean {
    const usable = (this.#list ?? []).filter(isUsable);
    return usable.length > 0 && usable.every(isComfy);
  }

  sawQueue(backend: number, prompts: readonly BackendPrompt[]): void {
    this.#load.set(backend, { running: prompts.filter((one) => one.state === 'running').length, all: prompts.length });
  }

  /**
   * One round of looks: `waitedMs` is how long one of ours waits for a slot (null: none does), `prompts` all that is in
   * the queues. Waiting for over 2 s with fewer prompts than slots, twice, means that slots are lost (S13).
   */
  checkSlots(waitedMs: number | null, loading: boolean, prompts: readonly BackendPrompt[], allSeen: boolean): void {
    if (waitedMs === null || waitedMs < LOST_AFTER_MS || loading || !allSeen) {
      this.#suspicion.clear();
      return;
    }
    for (const backend of (this.#list ?? []).filter((one) => isUsable(one) && isComfy(one))) {
      const used = prompts.filter((one) => one.backend === backend.id).length;
      if (used >= backend.max_usages) {
        this.#suspicion.delete(backend.id);
        this.#lost.delete(backend.id);
        continue;
      }
      const times = (this.#suspicion.get(backend.id) ?? 0) + 1;
      this.#suspicion.set(backend.id, times);
      if (times >= 2) this.#lost.set(backend.id, backend.max_usages - used);
    }
  }

  views(): BackendView[] {
    return (this.#list ?? []).map((one) => {
      const load = isComfy(one) && one.status === 'running' ? this.#load.get(one.id) : undefined;
      return {
        id: one.id,
        title: one.title,
        type: one.type,
        state: one.status,
        enabled: one.enabled,
        model: one.current_model,
        slots: one.max_usages,
        load: load?.all ?? null,
        running: load?.running ?? null,
        allowIdle: one.settings['AllowIdle'] === true,
        swarmToSwarm: one.type === 'swarmswarmbackend',
        lostSlots: this.#lost.get(one.id) ?? 0,
      };
    });
  }

  /** Things to say on the server page, one per backend and kind. */
  problems(): Problem[] {
    const problems: Problem[] = [];
    for (const view of this.views()) {
      if (!view.enabled) continue;
      const params = { backend: view.id, title: view.title === '' ? view.type : view.title };
      if (view.lostSlots > 0)
        problems.push({ code: 'slots-lost', params: { ...params, lost: view.lostSlots, slots: view.slots } });
      if (view.allowIdle) problems.push({ code: 'allow-idle', params });
      if (view.swarmToSwarm && view.id >= 0) problems.push({ code: 'swarm-to-swarm', params });
      if (view.state === 'errored') problems.push({ code: 'backend-errored', params });
    }
    if (this.#list?.some(isUsable) === false) problems.push({ code: 'no-backend', params: {} });
    return problems;
  }
}
