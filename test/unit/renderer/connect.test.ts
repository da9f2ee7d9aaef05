/** The window's link: one api over many connections, each with a session of its own; calls without a connection fail at once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLink } from '../../../renderer/connect.ts';
import type { Link } from '../../../renderer/connect.ts';
import { AppError } from '../../../shared/errors.ts';
import { memoryPair } from '../../support/memory-pair.ts';
import type { Connection } from '../../../shared/rpc/connection.ts';

/** Hosts by hand: greets, answers `queue.summary` with its own number. */
class Hosts {
  readonly ends: Connection[] = [];
  refuse: AppError | null = null;
  hash = 'contract-1';

  dial = async (): Promise<Connection> => {
    if (this.refuse !== null) throw this.refuse;
    const [ours, theirs] = memoryPair();
    const number = this.ends.push(theirs);
    theirs.onMessage((message) => {
      const { type, id } = message as { type: string; id: number };
      if (type === 'call') theirs.send({ type: 'ok', id, value: number });
    });
    theirs.send({ type: 'hello', contractHash: this.hash, appVersion: '0' });
    return ours;
  };
}

let hosts: Hosts;
let link: Link;
let states: string[];
let sessions: string[];
let reloads: number;

/** Waits until it holds; the pauses of the link are 1 ms here. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !holds(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(holds()).toBe(true);
}

beforeEach(() => {
  // The link listens for a woken window; Node has none.
  Object.assign(globalThis, { window: new EventTarget() });
  hosts = new Hosts();
  states = [];
  sessions = [];
  reloads = 0;
});
afterEach(() => {
  link[Symbol.dispose]();
  Reflect.deleteProperty(globalThis, 'window');
});

function open(): void {
  let number = 0;
  link = openLink({
    dial: hosts.dial,
    pauseMs: () => 1,
    onState: (state) => states.push(state),
    onSession: () => {
      number += 1;
      const own = number;
      sessions.push(`begin ${own}`);
      return { [Symbol.dispose]: () => void sessions.push(`end ${own}`) };
    },
    onOtherContract: () => {
      reloads += 1;
    },
  });
}

test('a lost connection is made again, with a session of its own and the same api', async () => {
  open();
  const { api } = link;
  await until(() => states.at(-1) === 'online');
  expect(await api.queue.summary({})).toBe(1);
  hosts.ends[0]?.close('cut');
  await until(() => states.join() === 'online,reconnecting,online');
  expect(sessions).toEqual(['begin 1', 'end 1', 'begin 2']);
  expect(await api.queue.summary({})).toBe(2);
  expect(reloads).toBe(0);
});

test('without a connection a call fails at once, by its code', async () => {
  hosts.refuse = new AppError('server_unreachable', 'nobody');
  open();
  await until(() => states.includes('connecting'));
  await expect(link.api.queue.summary({})).rejects.toMatchObject({
    code: 'server_unreachable',
    details: { peer: 'host' },
  });
});

test('a page the host does not know is told apart from a host that is away', async () => {
  hosts.refuse = new AppError('server_auth', 'no session');
  open();
  await until(() => states.includes('signed-out'));
});

test('a host with another contract asks for the page to be loaded anew', async () => {
  open();
  await until(() => states.at(-1) === 'online');
  hosts.hash = 'contract-2';
  hosts.ends[0]?.close('restarted');
  await until(() => reloads === 1);
});
