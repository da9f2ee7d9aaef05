/**
 * Interleaves the real `nextAct` of comfy/cancel.ts with every move of the server model, breadth first, and judges each
 * report by what really happened. The client's part here is only what the driver does between two decisions: ask, send,
 * wait. Variants break one rule each, to show that the search would notice.
 */
import { nextAct } from '../../electron/core/servers/comfy/cancel.ts';
import type { Look, StopFacts } from '../../electron/core/servers/comfy/cancel.ts';
import type { CancelMode } from '../../shared/cancel.ts';
import { deliver, environmentSteps, inHistory, inQueue, serverDelete, serverInterrupt } from './comfy-server-model.ts';
import type { World } from './comfy-server-model.ts';

export interface Variant {
  readonly mode?: CancelMode;
  /** Reads history before the queue (case B). */
  readonly historyFirst?: boolean;
  /** Interrupts without an id (case C). */
  readonly untargeted?: boolean;
  /** Sends the interrupt once only (case D). */
  readonly once?: boolean;
  /** Believes any status frame, or none at all: "absent means it never started". */
  readonly believesAbsence?: boolean;
  /** Believes a frame without the fence behind it. */
  readonly noFence?: boolean;
  /** Name of the prompt that was in history before T was sent. */
  readonly witness?: string | null;
}

/** Where the client stands between two requests. */
type At =
  | { at: 'look' }
  | { at: 'second read'; first: 'waiting' | 'running' | 'done' | 'interrupted' | null }
  | { at: 'act'; look: Look }
  | { at: 'witness read'; look: Look }
  | { at: 'wait' }
  | { at: 'grace' }
  | { at: 'over'; report: string };

interface Client {
  readonly at: At;
  readonly fence: StopFacts['fence'];
  readonly witness: StopFacts['witness'];
  readonly waitingSeen: boolean;
  readonly startSeen: boolean;
  readonly graceOver: boolean;
  readonly interrupts: number;
}

interface Node {
  readonly world: World;
  readonly client: Client;
}

export interface Verdict {
  readonly states: number;
  /** Shortest trace to each kind of wrong, by its name. */
  readonly wrong: ReadonlyMap<string, readonly string[]>;
  readonly reports: ReadonlySet<string>;
  /** Shortest trace to a state in which ours runs and nothing can stop it any more; null when there is none. */
  readonly runsOn: readonly string[] | null;
}

const START: Client = {
  at: { at: 'look' },
  fence: 'unknown',
  witness: 'unknown',
  waitingSeen: false,
  startSeen: false,
  graceOver: false,
  interrupts: 0,
};

export function explore(first: World, variant: Variant = {}): Verdict {
  const start: Node = { world: first, client: START };
  const seen = new Map<string, { from: string | null; step: string }>([[key(start), { from: null, step: 'start' }]]);
  const queue: Node[] = [start];
  const wrong = new Map<string, string[]>();
  const reports = new Set<string>();
  const before = new Map<string, string[]>();
  const running: string[] = [];
  const stopped: string[] = [];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const fault of judge(node)) if (!wrong.has(fault)) wrong.set(fault, trace(seen, key(node)));
    if (node.client.at.at === 'over') reports.add(node.client.at.report);
    const here = key(node);
    if (node.world.server.running === 'T' && node.client.at.at !== 'over') running.push(here);
    if (node.world.server.truth.T === 'interrupted') stopped.push(here);
    for (const [step, next] of successors(node, variant)) {
      const name = key(next);
      before.set(name, [...(before.get(name) ?? []), here]);
      if (seen.has(name)) continue;
      seen.set(name, { from: here, step });
      queue.push(next);
    }
  }
  const hopeful = reaching(stopped, before);
  const lost = running.find((name) => !hopeful.has(name));
  return { states: seen.size, wrong, reports, runsOn: lost === undefined ? null : trace(seen, lost) };
}

/** Everything from which one of `goals` can be reached. */
function reaching(goals: readonly string[], before: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set(goals);
  const queue = [...goals];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    for (const earlier of before.get(name) ?? []) {
      if (found.has(earlier)) continue;
      found.add(earlier);
      queue.push(earlier);
    }
  }
  return found;
}

const key = (node: Node): string => JSON.stringify(node);

function trace(seen: ReadonlyMap<string, { from: string | null; step: string }>, last: string): string[] {
  const steps: string[] = [];
  for (let at: string | null = last; at !== null;) {
    const entry = seen.get(at);
    if (entry === undefined) break;
    steps.unshift(entry.step);
    at = entry.from;
  }
  return steps;
}

function successors(node: Node, variant: Variant): [string, Node][] {
  const environment = environmentSteps(node.world).map(([step, world]): [string, Node] => [step, { ...node, world }]);
  return [...environment, ...clientSteps(node, variant)];
}

function clientSteps({ world, client }: Node, variant: Variant): [string, Node][] {
  const to = (step: string, change: Partial<Client>, next = world): [string, Node][] => [
    [step, { world: next, client: { ...client, ...change } }],
  ];
  // A restart breaks the socket: the epoch changes and the procedure ends at its next check.
  if (world.server.restarted && client.at.at !== 'over')
    return to('epoch changed', { at: { at: 'over', report: 'interrupted' } });
  switch (client.at.at) {
    case 'look': {
      const first = variant.historyFirst === true ? inHistory(world) : inQueue(world);
      if (first !== null) return settle(world, client, first);
      return to(`first read: nothing`, { at: { at: 'second read', first } });
    }
    case 'second read': {
      const second = variant.historyFirst === true ? inQueue(world) : inHistory(world);
      if (second !== null) return settle(world, client, second);
      return to('look: absent', { at: { at: 'act', look: { saw: 'absent' } }, fence: 'unknown', witness: 'unknown' });
    }
    case 'act':
      return act(world, client, client.at.look, variant);
    case 'witness read': {
      const stands =
        variant.witness !== undefined && variant.witness !== null && world.server.history.includes(variant.witness);
      return to(`witness ${stands ? 'stands' : 'is gone'}`, {
        witness: stands ? 'stands' : 'none',
        at: { at: 'act', look: client.at.look },
      });
    }
    case 'wait':
      return to('look again', { at: { at: 'look' } });
    case 'grace': {
      const heard = world.socket.statusSinceWaiting ? to('a frame came', { at: { at: 'look' } }) : [];
      return [...heard, ...to('2 s are over', { at: { at: 'look' }, graceOver: true })];
    }
    case 'over':
      return [];
  }
}

function settle(world: World, client: Client, saw: 'waiting' | 'running' | 'done' | 'interrupted'): [string, Node][] {
  const look: Look =
    saw === 'waiting' || saw === 'running'
      ? { saw }
      : {
          saw: 'ended',
          fact:
            saw === 'done'
              ? { type: 'finished', outputs: [] }
              : { type: 'stopped', reach: 'running', outputs: [], by: 'unknown', evidence: 'proven' },
        };
  // A look that says "waiting" starts the count of frames anew.
  const next = saw === 'waiting' ? { ...world, socket: { ...world.socket, statusSinceWaiting: false } } : world;
  const change: Partial<Client> = {
    at: { at: 'act', look },
    fence: 'unknown',
    witness: 'unknown',
    waitingSeen: client.waitingSeen || saw === 'waiting',
    startSeen: client.startSeen || saw === 'running',
  };
  return [[`look: ${saw}`, { world: next, client: { ...client, ...change } }]];
}

function act(world: World, client: Client, look: Look, variant: Variant): [string, Node][] {
  const to = (step: string, change: Partial<Client>, next = world): [string, Node][] => [
    [step, { world: next, client: { ...client, ...change } }],
  ];
  const startSeen = client.startSeen || world.socket.startSeen;
  if (variant.believesAbsence === true && look.saw === 'absent' && !startSeen)
    return to('report', { at: { at: 'over', report: 'stopped waiting' } });
  const decision = nextAct(look, {
    mode: variant.mode ?? 'stop',
    power: variant.untargeted === true ? 'untargeted' : 'targeted',
    startSeen,
    frameSinceWaiting: client.waitingSeen && world.socket.statusSinceWaiting,
    fence: variant.noFence === true ? 'passed' : client.fence,
    witness: client.witness,
    graceOver: client.graceOver,
    interruptDue: variant.once !== true || client.interrupts === 0,
  });
  switch (decision.act) {
    case 'delete':
      return to('delete', { at: { at: 'look' } }, serverDelete(world));
    case 'interrupt':
      return to(
        'interrupt',
        { at: { at: 'wait' }, interrupts: Math.min(2, client.interrupts + 1) },
        serverInterrupt(world, variant.untargeted !== true),
      );
    case 'wait':
      return to('wait', { at: { at: 'wait' } });
    case 'fence': {
      // Everything sent before is read before the answer comes.
      let heard = world;
      while (heard.socket.inFlight.length > 0) heard = deliver(heard);
      return to('fence', { fence: 'passed' }, heard);
    }
    case 'check-witness':
      return to('ask for the witness', { at: { at: 'witness read', look } });
    case 'wait-frame':
      return to('wait for a frame', { at: { at: 'grace' } });
    case 'give-up':
      return to('give up', { at: { at: 'over', report: 'vanished' } });
    case 'report': {
      const { report } = decision;
      const said =
        report.report !== 'ended'
          ? report.report
          : report.fact.type === 'stopped'
            ? `stopped ${report.fact.reach}`
            : report.fact.type;
      return to(`report ${said}`, { at: { at: 'over', report: said } });
    }
  }
}

/** What is wrong in this state; empty when nothing is. */
function judge({ world, client }: Node): string[] {
  const { truth, running, phase } = world.server;
  const faults: string[] = [];
  if (truth.O === 'interrupted') faults.push('a neighbour was interrupted');
  if (client.at.at !== 'over') return faults;
  const { report } = client.at;
  const ends: Record<string, readonly string[]> = {
    'stopped waiting': ['removed'],
    'stopped running': ['interrupted'],
    finished: ['done'],
  };
  const allowed = ends[report];
  if (allowed !== undefined && !allowed.includes(truth.T)) faults.push(`said "${report}" of a job that ${truth.T}`);
  if (report === 'stopped waiting' && running === 'T' && phase !== null)
    faults.push('said "stopped waiting" of a job that runs');
  if (report === 'started' && truth.T === 'removed') faults.push('said "started" of a job that was removed');
  return faults;
}
