/**
 * The core served to the shell's own window: the contract over its MessagePort, and beside it what only the desktop knows
 * (shared/desktop-topics.ts). One connection per window at a time: a page that asks again has left its old one.
 */
import { contract } from '../../../shared/contract.ts';
import type { Events } from '../../../shared/contract.ts';
import { desktopTopics } from '../../../shared/desktop-topics.ts';
import type { DesktopEvents, DesktopState } from '../../../shared/desktop-topics.ts';
import type { Connection } from '../../../shared/rpc/connection.ts';
import { contractHash } from '../../../shared/rpc/contract-hash.ts';
import { createInvoker } from '../../../shared/rpc/invoke.ts';
import { serveApi } from '../../../shared/rpc/server.ts';
import { Emitter } from '../../../shared/util/emitter.ts';
import type { Core } from '../../core/core.ts';

type WindowEvents = Events & DesktopEvents;

export interface WindowLinkOptions {
  core: Pick<Core, 'handlers' | 'events' | 'log'>;
  version: string;
  state: () => DesktopState;
}

/** Core events as they come, the desktop's own, and the desktop's state at once for whoever begins to watch it. */
class WindowEmitter extends Emitter<WindowEvents> {
  readonly #core: Emitter<Events>;
  readonly #state: () => DesktopState;

  constructor(core: Emitter<Events>, state: () => DesktopState, onError: (error: unknown) => void) {
    super(onError);
    this.#core = core;
    this.#state = state;
  }

  override on<Name extends keyof WindowEvents>(
    name: Name,
    listener: (payload: WindowEvents[Name]) => void,
  ): Disposable {
    if (name === 'desktop.state') {
      const told = listener as (payload: DesktopState) => void;
      queueMicrotask(() => {
        told(this.#state());
      });
      return super.on(name, listener);
    }
    if (name === 'desktop.notice') return super.on(name, listener);
    return this.#core.on(name, listener as (payload: Events[keyof Events]) => void);
  }
}

export class WindowLink {
  readonly #options: WindowLinkOptions;
  readonly #events: WindowEmitter;
  readonly #invoker;
  readonly #open = new Map<number, Disposable>();

  constructor(options: WindowLinkOptions) {
    this.#options = options;
    const { core } = options;
    this.#invoker = createInvoker({ contract, handlers: core.handlers });
    this.#events = new WindowEmitter(core.events, options.state, (error) => {
      core.log.error('a listener of the window failed', { error });
    });
  }

  /** `contentsId` names the window. */
  serve(connection: Connection, contentsId: number): void {
    const { core, version } = this.#options;
    this.#open.get(contentsId)?.[Symbol.dispose]();
    const served = serveApi({
      connection,
      contract: { calls: contract.calls, events: { ...contract.events, ...desktopTopics } },
      invoker: this.#invoker,
      events: this.#events,
      hello: { contractHash: contractHash(contract), appVersion: version },
      face: 'window',
      // The window of this machine may do everything (architecture §16).
      allow: () => true,
      onBug: (error, call) => {
        core.log.error('a call of the window failed in a way nobody foresaw', { call, error });
      },
    });
    this.#open.set(contentsId, served);
    connection.onClose(() => {
      if (this.#open.get(contentsId) === served) this.#open.delete(contentsId);
    });
  }

  get count(): number {
    return this.#open.size;
  }

  notice(notice: DesktopEvents['desktop.notice']): void {
    this.#events.emit('desktop.notice', notice);
  }

  stateChanged(): void {
    this.#events.emit('desktop.state', this.#options.state());
  }

  [Symbol.dispose](): void {
    for (const served of this.#open.values()) served[Symbol.dispose]();
    this.#open.clear();
  }
}
