/**
 * A TCP proxy between us and a server, with the faults of real networks: refuse, cut, reset, stall, half-open, delayed
 * answers, and an answer that is lost after the request was delivered. Knows no HTTP but where a request begins.
 */
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes that wait while stalled. */
  held: { to: Socket; chunk: Buffer }[];
}

export class FaultProxy {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<Pair>();
  readonly #rules: { pattern: RegExp; fault: 'drop-reply' | 'reset-before' | 'reset-after' }[] = [];
  #server: Server | null = null;
  #port = 0;
  #stalled = false;
  #deaf = false;
  #delayMs = 0;
  /** Connections made so far. */
  connections = 0;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** Listens on a free loopback port before `targetUrl`. */
  static async before(targetUrl: string): Promise<FaultProxy> {
    const url = new URL(targetUrl);
    const proxy = new FaultProxy({ host: url.hostname, port: Number(url.port) });
    await proxy.listen();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  async listen(): Promise<void> {
    const server = createServer((client) => {
      this.#accept(client);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** New connections are refused, those that stand are cut. `listen` ends it. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const closed = new Promise<void>((resolve) => {
      if (server === null) resolve();
      else
        server.close(() => {
          resolve();
        });
    });
    this.cut();
    await closed;
  }

  /** Closes every connection, properly (FIN). */
  cut(): void {
    for (const pair of this.#pairs) {
      pair.client.end();
      pair.server.destroy();
    }
  }

  /** Resets every connection (RST). */
  reset(): void {
    for (const pair of this.#pairs) {
      pair.client.resetAndDestroy();
      pair.server.destroy();
    }
  }

  /** Nothing passes in either direction until `flow`; nothing is lost. */
  stall(): void {
    this.#stalled = true;
  }

  flow(): void {
    this.#stalled = false;
    for (const pair of this.#pairs) for (const { to, chunk } of pair.held.splice(0)) to.write(chunk);
  }

  /** Half-open: what either side sends is swallowed and nobody is told, on the connections that stand now and later. */
  halfOpen(on = true): void {
    this.#deaf = on;
  }

  /** Answers reach us this much later. */
  delayReplies(ms: number): void {
    this.#delayMs = ms;
  }

  /** The next request whose first bytes match is delivered, and its connection cut before the answer. */
  dropReplyOf(pattern: RegExp): void {
    this.#rules.push({ pattern, fault: 'drop-reply' });
  }

  /** The next request whose first bytes match is not delivered: the connection is reset instead. */
  resetBefore(pattern: RegExp): void {
    this.#rules.push({ pattern, fault: 'reset-before' });
  }

  /** The next request whose first bytes match is delivered, and the connection reset at the first byte of the answer. */
  resetAfter(pattern: RegExp): void {
    this.#rules.push({ pattern, fault: 'reset-after' });
  }

  async close(): Promise<void> {
    this.#stalled = false;
    await this.refuse();
    for (const pair of this.#pairs) {
      pair.client.destroy();
      pair.server.destroy();
    }
  }

  #accept(client: Socket): void {
    this.connections += 1;
    const server = connect(this.#target.port, this.#target.host);
    const pair: Pair = { client, server, held: [] };
    this.#pairs.add(pair);
    let afterReply: 'drop' | 'reset' | null = null;
    const forget = (): void => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', forget);
      socket.on('close', forget);
    }
    client.on('data', (chunk: Buffer) => {
      const index = this.#rules.findIndex(({ pattern }) => pattern.test(chunk.subarray(0, 2_000).toString('latin1')));
      const rule = index === -1 ? undefined : this.#rules.splice(index, 1)[0];
      if (rule?.fault === 'reset-before') {
        client.resetAndDestroy();
        return;
      }
      if (rule !== undefined) afterReply = rule.fault === 'drop-reply' ? 'drop' : 'reset';
      this.#pass(pair, server, chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (afterReply !== null) {
        if (afterReply === 'reset') client.resetAndDestroy();
        forget();
      } else if (this.#delayMs === 0) this.#pass(pair, client, chunk);
      else
        setTimeout(() => {
          this.#pass(pair, client, chunk);
        }, this.#delayMs);
    });
  }

  #pass(pair: Pair, to: Socket, chunk: Buffer): void {
    if (this.#deaf || to.destroyed) return;
    if (this.#stalled) pair.held.push({ to, chunk });
    else to.write(chunk);
  }
}
