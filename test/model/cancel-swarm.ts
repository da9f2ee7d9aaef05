/**
 * A small model of SwarmUI before one ComfyUI, and a breadth-first search over every interleaving of server, network and
 * the real step functions of the stop procedure (swarm-cancel.ts), so that code and model can't drift apart. Time is
 * what the procedure assumes of it: a hand-over is through within the time after which a phase is called certain, unless
 * a world is `slow`.
 */
import { itsTurn, lookStep, RESEND_MS, stopStep } from '../../electron/core/servers/swarm/swarm-cancel.ts';
import type { LinePlace, StopStep } from '../../electron/core/servers/swarm/swarm-cancel.ts';
import type { Phase } from '../../electron/core/servers/swarm/swarm-stream.ts';
import type { CancelMode } from '../../shared/cancel.ts';

/** Where a request is inside SwarmUI. `grant`, `post` and `posted` are the windows of S12 and S13. */
type Inside = 'travel' | 'claimed' | 'wait' | 'grant' | 'post' | 'posted' | 'accepted' | 'exec' | 'end';
/** Where its prompt is in ComfyUI. `coming`: on the way there. */
type Prompt = 'none' | 'coming' | 'pending' | 'run' | 'done' | 'interrupted' | 'deleted';

interface Job {
  inside: Inside;
  prompt: Prompt;
  image: boolean;
  /** Phases not yet heard by us. */
  frames: Phase[];
  seen: Phase;
  over: boolean;
}
interface Stop {
  job: string;
  certain: boolean;
  sent: 'no' | 'flying' | 'landed' | 'late';
  sentRunning: boolean;
  absentOnce: boolean;
  absentLong: boolean;
  pressed: 'no' | 'interrupt' | 'delete' | 'landed';
  report: string | null;
}
interface State {
  jobs: Record<string, Job>;
  queue: string[];
  running: string | null;
  flag: boolean;
  free: number;
  lost: number;
  stops: Stop[];
}

export interface World {
  /** In submission order; those named in `stop` are ours, the rest are neighbours. */
  readonly jobs: readonly { readonly name: string; readonly at: Inside }[];
  readonly stop: readonly string[];
  readonly slots: number;
  readonly mode?: CancelMode;
  /** A phase may be called certain although a hand-over still goes on. */
  readonly slow?: boolean;
}
export interface Variant {
  /** Sends at once, whatever the phase. */
  readonly noHold?: boolean;
  /** Believes the stream's end. */
  readonly noLook?: boolean;
  /** Each on its own, not one after the other. */
  readonly noLine?: boolean;
  /** All jobs in one session. */
  readonly oneSession?: boolean;
}
export interface Verdict {
  readonly states: number;
  readonly faults: Map<string, string[]>;
  readonly reports: Set<string>;
  readonly mostLost: number;
}

const PHASE: Readonly<Record<Inside, Phase>> = {
  travel: 'sent',
  claimed: 'claimed',
  wait: 'waiting',
  grant: 'waiting',
  post: 'handed',
  posted: 'handed',
  accepted: 'handed',
  exec: 'running',
  end: 'ending',
};

function start(world: World): State {
  const state: State = { jobs: {}, queue: [], running: null, flag: false, free: world.slots, lost: 0, stops: [] };
  for (const { name, at } of world.jobs) {
    const prompt: Prompt = at === 'exec' ? 'run' : at === 'accepted' ? 'pending' : 'none';
    state.jobs[name] = { inside: at, prompt, image: false, frames: [], seen: PHASE[at], over: false };
    if (at === 'exec') state.running = name;
    if (at === 'accepted') state.queue.push(name);
    if (at === 'exec' || at === 'accepted') state.free -= 1;
  }
  state.stops = world.stop.map((job) => ({
    job,
    certain: false,
    sent: 'no',
    sentRunning: false,
    absentOnce: false,
    absentLong: false,
    pressed: 'no',
    report: null,
  }));
  return state;
}

type Move = [label: string, apply: (state: State) => void];
const jobOf = (state: State, name: string): Job => {
  const job = state.jobs[name];
  if (job === undefined) throw new Error(`no job ${name}`);
  return job;
};

function go(job: Job, to: Inside): void {
  if (PHASE[to] !== PHASE[job.inside]) job.frames.push(PHASE[to]);
  job.inside = to;
}
function end(state: State, job: Job, image: boolean): void {
  if (['grant', 'post', 'posted', 'accepted', 'exec'].includes(job.inside)) state.free += 1;
  job.image = image;
  go(job, 'end');
}

/** What server and network may do next. */
function serverMoves(state: State): Move[] {
  const moves: Move[] = [];
  for (const [name, job] of Object.entries(state.jobs)) {
    const at = (label: string, apply: (s: State, j: Job) => void): void =>
      void moves.push([
        `${label} ${name}`,
        (s) => {
          apply(s, jobOf(s, name));
        },
      ]);
    if (job.frames.length > 0) {
      at('hear', (s, j) => {
        j.seen = j.frames.shift() ?? j.seen;
        j.over = j.seen === 'ending';
        for (const stop of s.stops)
          if (stop.job === name || (j.over && ['waiting', 'handed'].includes(jobOf(s, stop.job).seen)))
            stop.certain = false;
      });
    }
    if (job.inside === 'travel')
      at('claim', (_s, j) => {
        go(j, 'claimed');
      });
    if (job.inside === 'claimed')
      at('queue', (_s, j) => {
        go(j, 'wait');
      });
    if (job.inside === 'wait' && state.free > 0)
      at('choose a slot for', (s, j) => {
        s.free -= 1;
        go(j, 'grant');
      });
    if (job.inside === 'grant')
      at('hand over', (_s, j) => {
        go(j, 'post');
        j.prompt = 'coming';
      });
    if (job.prompt === 'coming') {
      at('arrive', (s, j) => {
        j.prompt = 'pending';
        s.queue.push(name);
        if (j.inside === 'post') j.inside = 'posted';
      });
    }
    if (job.inside === 'posted')
      at('read the answer for', (_s, j) => {
        go(j, 'accepted');
      });
    if (job.inside === 'accepted' && ['run', 'done', 'interrupted'].includes(job.prompt))
      at('read the start of', (_s, j) => {
        go(j, 'exec');
      });
    if (job.inside === 'exec' && (job.prompt === 'done' || job.prompt === 'interrupted'))
      at('settle', (s, j) => {
        end(s, j, j.prompt === 'done');
      });
    if (state.running === name) {
      if (!state.flag)
        at('finish', (s, j) => {
          j.prompt = 'done';
          s.running = null;
        });
      else
        at('see the flag', (s, j) => {
          j.prompt = 'interrupted';
          s.running = null;
          s.flag = false;
        });
    }
  }
  const [next] = state.queue;
  if (state.running === null && next !== undefined) {
    moves.push([
      `begin ${next}`,
      (s) => {
        s.queue.shift();
        s.running = next;
        jobOf(s, next).prompt = 'run';
      },
    ]);
  }
  return moves;
}

/** SwarmUI's interrupt of one session, by where its request is just then (reference §4.2, §4.4). */
function interrupt(state: State, name: string): void {
  const job = jobOf(state, name);
  switch (job.inside) {
    case 'travel':
    case 'end':
      return;
    case 'claimed':
    case 'wait':
      end(state, job, false);
      return;
    case 'grant':
      end(state, job, false);
      state.free -= 1;
      state.lost += 1;
      return;
    case 'post':
    case 'posted':
      end(state, job, false);
      return;
    case 'accepted':
      if (job.prompt === 'pending') remove(state, name);
      end(state, job, false);
      return;
    case 'exec':
      if (state.running === name) state.flag = true;
      end(state, job, false);
  }
}
function remove(state: State, name: string): void {
  if (!state.queue.includes(name)) return;
  state.queue = state.queue.filter((one) => one !== name);
  jobOf(state, name).prompt = 'deleted';
}

function stepOf(state: State, stop: Stop, world: World, variant: Variant): StopStep {
  const job = jobOf(state, stop.job);
  const certain = variant.noHold === true || stop.certain || job.seen === 'running';
  const phase = variant.noHold === true && (job.seen === 'sent' || job.seen === 'claimed') ? 'waiting' : job.seen;
  return stopStep({
    mode: world.mode ?? 'stop',
    phase,
    certainIn: certain ? 0 : 1,
    started: job.seen === 'running',
    over: job.over,
    sentAgo: stop.sent === 'no' ? null : stop.sent === 'late' ? RESEND_MS : 0,
    sentRunning: stop.sentRunning,
    unsafe: false,
    sharedLoad: false,
  });
}

/** What we may do next, decided by the real functions. */
function ourMoves(state: State, world: World, variant: Variant): Move[] {
  const moves: Move[] = [];
  const line: LinePlace[] = state.stops.map((stop) => {
    const step = stepOf(state, stop, world, variant);
    const job = jobOf(state, stop.job);
    return {
      phase: job.seen,
      step: step.step,
      holdsForPhase: step.step === 'hold',
      sentAgo: stop.sent === 'no' ? null : 0,
      over: job.over || stop.report !== null,
      inLineMs: 0,
    };
  });
  state.stops.forEach((stop, index) => {
    const on = (label: string, apply: (s: State, mine: Stop) => void): void =>
      void moves.push([
        `${label} ${stop.job}`,
        (s) => {
          const mine = s.stops[index];
          if (mine !== undefined) apply(s, mine);
        },
      ]);
    const job = jobOf(state, stop.job);
    if (stop.sent === 'flying') {
      on('interrupt lands on', (s, mine) => {
        for (const name of variant.oneSession === true ? Object.keys(s.jobs) : [mine.job]) interrupt(s, name);
        mine.sent = 'landed';
      });
    }
    if (stop.pressed === 'interrupt')
      on('stop by id lands on', (s, mine) => {
        if (s.running === mine.job) s.flag = true;
        mine.pressed = 'landed';
      });
    if (stop.pressed === 'delete')
      on('delete by id lands on', (s, mine) => {
        remove(s, mine.job);
        mine.pressed = 'no';
      });
    if (stop.report !== null) return;
    const still = job.frames.length === 0 && (world.slow === true || isStill(state, job));
    if (!stop.certain && (job.seen === 'waiting' || job.seen === 'handed') && still)
      on('time passes for', (_s, mine) => {
        mine.certain = true;
      });
    const { step } = stepOf(state, stop, world, variant);
    if (step === 'started')
      on('leave', (_s, mine) => {
        mine.report = 'started';
      });
    if (step === 'ready' && stop.sent !== 'flying' && (variant.noLine === true || itsTurn(line, index))) {
      on('send for', (s, mine) => {
        mine.sent = 'flying';
        mine.sentRunning = jobOf(s, mine.job).seen === 'running';
      });
    }
    if (step === 'over' && stop.sent !== 'flying') moves.push(...lookMoves(state, stop, index, variant));
  });
  return moves;
}

/** 300 ms without change are enough for whatever SwarmUI was just doing with it. */
function isStill(state: State, job: Job): boolean {
  if (job.inside === 'wait') return state.free <= 0;
  return job.inside === 'accepted' && job.prompt === 'pending';
}

function lookMoves(state: State, stop: Stop, index: number, variant: Variant): Move[] {
  const job = jobOf(state, stop.job);
  const on = (label: string, apply: (mine: Stop) => void): Move[] => [
    [
      `${label} ${stop.job}`,
      (s) => {
        const mine = s.stops[index];
        if (mine !== undefined) apply(mine);
      },
    ],
  ];
  if (stop.sent === 'no' || job.image)
    return on('report the end of', (mine) => {
      mine.report = job.image ? 'finished' : 'ended';
    });
  if (variant.noLook === true)
    return on('believe the end of', (mine) => {
      mine.report = 'stopped';
    });
  const found = job.prompt === 'run' ? 'running' : job.prompt === 'pending' ? 'waiting' : 'absent';
  if (stop.pressed === 'interrupt' || stop.pressed === 'delete') return [];
  const step = lookStep({
    found,
    sentRunning: stop.sentRunning,
    sinceEndMs: 0,
    pressedAgo: stop.pressed === 'landed' ? 0 : null,
    absentForMs: found === 'absent' && stop.absentOnce ? (stop.absentLong ? 10_000 : 1) : null,
  });
  switch (step.look) {
    case 'gone':
      return on('see gone', (mine) => {
        mine.report = 'stopped';
      });
    case 'interrupt':
      return on('press', (mine) => {
        mine.pressed = 'interrupt';
        mine.absentOnce = false;
        mine.absentLong = false;
      });
    case 'delete':
      return on('take out', (mine) => {
        mine.pressed = 'delete';
        mine.absentOnce = false;
        mine.absentLong = false;
      });
    case 'again':
      if (found !== 'absent') return [];
      if (!stop.absentOnce)
        return on('look once for', (mine) => {
          mine.absentOnce = true;
        });
      // The pause between two looks is longer than a hand-over takes.
      return job.prompt === 'coming'
        ? []
        : on('look again for', (mine) => {
            mine.absentLong = true;
          });
  }
}

function faultsOf(state: State, world: World): string[] {
  const faults: string[] = [];
  for (const [name, job] of Object.entries(state.jobs)) {
    const ours = world.stop.includes(name);
    if (!ours && (job.prompt === 'interrupted' || job.prompt === 'deleted' || (job.inside === 'end' && !job.image)))
      faults.push('a neighbour was hit');
    if (ours && state.flag && state.running !== null && !world.stop.includes(state.running))
      faults.push('a neighbour will be hit');
    const stop = state.stops.find((one) => one.job === name);
    if (stop?.report === 'stopped' && (job.prompt === 'run' || job.prompt === 'pending' || job.prompt === 'coming'))
      faults.push('called stopped while it computes');
    if (world.mode === 'if-waiting' && job.seen === 'running' && stop?.sent === 'no' && stop.report === 'stopped')
      faults.push('called stopped though never asked');
  }
  return faults;
}

/** Every state that can be reached. `faults` holds the shortest way to each. */
export function explore(world: World, variant: Variant = {}): Verdict {
  const first = start(world);
  const seen = new Map<string, { from: string | null; label: string }>([
    [JSON.stringify(first), { from: null, label: '' }],
  ]);
  let front: State[] = [first];
  const faults = new Map<string, string[]>();
  const reports = new Set<string>();
  let mostLost = 0;
  const way = (key: string): string[] => {
    const labels: string[] = [];
    for (let at: string | null = key; at !== null;) {
      const step = seen.get(at);
      if (step === undefined) break;
      if (step.label !== '') labels.unshift(step.label);
      at = step.from;
    }
    return labels;
  };
  while (front.length > 0) {
    const next: State[] = [];
    for (const state of front) {
      const key = JSON.stringify(state);
      for (const fault of faultsOf(state, world)) if (!faults.has(fault)) faults.set(fault, way(key));
      mostLost = Math.max(mostLost, state.lost);
      for (const stop of state.stops) if (stop.report !== null) reports.add(stop.report);
      let moves = [...serverMoves(state), ...ourMoves(state, world, variant)];
      if (moves.length === 0) {
        const open = state.stops.filter((stop) => stop.report === null);
        if (open.length === 0) continue;
        // Nothing more happens by itself: ten seconds pass, and an interrupt that was lost is sent again.
        moves = open.some((stop) => stop.sent === 'landed')
          ? [
              [
                'ten seconds pass',
                (s) => {
                  for (const stop of s.stops) if (stop.sent === 'landed' && stop.report === null) stop.sent = 'late';
                },
              ],
            ]
          : [];
        if (moves.length === 0 && !faults.has('stands still')) faults.set('stands still', way(key));
      }
      for (const [label, apply] of moves) {
        const after = structuredClone(state);
        apply(after);
        const afterKey = JSON.stringify(after);
        if (seen.has(afterKey)) continue;
        seen.set(afterKey, { from: key, label });
        next.push(after);
      }
    }
    front = next;
  }
  return { states: seen.size, faults, reports, mostLost };
}
