/** An HTTP server on loopback that goes down, cutting what is open, and comes up again on its port. Knows no protocol. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Listening {
  readonly host: string;
  readonly keepAliveMs: number;
  readonly request: RequestListener;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export class Listener {
  readonly #how: Listening;
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  constructor(how: Listening) {
    this.#how = how;
  }

  get port(): number {
    return this.#port;
  }

  /** `http://127.0.0.1:PORT`, no slash at the end. */
  get url(): string {
    const { host } = this.#how;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /** Does nothing while it listens. Rejects if the port is taken. */
  async up(port = this.#port): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ keepAliveTimeout: this.#how.keepAliveMs }, this.#how.request);
    server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    server.on('upgrade', this.#how.upgrade);
    server.listen(port, this.#how.host);
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }
}
