/** A core in a child process that can be killed at a named point and started again on the same data directory. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PointName } from '../../electron/core/queue/board.ts';
import type { CallName, Contract } from '../../shared/contract.ts';
import type { InputOf, OutputOf } from '../../shared/contract-types.ts';
import { fromWire } from '../../shared/errors.ts';

const SCRIPT = fileURLToPath(new URL('crash-child.ts', import.meta.url));

/** Rejected to every caller of a process that is gone. */
export class Died extends Error {}

export class ChildCore {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'switchyard-crash-'));
  #child: ChildProcess | null = null;
  #exited: Promise<NodeJS.Signals | number | null> = Promise.resolve(null);
  #nextId = 1;
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();

  /** Resolves true when the core is up, false when it died before that. */
  async start(point: PointName | null = null, nth = 1): Promise<boolean> {
    const child = fork(SCRIPT, [this.dataDir, point ?? '-', String(nth)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    let up: (value: boolean) => void = () => undefined;
    const ready = new Promise<boolean>((resolve) => {
      up = resolve;
    });
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        up(false);
        for (const { reject } of this.#pending.values()) reject(new Died(`the core died: ${signal ?? String(code)}`));
        this.#pending.clear();
        this.#child = null;
        resolve(signal ?? code);
      });
    });
    child.on('message', (message: 'ready' | { id: number; value?: unknown; error?: unknown }) => {
      if (message === 'ready') {
        up(true);
        return;
      }
      const waiting = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.value);
      else waiting?.reject(fromWire(message.error));
    });
    return ready;
  }

  call<Name extends CallName>(
    name: Name,
    args: InputOf<Contract['calls'][Name]>,
  ): Promise<OutputOf<Contract['calls'][Name]>> {
    const child = this.#child;
    if (child === null) return Promise.reject(new Died('the core is not running'));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ id, name, args }, (error) => {
        if (error === null) return;
        this.#pending.delete(id);
        reject(new Died(error.message));
      });
    });
  }

  /** How the process ended: `SIGKILL` at a point. */
  get exited(): Promise<NodeJS.Signals | number | null> {
    return this.#exited;
  }
  get alive(): boolean {
    return this.#child !== null;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#child?.send('close');
    await this.#exited;
  }

  async close(): Promise<void> {
    this.kill();
    await this.#exited;
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
