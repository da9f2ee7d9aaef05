/**
 * One generation request from claim to `discard_indices`: dispatch, waiting, running, messages, endings (swarmui §3.2,
 * §4.2). Used by the WebSocket and the HTTP route alike; sockets, `socket_intention` and the final status are in
 * stream.ts.
 */
import type { SwarmBackend } from './backends.ts';
import { ImageMessages } from './image.ts';
import { runPrompt } from './job.ts';
import type { JobEnd } from './job.ts';
import type { SwarmLife } from './life.ts';
import { buildGraph, nodeTypesOf, ParamError, readInput } from './params.ts';
import type { GenInput } from './params.ts';
import { runRemote } from './remote.ts';
import type { Claim, SwarmSession } from './sessions.ts';
import { JobError } from './types.ts';
import type { JsonObject, Where } from './types.ts';
import { sleep } from '../../../shared/util/async.ts';

export type Send = (message: object) => void;

/** Pause of the dispatch loop after each image it starts; nothing of a request is sent before. */
const DISPATCH_SPACING_MS = 20;
const INTERRUPTED = 'Generation session interrupted.';

export interface RequestOptions {
  /** index of the first image on this socket (swarmui §3.3) */
  readonly offset: number;
  /** the claim, once it exists (for `dropKeepsRunning: false`) */
  readonly onClaim?: (claim: Claim) => void;
}

/** Runs one request. Never rejects; all outcomes are messages. */
export async function runRequest(
  core: SwarmLife,
  session: SwarmSession,
  raw: JsonObject,
  images: number,
  send: Send,
  options: RequestOptions,
): Promise<void> {
  const number = core.hooks.nextNumber();
  const where: Where = { request: number, session: session.id, user: session.user.id };
  await core.pass('before-claim', where);
  const extra = (raw['extra_metadata'] ?? {}) as JsonObject;
  const claim = session.claim(number, images, extra);
  options.onClaim?.(claim);
  core.log('claim', { ...where, extra });
  const out = new HeldOutput(send);
  try {
    out.send(core.statusOf(session));
    await core.pass('claimed', where);
    let input: GenInput;
    try {
      input = readInput(raw, session.user, core.disk.models, [...core.backends.keys()]);
    } catch (problem) {
      if (!(problem instanceof ParamError)) throw problem;
      core.log('parameter-error', { ...where, detail: problem.message });
      out.send({ error: problem.message });
      return;
    }
    core.hooks.maybeCrash();
    await new Request({ core, claim, input, where, out, offset: options.offset }).run();
    await core.pass('before-end', where);
    out.send({ discard_indices: [] });
  } finally {
    out.open();
    claim.dispose();
    core.log('request-end', where);
  }
}

/** All messages of a request wait until its dispatch loop first waits (swarmui §3.2). */
class HeldOutput {
  #held: object[] | null = [];
  readonly #target: Send;

  constructor(target: Send) {
    this.#target = target;
  }

  send(message: object): void {
    if (this.#held === null) this.#target(message);
    else this.#held.push(message);
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const message of held) this.#target(message);
  }
}

interface RequestParts {
  readonly core: SwarmLife;
  readonly claim: Claim;
  readonly input: GenInput;
  readonly where: Where;
  readonly out: HeldOutput;
  readonly offset: number;
}

class Request {
  readonly #parts: RequestParts;
  readonly #requestId: string;
  readonly #nodeTypes: readonly string[];
  readonly #startedMs = performance.now();

  constructor(parts: RequestParts) {
    this.#parts = parts;
    this.#requestId = parts.claim.session.user.nextRequestId();
    this.#nodeTypes = nodeTypesOf(String(parts.input.values.get('comfyworkflowraw') ?? ''));
  }

  async run(): Promise<void> {
    const { core, claim, input, out } = this.#parts;
    const limit = core.maxSimultaneous() + 1;
    const running = new Set<Promise<void>>();
    for (let index = 0; index < input.images && !claim.isStopped(); index += 1) {
      if (running.size >= limit) {
        out.open();
        await Promise.race(running);
        if (claim.isStopped()) break;
      }
      const task: Promise<void> = this.#image(index).finally(() => {
        running.delete(task);
        out.send({ keep_alive: true });
      });
      running.add(task);
      await sleep(DISPATCH_SPACING_MS);
    }
    out.open();
    const beat = setInterval(() => {
      out.send({ keep_alive: true });
    }, core.timing.keepAliveMs);
    while (running.size > 0) await Promise.race(running);
    clearInterval(beat);
  }

  #status(): void {
    const { core, claim, out } = this.#parts;
    out.send(core.statusOf(claim.session));
  }

  #error(message: string): void {
    const { claim, input, out } = this.#parts;
    if (input.values.get('continueaftererrors') !== true || claim.interrupted.aborted) out.send({ error: message });
    if (input.values.get('continueaftererrors') !== true) claim.dropWaiting();
  }

  async #image(index: number): Promise<void> {
    const { core, claim, input } = this.#parts;
    const where: Where = { ...this.#parts.where, image: index };
    claim.add({ waiting_backends: 1 });
    this.#status();
    const acquired = await core.scheduler.acquire({
      claim: claim,
      where,
      model: input.model?.name ?? null,
      refuses: (backend) => this.#refusal(backend),
      notify: () => {
        this.#status();
      },
    });
    claim.add({ waiting_backends: -1 });
    if (acquired.kind === 'refused') this.#error(acquired.message);
    if (acquired.kind === 'cancelled' && !core.quirks.unevenEndings && claim.interrupted.aborted)
      this.#error(INTERRUPTED);
    this.#status();
    if (acquired.kind !== 'granted') {
      core.log('image-end', { ...where, detail: acquired.kind === 'refused' ? 'refused' : 'dropped' });
      return;
    }
    claim.add({ live_gens: 1 });
    this.#status();
    try {
      await this.#live(index, acquired.grant.backend, { ...where, backend: acquired.grant.backend.id });
    } finally {
      claim.add({ live_gens: -1, waiting_gens: -1 });
      acquired.grant.release();
      this.#status();
    }
  }

  async #live(index: number, backend: SwarmBackend, where: Where): Promise<void> {
    const { core, claim, input, out, offset } = this.#parts;
    const step = index * input.batchSize;
    const seed = input.seed + (input.values.get('noseedincrement') === true ? 0 : step);
    const messages = new ImageMessages({
      core,
      user: claim.session.user,
      input,
      seed,
      where,
      firstIndex: offset + step,
      afterAll: offset + input.images * input.batchSize,
      requestId: core.can.requestId ? this.#requestId : null,
      requestStartedMs: this.#startedMs,
      send: (message) => {
        out.send(message);
      },
    });
    let end: JobEnd | 'failed';
    try {
      const hooks = { where, interrupted: claim.interrupted, ...messages.hooks() };
      end = backend.isComfy
        ? await runPrompt(core, backend, buildGraph(input, seed, backend.hasPack), hooks)
        : await runRemote(core, core.keeper.remoteOf(backend), backend, input, hooks, messages);
      if (end === 'silent' && claim.interrupted.aborted) core.keeper.failed(backend);
    } catch (problem) {
      if (!core.isAlive()) return;
      end = 'failed';
      core.keeper.failed(backend);
      this.#error(problem instanceof JobError ? problem.message : 'Something went wrong while generating images.');
    }
    core.log('image-end', { ...where, detail: end });
    if (end === 'failed') return;
    if (end === 'done') {
      if (messages.count === 0)
        this.#error('No images were generated (all refused, or failed - check server logs for details).');
      return;
    }
    if (!core.quirks.unevenEndings || (end === 'interrupted' && messages.count === 0)) this.#error(INTERRUPTED);
  }

  /** Why this backend cannot serve the request (texts of swarmui rec 10), or null. */
  #refusal(backend: SwarmBackend): string | null {
    const { values } = this.#parts.input;
    const pinned = String(values.get('exactbackendid') ?? '');
    if (pinned !== '' && pinned !== String(backend.id) && pinned !== String(backend.parent))
      return `Request requires backend ID ${pinned}, but this is ${String(backend.id)}`;
    const type = String(values.get('internalbackendtype') ?? 'Any');
    if (type !== 'Any' && type.toLowerCase() !== backend.type)
      return `Request requires backend type ${type}, but this is ${backend.type}`;
    const unknown = backend.isComfy ? this.#nodeTypes.find((name) => !backend.nodes.has(name)) : undefined;
    if (unknown !== undefined) return `The custom workflow contains an unsupported node type '${unknown}'.`;
    return null;
  }
}
