/**
 * What is known of one SwarmUI server only by asking: liveness, counters, backends and their queues, memory. Asks no
 * more than once a second (swarmui §5), and stops what was left behind by attempts of ours that are over (orphans).
 */
import type { Log } from '../../log.ts';
import { AppError, isAbort, toAppError } from '../../../../shared/errors.ts';
import { sleep } from '../../../../shared/util/async.ts';
import type { AdapterContext } from '../adapter.ts';
import { AnswerTimes } from '../answer-times.ts';
import { Backends } from './backends.ts';
import type { Problem } from './backends.ts';
import type { SwarmClient } from './client.ts';
import { ForeignBook, isPromptOf } from './foreign.ts';
import type { BackendPrompt, QueueLook } from './passthrough.ts';
import type { Track } from './track.ts';

const BEAT_MS = 1_000;
const BACKENDS_MS = 5_000;
const BUSY_LOOK_MS = 2_000;
const IDLE_LOOK_MS = 10_000;
/** The same thing is not asked again within this, however many look. */
const ONCE_MS = 1_000;
/** How long prompts of an attempt that is over are looked for. */
const ORPHAN_MS = 60_000;
const DEAF_BEATS = 2;

interface MonitorPorts {
  readonly context: AdapterContext;
  tracks(): Track[];
  lost(error: AppError): void;
  /** Leases nobody ended, and the like. */
  sweep(): void;
}

export class Monitor {
  readonly #ports: MonitorPorts;
  readonly #log: Log;
  readonly backends = new Backends();
  readonly foreign: ForeignBook;
  readonly answers = new AnswerTimes(9);
  readonly #asked = new Map<string, number>();
  readonly #over = new Map<string, { track: Track; until: number }>();
  #loading = false;
  #lastStatus = '';

  constructor(ports: MonitorPorts) {
    this.#ports = ports;
    this.#log = ports.context.log;
    this.foreign = new ForeignBook(ports.context.server.id);
  }

  /** Some backend loads a model, as the server last said. */
  get loading(): boolean {
    return this.#loading;
  }

  /** Prompts of this attempt that turn up from now on are orphans. */
  isOver(track: Track): void {
    this.#over.set(track.attempt.attemptId, { track, until: performance.now() + ORPHAN_MS });
  }

  /** Runs until the signal aborts or the server is lost. Never rejects. */
  async run(client: SwarmClient, signal: AbortSignal): Promise<void> {
    let deaf = 0;
    const over = (): boolean => signal.aborted;
    while (!over()) {
      try {
        const { backend_status: backends } = await client.ask(
          (session) => client.api.currentStatus(session, signal),
          signal,
        );
        deaf = 0;
        this.#loading = backends?.any_loading === true;
        await this.#beat(client, signal);
      } catch (error) {
        if (over() || isAbort(error)) return;
        const app = toAppError(error);
        // Slow is not offline: one answer that never came is borne, a refused connection is not.
        deaf += app.code === 'server_timeout' ? 1 : 0;
        if (app.code === 'server_unreachable' || app.code === 'server_auth' || deaf >= DEAF_BEATS) {
          this.#ports.lost(app);
          return;
        }
        this.#log.debug('a look at the server failed', { error: app });
      }
      await sleep(BEAT_MS, signal).catch(() => undefined);
    }
  }

  async #beat(client: SwarmClient, signal: AbortSignal): Promise<void> {
    const tracks = this.#ports.tracks();
    const waits = tracks.some((track) => track.phase === 'waiting');
    const few = (this.backends.slots() ?? 1) === 0;
    if (this.#due('backends', waits || few ? ONCE_MS : BACKENDS_MS)) await this.askBackends(client, signal);
    const busy = tracks.length > 0 || this.#over.size > 0;
    if (this.#due('foreign', busy ? BUSY_LOOK_MS : IDLE_LOOK_MS)) await this.askWork(client, signal);
    if (this.#due('memory', IDLE_LOOK_MS)) await this.#askMemory(client, signal);
    if (this.#due('sweep', IDLE_LOOK_MS)) this.#ports.sweep();
    this.tellStatus();
  }

  /** While a face looks: everything, but nothing more often than once a second. */
  async refresh(client: SwarmClient, signal: AbortSignal): Promise<void> {
    if (this.#due('backends', ONCE_MS)) await this.askBackends(client, signal);
    if (this.#due('foreign', ONCE_MS)) await this.askWork(client, signal);
    if (this.#due('memory', ONCE_MS)) await this.#askMemory(client, signal);
    this.tellStatus();
  }

  async askBackends(client: SwarmClient, signal: AbortSignal): Promise<void> {
    if (!client.may('view_backends_list')) return;
    this.backends.set(await client.ask((session) => client.api.backends(session, signal), signal));
    this.tellStatus();
  }

  /** Everybody's counters and the backends' queues; orphans of ours are stopped on the way. */
  async askWork(client: SwarmClient, signal: AbortSignal): Promise<void> {
    const users = client.may('read_server_info_panels')
      ? await client.ask((session) => client.api.connectedUsers(session, signal), signal)
      : null;
    const look = await this.look(client, signal);
    if (look !== null) await this.#stopOrphans(client, look.prompts);
    const tracks = this.#ports.tracks();
    const waiting = tracks
      .filter((track) => track.phase === 'waiting' && !track.started)
      .map((track) => performance.now() - track.phaseSince);
    this.backends.checkSlots(
      waiting.length === 0 ? null : Math.max(...waiting),
      tracks.some((track) => track.loading) || this.#loading,
      look?.prompts ?? [],
      look?.complete === true,
    );
    const known = [...tracks, ...[...this.#over.values()].map((one) => one.track)];
    const seen = this.foreign.see({
      prompts: look?.prompts ?? [],
      users,
      ownUser: client.session.user_id,
      ownClient: this.#ports.context.server.clientId,
      tracks: known,
      now: Date.now(),
    });
    this.#ports.context.sink.foreign(seen.view, seen.ended);
    if (users !== null)
      this.#ports.context.sink.status({ queueLength: users.reduce((sum, one) => sum + one.waiting_gens, 0) });
  }

  /** Null when no backend shows its queue to us. A backend whose ComfyUI does not answer makes the look incomplete. */
  async look(client: SwarmClient, signal: AbortSignal): Promise<QueueLook | null> {
    const ids = this.backends.visible();
    if (!client.visible || ids.length === 0) return null;
    const queues = await Promise.all(
      ids.map(async (id) => {
        try {
          const prompts = await client.passthrough.queue(id, signal);
          this.backends.sawQueue(id, prompts);
          return prompts;
        } catch (error) {
          if (error instanceof AppError && error.code === 'server_protocol') return null;
          throw error;
        }
      }),
    );
    const prompts = queues.flatMap((one) => one ?? []);
    for (const prompt of prompts) {
      const track = this.#ports.tracks().find((one) => isPromptOf(one, prompt));
      if (track === undefined) continue;
      track.backend = prompt.backend;
      if (prompt.attemptId === track.attempt.attemptId) track.marked = true;
      if (prompt.state === 'running') track.seenRunning = true;
    }
    return queues.every((one) => one === null)
      ? null
      : { prompts, complete: this.backends.allVisible() && queues.every((one) => one !== null) };
  }

  /** A prompt whose attempt is over, or was lost with the server's process: stopped by its id (S10). */
  async #stopOrphans(client: SwarmClient, prompts: readonly BackendPrompt[]): Promise<void> {
    const live = this.#ports.tracks().filter((track) => !track.isOver() && !track.isOfAnotherBoot(client.boot));
    for (const [id, { track, until }] of [...this.#over]) {
      for (const prompt of prompts.filter((one) => isPromptOf(track, one))) {
        if (live.some((one) => isPromptOf(one, prompt))) continue;
        await this.stopPrompt(client, prompt, track);
      }
      if (performance.now() > until) this.#over.delete(id);
    }
  }

  async stopPrompt(client: SwarmClient, prompt: BackendPrompt, track: Track): Promise<void> {
    // Its step may just be ending: SwarmUI's own interrupt reached it, and a second one would be for whoever comes next.
    if (prompt.state === 'running' && track.interruptedRunning) return;
    this.#log.warn('a prompt of an attempt that is over was found on a backend; stopping it by its id', {
      job: track.attempt.jobId,
      backend: prompt.backend,
      state: prompt.state,
    });
    if (prompt.state === 'running') await client.passthrough.interrupt(prompt.backend, prompt.promptId);
    else await client.passthrough.deleteOrphan(prompt.backend, prompt.promptId);
  }

  async #askMemory(client: SwarmClient, signal: AbortSignal): Promise<void> {
    if (!client.may('read_server_info_panels')) return;
    const { system_ram: ram, gpus } = await client.ask((session) => client.api.resources(session, signal), signal);
    const [gpu] = Object.values(gpus ?? {});
    const memory =
      gpu === undefined
        ? { usedBytes: ram.used, totalBytes: ram.total, device: 'RAM' }
        : { usedBytes: gpu.used_memory, totalBytes: gpu.total_memory, device: gpu.name };
    this.#ports.context.sink.status({ memory });
  }

  /** True at most once in `ms` for each name. */
  #due(name: string, ms: number): boolean {
    const now = performance.now();
    if (now - (this.#asked.get(name) ?? -Infinity) < ms - 50) return false;
    this.#asked.set(name, now);
    return true;
  }

  /** Problems of the connection itself, e.g. an old server. */
  problems: () => readonly Problem[] = () => [];

  /** Tells what changed; whoever waits for slots hears it too. */
  tellStatus(): void {
    const problems = [...this.problems(), ...this.backends.problems()];
    const { list } = this.backends;
    const backends = list === null ? null : list.filter((one) => one.enabled && one.id >= 0).length;
    const answersInMs = this.answers.median();
    const said = JSON.stringify([
      problems,
      backends,
      answersInMs === null ? null : Math.round(answersInMs),
      this.backends.slots(),
    ]);
    if (said === this.#lastStatus) return;
    this.#lastStatus = said;
    this.#ports.context.sink.status({ problems, backends, answersInMs });
  }
}
