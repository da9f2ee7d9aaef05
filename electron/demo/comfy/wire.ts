/**
 * Who gets which frame, and when: sockets by client id, the one ordered outbox of the real server's single event loop, stalls, and the
 * back-pressure that lets one stalled reader stop everybody (comfyui §4.2, §4.5, §4.9). Knows nothing of prompts.
 */
import { WebSocket } from 'ws';
import { sleep } from '../../../shared/util/async.ts';
import { pyDumps } from './py.ts';
import type { ComfyQuirks } from './types.ts';

/** Beyond this backlog a peer counts as stalled (about what loopback buffers take, comfyui §4.9). */
const stalledBytes = 2_400_000;

/** One accepted socket. */
export type Peer = Pick<WebSocket, 'send' | 'bufferedAmount' | 'readyState' | 'terminate'>;

interface Frame {
  readonly to: string | null;
  readonly data: string | Uint8Array;
}

interface Client {
  readonly peer: Peer;
  flags: Record<string, unknown>;
}

/** uint32 event type, then the parts (comfyui §4.6). */
export function binaryFrame(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(type);
  return Buffer.concat([head, ...parts]);
}

export const uint32 = (value: number): Uint8Array => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};

export class Wire {
  readonly #clients = new Map<string, Client>();
  /** Sockets that are open though the server forgot them (C12). */
  readonly #peers = new Set<Peer>();
  readonly #quirks: ComfyQuirks;
  #outbox: Frame[] = [];
  #pumping = false;
  #busy: Promise<void> | undefined;
  #frozen: PromiseWithResolvers<void> | undefined;

  constructor(quirks: ComfyQuirks) {
    this.#quirks = quirks;
  }

  /** Takes the place of an older socket with the same sid, which stays open and gets nothing more. */
  join(sid: string, peer: Peer): void {
    this.#clients.set(sid, { peer, flags: {} });
    this.#peers.add(peer);
  }

  /** A socket closed. The newer one that holds its sid by now is forgotten with it (C12, comfyui rec 16). */
  leave(sid: string, peer: Peer): void {
    this.#peers.delete(peer);
    this.#clients.delete(sid);
  }

  setFlags(sid: string, flags: Record<string, unknown>): void {
    const client = this.#clients.get(sid);
    if (client) client.flags = flags;
  }

  flag(sid: string | null, name: string): boolean {
    return sid !== null && this.#clients.get(sid)?.flags[name] === true;
  }

  /** Client ids that are served now. */
  get clientIds(): readonly string[] {
    return [...this.#clients.keys()];
  }

  sendJson(type: string, data: unknown, to: string | null): void {
    this.#queue({ to, data: pyDumps({ type, data }) });
  }

  sendBinary(data: Uint8Array, to: string | null): void {
    this.#queue({ to, data });
  }

  #queue(frame: Frame): void {
    this.#outbox.push(frame);
    if (!this.#pumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (let frame = this.#outbox[0]; frame; frame = this.#outbox[0]) {
        if (this.#busy || this.#frozen || this.#quirks.slowLoopMs > 0) await this.turn();
        // cut() may have emptied the outbox meanwhile.
        if (this.#outbox.shift() !== frame) continue;
        for (const peer of this.#targets(frame.to)) {
          if (peer.bufferedAmount > stalledBytes) await drained(peer);
          if (peer.readyState === WebSocket.OPEN) peer.send(frame.data);
        }
      }
    } finally {
      this.#pumping = false;
    }
  }

  #targets(to: string | null): readonly Peer[] {
    if (to === null) return [...this.#clients.values()].map((c) => c.peer);
    const client = this.#clients.get(to);
    return client ? [client.peer] : [];
  }

  /** Waits until the loop serves again: every HTTP request and every frame passes here. */
  async turn(): Promise<void> {
    if (this.#quirks.slowLoopMs > 0) await sleep(this.#quirks.slowLoopMs);
    while (this.#busy ?? this.#frozen) await (this.#frozen?.promise ?? this.#busy);
  }

  /** The loop does nothing else for `ms`. Resolves when it is free again. */
  async stall(ms: number): Promise<void> {
    while (this.#busy) await this.#busy;
    const busy = sleep(ms);
    this.#busy = busy;
    await busy;
    this.#busy = undefined;
  }

  /** Stops all HTTP answers and frames until `thaw`; sockets stay open (C15). */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers();
  }

  thaw(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  /** Cuts every socket; frames not yet sent are lost. */
  cut(): void {
    this.#outbox = [];
    for (const peer of this.#peers) peer.terminate();
    this.#peers.clear();
    this.#clients.clear();
  }
}

async function drained(peer: Peer): Promise<void> {
  while (peer.readyState === WebSocket.OPEN && peer.bufferedAmount > stalledBytes) await sleep(5);
}
