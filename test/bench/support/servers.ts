/** The fake servers' process, seen from a measure: starts it, asks it (verbs of server-process.ts), ends it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atEnd } from './ends.ts';
import type { Verbs } from './server-process.ts';

export interface FakeServers {
  readonly pid: number;
  ask<Name extends keyof Verbs>(
    verb: Name,
    args: Parameters<Verbs[Name]>[0],
  ): Promise<Awaited<ReturnType<Verbs[Name]>>>;
  close(): Promise<void>;
}

type Answer = { id: number; value: unknown } | { id: number; error: string };

/** One process for all servers of a measure, so that they share no event loop with what is measured. */
export async function startServers(): Promise<FakeServers> {
  const child = fork(fileURLToPath(new URL('./server-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let next = 1;
  child.on('message', (message) => {
    const answer = message as Answer;
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) asked?.reject(new Error(answer.error));
    else asked?.resolve(answer.value as never);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      for (const { reject } of waiting.values()) reject(new Error('the servers’ process has ended'));
      resolve();
    });
  });
  const close = atEnd(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    pid: child.pid ?? 0,
    ask: (verb, args) =>
      new Promise((resolve, reject) => {
        const id = next;
        next += 1;
        waiting.set(id, { resolve, reject });
        child.send({ id, verb, args });
      }),
    close,
  };
}
