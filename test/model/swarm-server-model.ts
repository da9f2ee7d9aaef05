/**
 * A small SwarmUI with its ComfyUI, as a state and its moves: what the server does by itself and on an interrupt
 * (swarmui §4). The procedure that is checked against it is in cancel-swarm.ts.
 */
import type { Phase } from '../../electron/core/servers/swarm/stream.ts';
import type { CancelMode } from '../../shared/cancel.ts';

/** Where a request is inside SwarmUI. `grant`, `post` and `posted` are the windows of S12 and S13. */
type Inside = 'travel' | 'claimed' | 'wait' | 'grant' | 'post' | 'posted' | 'accepted' | 'exec' | 'end';
/** Where its prompt is in ComfyUI. `coming`: on the way there. */
type Prompt = 'none' | 'coming' | 'pending' | 'run' | 'done' | 'interrupted' | 'deleted';

export interface Job {
  inside: Inside;
  prompt: Prompt;
  image: boolean;
  /** Phases not yet heard by us. */
  frames: Phase[];
  seen: Phase;
  /** We have heard that it had a slot. */
  held: boolean;
  over: boolean;
}
export interface Stop {
  job: string;
  certain: boolean;
  sent: 'no' | 'flying' | 'landed' | 'late';
  sentRunning: boolean;
  /** Its prompt was seen on the backend before the stop was sent. */
  sighted: boolean;
  absentOnce: boolean;
  absentLong: boolean;
  pressed: 'no' | 'interrupt' | 'delete' | 'landed';
  report: string | null;
}
export interface State {
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

export function start(world: World): State {
  const state: State = { jobs: {}, queue: [], running: null, flag: false, free: world.slots, lost: 0, stops: [] };
  for (const { name, at } of world.jobs) {
    const prompt: Prompt = at === 'exec' ? 'run' : at === 'accepted' ? 'pending' : 'none';
    state.jobs[name] = {
      inside: at,
      prompt,
      image: false,
      frames: [],
      seen: PHASE[at],
      held: prompt !== 'none',
      over: false,
    };
    if (at === 'exec') state.running = name;
    if (at === 'accepted') state.queue.push(name);
    if (at === 'exec' || at === 'accepted') state.free -= 1;
  }
  state.stops = world.stop.map((job) => ({
    job,
    certain: false,
    sent: 'no',
    sentRunning: false,
    sighted: false,
    absentOnce: false,
    absentLong: false,
    pressed: 'no',
    report: null,
  }));
  return state;
}

export type Move = [label: string, apply: (state: State) => void];
export const jobOf = (state: State, name: string): Job => {
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
export function serverMoves(state: State): Move[] {
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
        j.held ||= j.seen === 'handed' || j.seen === 'running';
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

/** SwarmUI's interrupt of one session, by where its request is just then (swarmui §4.2, §4.4). */
export function interrupt(state: State, name: string): void {
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
export function remove(state: State, name: string): void {
  if (!state.queue.includes(name)) return;
  state.queue = state.queue.filter((one) => one !== name);
  jobOf(state, name).prompt = 'deleted';
}
