/**
 * A small model of ComfyUI for exhaustive search (architecture, Appendix A): waiting queue, worker phases, interrupt flag,
 * history, the moves of the server and of other clients, and our event socket. Pure values; a state is a string key away
 * from being compared. T is our prompt, O somebody else's.
 */
export type Prompt = 'T' | 'O';

export interface ServerState {
  /** In run order. */
  readonly waiting: readonly Prompt[];
  readonly running: Prompt | null;
  /** `got`: taken, flag not yet cleared (an interrupt now is lost, C5); `exec`: runs and looks at the flag. */
  readonly phase: 'got' | 'exec' | null;
  readonly flag: boolean;
  /** A targeted interrupt that was checked and has not yet set its flag: the server's own window (C6). */
  readonly checked: boolean;
  readonly history: readonly string[];
  /** T was sent and is not yet in the queue (an unsettled submit). */
  readonly onTheWay: boolean;
  readonly restarted: boolean;
  /** What has really happened to each. */
  readonly truth: Readonly<Record<Prompt, 'none' | 'ran' | 'done' | 'interrupted' | 'removed'>>;
  /** How often other clients may still do so. */
  readonly clearsLeft: number;
  readonly strangersDeleteLeft: number;
  readonly restartsLeft: number;
}

/** What our socket has been told since the last look that said "waiting". */
export interface SocketState {
  /** A socket the server has forgotten gets nothing (C12). */
  readonly silent: boolean;
  readonly statusSinceWaiting: boolean;
  readonly startSeen: boolean;
  /** Frames the server has sent and we have not read: delivered in order. */
  readonly inFlight: readonly ('status' | 'start')[];
}

export interface World {
  readonly server: ServerState;
  readonly socket: SocketState;
}

export interface WorldOptions {
  readonly waiting?: readonly Prompt[];
  readonly running?: Prompt | null;
  readonly onTheWay?: boolean;
  readonly history?: readonly string[];
  readonly silent?: boolean;
  readonly clears?: number;
  readonly strangersDelete?: number;
  readonly restarts?: number;
}

export function world(options: WorldOptions): World {
  return {
    server: {
      waiting: options.waiting ?? [],
      running: options.running ?? null,
      phase: (options.running ?? null) === null ? null : 'exec',
      flag: false,
      checked: false,
      history: options.history ?? [],
      onTheWay: options.onTheWay ?? false,
      restarted: false,
      truth: { T: startTruth(options, 'T'), O: startTruth(options, 'O') },
      clearsLeft: options.clears ?? 0,
      strangersDeleteLeft: options.strangersDelete ?? 0,
      restartsLeft: options.restarts ?? 0,
    },
    socket: { silent: options.silent ?? false, statusSinceWaiting: false, startSeen: false, inFlight: [] },
  };
}

const startTruth = (options: WorldOptions, prompt: Prompt): 'none' | 'ran' =>
  options.running === prompt ? 'ran' : 'none';

function send(world_: World, frames: readonly ('status' | 'start')[], server: ServerState): World {
  if (world_.socket.silent) return { ...world_, server };
  return { server, socket: { ...world_.socket, inFlight: [...world_.socket.inFlight, ...frames] } };
}

/** Reads one frame from the socket. */
export function deliver(world_: World): World {
  const [frame, ...inFlight] = world_.socket.inFlight;
  const socket = { ...world_.socket, inFlight };
  if (frame === 'start') return { ...world_, socket: { ...socket, startSeen: true } };
  return { ...world_, socket: { ...socket, statusSinceWaiting: true } };
}

/** Every step the server, its worker, the network or another client may take next, by name. */
export function environmentSteps(now: World): [string, World][] {
  const { server } = now;
  const steps: [string, World][] = [];
  if (server.onTheWay) {
    steps.push(['arrive', send(now, ['status'], { ...server, onTheWay: false, waiting: [...server.waiting, 'T'] })]);
  }
  const [next, ...rest] = server.waiting;
  if (server.running === null && next !== undefined) {
    steps.push([`get ${next}`, send(now, ['status'], { ...server, waiting: rest, running: next, phase: 'got' })]);
  }
  if (server.running !== null && server.phase === 'got') {
    const truth = { ...server.truth, [server.running]: 'ran' as const };
    steps.push([
      `exec ${server.running}`,
      send(now, server.running === 'T' ? ['start'] : [], { ...server, phase: 'exec', flag: false, truth }),
    ]);
  }
  if (server.running !== null && server.phase === 'exec') {
    const ended = (how: 'done' | 'interrupted'): World =>
      send(now, ['status'], {
        ...server,
        running: null,
        phase: null,
        history: [...server.history, `${server.running ?? ''}:${how}`],
        truth: { ...server.truth, [server.running ?? 'T']: how },
      });
    steps.push([`finish ${server.running}`, ended('done')]);
    if (server.flag) steps.push([`notice ${server.running}`, ended('interrupted')]);
  }
  if (server.checked) steps.push(['set flag', { ...now, server: { ...server, checked: false, flag: true } }]);
  if (server.clearsLeft > 0)
    steps.push([
      'another client clears the history',
      { ...now, server: { ...server, clearsLeft: server.clearsLeft - 1, history: [] } },
    ]);
  if (server.strangersDeleteLeft > 0 && server.waiting.includes('T')) {
    steps.push([
      'another client removes T',
      send(now, ['status'], { ...remove(server), strangersDeleteLeft: server.strangersDeleteLeft - 1 }),
    ]);
  }
  if (server.restartsLeft > 0) {
    steps.push([
      'restart',
      {
        server: {
          ...server,
          restartsLeft: server.restartsLeft - 1,
          restarted: true,
          waiting: [],
          running: null,
          phase: null,
          flag: false,
          checked: false,
          history: [],
          truth: { T: server.truth.T === 'ran' ? 'ran' : server.truth.T, O: server.truth.O },
        },
        socket: { ...now.socket, inFlight: [] },
      },
    ]);
  }
  if (now.socket.inFlight.length > 0) steps.push(['frame', deliver(now)]);
  return steps;
}

function remove(server: ServerState): ServerState {
  return {
    ...server,
    waiting: server.waiting.filter((prompt) => prompt !== 'T'),
    truth: { ...server.truth, T: 'removed' },
  };
}

/** `POST /queue {delete:[T]}`. */
export function serverDelete(now: World): World {
  return now.server.waiting.includes('T') ? send(now, ['status'], remove(now.server)) : now;
}

/** Targeted: the check now, the flag in a step of its own. Untargeted: the flag at once, whoever runs. */
export function serverInterrupt(now: World, targeted: boolean): World {
  if (targeted) return now.server.running === 'T' ? { ...now, server: { ...now.server, checked: true } } : now;
  return { ...now, server: { ...now.server, flag: true } };
}

/** Where the queue has T, by one atomic read (C7). */
export function inQueue(now: World): 'waiting' | 'running' | null {
  if (now.server.running === 'T') return 'running';
  return now.server.waiting.includes('T') ? 'waiting' : null;
}

export function inHistory(now: World): 'done' | 'interrupted' | null {
  const entry = now.server.history.find((line) => line.startsWith('T:'));
  return entry === undefined ? null : entry === 'T:done' ? 'done' : 'interrupted';
}
