/**
 * A small model of SwarmUI before one ComfyUI, and a breadth-first search over every interleaving of server, network and
 * the real step functions of the stop procedure (swarm/cancel.ts), so that code and model can't drift apart. Time is
 * what the procedure assumes of it: a hand-over is through within the time after which a phase is called certain, unless
 * a world is `slow`.
 */
import { itsTurn, lookStep, RESEND_MS, stopStep } from '../../electron/core/servers/swarm/cancel.ts';
import type { LinePlace, StopStep } from '../../electron/core/servers/swarm/cancel.ts';
import { start, jobOf, serverMoves, interrupt, remove } from './swarm-server-model.ts';
import type { Job, Stop, State, Move, World, Variant, Verdict } from './swarm-server-model.ts';

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
        const { seen, prompt } = jobOf(s, mine.job);
        mine.sentRunning = seen === 'running';
        mine.sighted = seen === 'handed' && (prompt === 'pending' || prompt === 'run');
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
    allThere: stop.sentRunning || stop.sighted || !job.held,
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
