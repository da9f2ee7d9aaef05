/**
 * Adds, changes, removes and revives backends, and keeps trying to reach those that do not answer (swarmui §5, §7.3,
 * rec 04, 21). Grants no slots; the scheduler is only rung when something changed.
 */
import { SwarmBackend } from './backends.ts';
import type { BackendType } from './backends.ts';
import type { SavedBackend, SwarmCore } from './core.ts';
import { RemoteSwarm } from './remote.ts';
import type { JsonObject } from './types.ts';

export class BackendKeeper {
  readonly #core: SwarmCore;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #remotes = new Map<number, RemoteSwarm>();
  #lastChildId = 0;

  constructor(core: SwarmCore) {
    this.#core = core;
  }

  /** The remote Swarm behind a child of a control entry. */
  remoteOf(child: SwarmBackend): RemoteSwarm {
    const remote = child.parent === null ? undefined : this.#remotes.get(child.parent);
    if (remote === undefined) throw new Error('no remote swarm');
    return remote;
  }

  load(saved: SavedBackend): SwarmBackend {
    const backend = new SwarmBackend(saved.id, saved.type, saved.settings, saved.title);
    backend.enabled = saved.enabled;
    this.#core.backends.set(backend.id, backend);
    if (backend.enabled) this.restart(backend);
    else backend.state = 'disabled';
    return backend;
  }

  add(type: BackendType, settings: JsonObject): SwarmBackend {
    this.#core.disk.lastBackendId += 1;
    const backend = this.load({ id: this.#core.disk.lastBackendId, type, settings, title: '', enabled: true });
    this.#save();
    return backend;
  }

  edit(backend: SwarmBackend, title: string, settings: JsonObject): void {
    backend.title = title;
    backend.settings = { ...backend.settings, ...settings };
    backend.modcount += 1;
    this.restart(backend);
    this.#save();
  }

  /** Gone from all lists at once; what it still runs goes on. */
  remove(backend: SwarmBackend): void {
    backend.deleted = true;
    backend.epoch += 1;
    this.#dropChildren(backend);
    this.#core.backends.delete(backend.id);
    this.#save();
    this.#core.changed.ring();
  }

  setEnabled(backend: SwarmBackend, enabled: boolean): void {
    backend.enabled = enabled;
    if (enabled) this.restart(backend);
    else {
      backend.epoch += 1;
      backend.state = 'disabled';
      this.#dropChildren(backend);
    }
    this.#save();
    this.#core.changed.ring();
  }

  restart(backend: SwarmBackend): void {
    backend.epoch += 1;
    backend.state = 'waiting';
    backend.currentModel = null;
    this.#dropChildren(backend);
    void this.#connect(backend, backend.epoch, 1);
  }

  /** A job on an `AllowIdle` backend failed (swarmui §4.3 no. 5, rec 40). */
  failed(backend: SwarmBackend): void {
    if (!backend.allowIdle || !this.#core.quirks.allowIdleFailure || backend.state !== 'running') return;
    this.#becomeIdle(backend, backend.epoch);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const remote of this.#remotes.values()) remote.close();
  }

  #becomeIdle(backend: SwarmBackend, epoch: number): void {
    this.#setState(backend, 'idle');
    this.#later(this.#core.timing.idleCheckMs, () => {
      if (backend.epoch === epoch && backend.state === 'idle') void this.#connect(backend, epoch, 1);
    });
  }

  async #connect(backend: SwarmBackend, epoch: number, attempt: number): Promise<void> {
    const wasIdle = backend.state === 'idle';
    try {
      if (backend.address === '') throw new Error('no address');
      if (!wasIdle) this.#setState(backend, attempt === 1 ? 'waiting' : 'loading');
      if (backend.isControl) await this.#connectRemote(backend, epoch);
      else await this.#connectComfy(backend, wasIdle);
      if (backend.epoch === epoch && this.#core.isAlive()) this.#setState(backend, 'running');
    } catch {
      if (backend.epoch !== epoch || !this.#core.isAlive()) return;
      if (backend.allowIdle) this.#becomeIdle(backend, epoch);
      else if (attempt >= 3) this.#setState(backend, 'errored');
      else
        this.#later(this.#core.timing.initRetryMs, () => {
          if (backend.epoch === epoch) void this.#connect(backend, epoch, attempt + 1);
        });
    }
  }

  async #connectComfy(backend: SwarmBackend, keepDoor: boolean): Promise<void> {
    const door = keepDoor && backend.comfy !== null ? backend.comfy : backend.openComfy();
    const answer = await door.send('GET', '/object_info');
    if (answer.status !== 200 || typeof answer.json !== 'object' || answer.json === null)
      throw new Error(`object_info: ${String(answer.status)}`);
    backend.nodes = new Set(Object.keys(answer.json));
    backend.hasPack = backend.nodes.has('SwarmSaveImageWS');
  }

  async #connectRemote(control: SwarmBackend, epoch: number): Promise<void> {
    const remote = new RemoteSwarm(control.address);
    const seen = await remote.connect();
    if (control.epoch !== epoch || !this.#core.isAlive()) {
      remote.close();
      return;
    }
    this.#remotes.set(control.id, remote);
    for (const one of seen) {
      this.#lastChildId -= 1;
      const child = new SwarmBackend(
        this.#lastChildId,
        'swarmswarmbackend',
        { ...control.settings, MaxUsages: one.maxUsages },
        `[Remote from ${String(control.id)}: ${control.title}] ${one.title}`,
        control.id,
      );
      child.state = 'running';
      child.hasPack = true;
      this.#core.backends.set(child.id, child);
    }
  }

  #dropChildren(control: SwarmBackend): void {
    this.#remotes.get(control.id)?.close();
    this.#remotes.delete(control.id);
    for (const backend of [...this.#core.backends.values()]) {
      if (backend.parent !== control.id) continue;
      backend.deleted = true;
      this.#core.backends.delete(backend.id);
    }
  }

  #setState(backend: SwarmBackend, state: SwarmBackend['state']): void {
    if (backend.state === state) return;
    backend.state = state;
    this.#core.log('backend', { backend: backend.id, detail: state });
    this.#core.changed.ring();
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#core.isAlive()) act();
    }, ms);
    this.#timers.add(timer);
  }

  #save(): void {
    this.#core.disk.backends = [...this.#core.backends.values()]
      .filter((backend) => backend.parent === null)
      .map(({ id, type, settings, title, enabled }) => ({ id, type, settings, title, enabled }));
  }
}
