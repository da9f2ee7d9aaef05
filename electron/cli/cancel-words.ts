/** The sentences of cancelling (product §3.2, §3.6): outcomes, what is still awaited, the question. Pure. */
import type { CancelOutcome } from '../../shared/cancel.ts';
import type { CancelPreview } from '../../shared/cancel-schema.ts';
import { cancelWarnings, stoppedBy } from '../../shared/cancel-words.ts';
import type { JobView } from '../../shared/job.ts';
import { EXIT } from './exit-codes.ts';
import type { Exit } from './exit-codes.ts';
import { clean, duration, plural } from './format.ts';
import { jobs, lostSentence } from './text.ts';

/** What came of one job's cancel. `wasBefore`: it had been cancelled already when we asked. */
export function outcomeSentence(outcome: CancelOutcome, job: JobView | undefined, wasBefore = false): string {
  if (wasBefore && outcome.outcome === 'cancelled') return 'Was cancelled already';
  switch (outcome.outcome) {
    case 'cancelled':
      return cancelledSentence(outcome, job);
    case 'too-late':
      if (outcome.state === 'running') return 'Had already started; it runs on';
      return outcome.state === 'done' ? 'Finished before it could be cancelled' : 'Failed before it could be cancelled';
    case 'unknown':
      return lostSentence[outcome.cause];
  }
}

function cancelledSentence(
  outcome: Extract<CancelOutcome, { outcome: 'cancelled' }>,
  job: JobView | undefined,
): string {
  if (outcome.reach === 'local') return 'Cancelled before it was sent';
  if (outcome.evidence === 'presumed')
    return job?.kind === 'swarm' && outcome.reach === 'running'
      ? 'Cancelled; its backend may finish the current step'
      : 'Cancelled; the server never showed it';
  if (outcome.reach === 'waiting') return 'Cancelled; it had not started';
  const took = job?.cancel?.tookMs ?? null;
  const kept = outcome.partialOutputs;
  const images = job?.info.images ?? null;
  const pieces =
    kept === 0
      ? ''
      : images !== null && images >= kept
        ? `, ${String(kept)} of ${plural(images, 'image', 'images')} kept`
        : `, ${plural(kept, 'output', 'outputs')} kept`;
  return `${took === null ? 'Cancelled' : `Cancelled after ${duration(took)}`}${pieces}`;
}

/** What one outcome means to a script. Null: not proven yet. */
export function exitOf(outcome: CancelOutcome | null, options: { reachable: boolean; waitingOnly: boolean }): Exit {
  if (outcome === null) return options.reachable ? EXIT.notProven : EXIT.unreachable;
  if (outcome.outcome === 'cancelled') return EXIT.done;
  if (outcome.outcome === 'unknown') return EXIT.notProven;
  // "What runs, runs on" was what was asked for, of everything that waits.
  return outcome.state === 'running' && options.waitingOnly ? EXIT.done : EXIT.tooLate;
}

/** `cancelling`, and what for: the newest step of the trail. */
export function awaitedSentence(job: JobView | undefined): string {
  const last = job?.cancel?.lastStep ?? null;
  if (last === null) return 'cancelling';
  switch (last.step) {
    case 'waiting':
      return 'cancelling, waiting for the server';
    case 'sent':
      return 'cancelling, asked the server to stop it';
    case 'heard':
      return 'cancelling, the server was told; it stops at its next step';
    case 'unanswered':
      return 'cancelling, the server did not answer; looking whether it arrived';
    case 'unreachable':
      return 'cancelling, the server does not answer; taken up when it does';
    case 'runs-on':
      return 'this server is too old to stop one job safely; it will finish';
    case 'held':
      return 'cancelling, waiting for the right moment';
    default:
      return 'cancelling';
  }
}

export interface Question {
  lines: string[];
  question: string;
  /** How many it would stop. */
  count: number;
}

/** Made of the counts of `cancel.preview` and of nothing else. */
export function questionFor(preview: CancelPreview, options: { runsOn: boolean }): Question {
  const manner = { mode: 'stop', after: options.runsOn } as const;
  const { total } = preview;
  const count = stoppedBy(total, manner);
  const lines: string[] = [];
  if (total.running > 0) {
    const [runs, stops] = total.running === 1 ? ['runs', 'stops'] : ['run', 'stop'];
    lines.push(
      `  ${plural(total.running, 'running job', 'running jobs')}: ${options.runsOn ? `${runs} on to the end` : `${stops} at the next step; images so far are kept`}`,
    );
  }
  const waiting = total.local + total.staged;
  if (waiting > 0) lines.push(`  ${plural(waiting, 'waiting job', 'waiting jobs')}: removed; can be put back`);
  if (total.foreign > 0)
    lines.push(
      `  ${plural(total.foreign, 'foreign job', 'foreign jobs')}: stopped too, though it is other people’s work`,
    );
  if (total.collecting > 0)
    lines.push(`  ${plural(total.collecting, 'job', 'jobs')} finished already, files still being fetched: too late`);
  if (total.foreignKept > 0) lines.push(`  ${plural(total.foreignKept, 'foreign job', 'foreign jobs')}: left alone`);
  for (const warning of preview.warnings) lines.push(`  ${cancelWarnings[warning]}`);
  const named = preview.servers.filter(({ counts }) => stoppedBy(counts, manner) > 0);
  const [only] = named;
  const place =
    named.length === 1 && only !== undefined && only.name !== null
      ? ` on ${clean(only.name)}`
      : named.length > 1
        ? ` on ${String(named.length)} servers`
        : '';
  return {
    lines,
    question: `Cancel ${count === 1 && preview.title !== null ? `"${clean(preview.title)}"` : jobs(count)}${place}?`,
    count,
  };
}
