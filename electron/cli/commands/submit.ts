/** `submit FILE`: queues a workflow, and waits for its end where that was asked for. */
import type { JobId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { JobView } from '../../../shared/job.ts';
import { Aborted, abortReason, raceAbort } from '../../../shared/util/async.ts';
import { defined } from '../../../shared/util/defined.ts';
import { outcomeSentence } from '../cancel-words.ts';
import type { Context } from '../context.ts';
import { EXIT, errorFor, worst } from '../exit-codes.ts';
import type { Exit } from '../exit-codes.ts';
import { findServer } from '../find.ts';
import { plural } from '../../../shared/words/count.ts';
import { duration, shortId } from '../format.ts';
import { errorLine, jobRow, namesOf, outcomeOf, stateWord, titleOf } from '../job-words.ts';
import type { Link } from '../link.ts';
import type { Answer } from '../output.ts';
import { planFor, planSubmit } from '../submit-plan.ts';
import { readWorkflowFile } from '../workflow-file.ts';

export async function submit(context: Context): Promise<Answer> {
  const { args, out } = context;
  const count = args.number('count', 1, true) ?? 1;
  const waitS = args.number('wait', 0, false);
  const file = await readWorkflowFile(args.words[0] ?? '');
  const seed = args.text('seed');
  const planned = planSubmit(file.payload, { sets: args.all('set'), seed, count });
  for (const place of file.inexact) out.note(`${place} is too large to keep exactly; the nearest value is sent.`);
  const link = await context.link();
  const word = args.text('server');
  const server = word === undefined ? null : await findServer(link, word);
  const kinds = server === null ? (await link.call('servers.list', {})).servers.map(({ kind }) => kind) : [server.kind];
  const random = seed === 'random' || (seed === undefined && count > 1);
  const { payload, jobs: wanted } = planFor(planned, kinds, random);
  const title = args.text('title');
  const result = await link.call('jobs.submit', {
    payload,
    serverId: server?.id ?? null,
    jobs: title === undefined ? wanted : wanted.map((one) => ({ ...one, title })),
    // A reply that is lost and asked for again must not make the jobs twice.
    clientToken: crypto.randomUUID(),
    ...(file.source === null ? {} : { source: file.source }),
    ...defined({ title, note: args.text('note') }),
    ...(args.has('held') ? { held: true } : {}),
    ...(args.has('front') ? { at: 'front' as const } : {}),
  });
  const ids = result.jobs.map((job) => job.id);
  if (link.alone && waitS === undefined) {
    // Nobody sends it once we are gone: we stay until the server has it.
    const sent = await untilSent(link, ids, context.signal);
    return answer(context, link, sent, result.batchId, null);
  }
  if (waitS === undefined || waitS === 0) return answer(context, link, result.jobs, result.batchId, null);
  return answer(context, link, await untilEnded(link, ids, waitS * 1_000, context.signal), result.batchId, waitS);
}

/** Jobs as they are when all have ended, or when the time is over. */
async function untilEnded(
  link: Link,
  ids: readonly JobId[],
  waitMs: number,
  interrupted: AbortSignal,
): Promise<JobView[]> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new Aborted('Deadline'));
  }, waitMs);
  const signal = AbortSignal.any([deadline.signal, interrupted]);
  const ended = new Map<JobId, JobView>();
  try {
    // In queue order, one after the other: they mostly end in it, and each wait is one call.
    for (const id of ids) ended.set(id, (await raceAbort(link.call('jobs.awaitEnd', { id }, { signal }), signal)).job);
  } catch (error) {
    if (interrupted.aborted) throw abortReason(interrupted);
    if (!deadline.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  const jobs: JobView[] = [];
  for (const id of ids) jobs.push(ended.get(id) ?? (await link.call('jobs.get', { id })).job);
  return jobs;
}

async function untilSent(link: Link, ids: readonly JobId[], signal: AbortSignal): Promise<JobView[]> {
  const jobs = new Map<JobId, JobView>();
  const isSent = (job: JobView | undefined): boolean =>
    job !== undefined && job.state !== 'queued' && job.state !== 'submitting';
  let wake: () => void = () => undefined;
  const stream = await link.events(
    ['job.changed'],
    (event) => {
      if (event.topic === 'job.changed') jobs.set(event.payload.id, event.payload);
      wake();
    },
    () => {
      wake();
    },
  );
  try {
    for (const id of ids) jobs.set(id, (await link.call('jobs.get', { id })).job);
    while (!ids.every((id) => isSent(jobs.get(id)))) {
      await raceAbort(
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
        signal,
      );
    }
  } finally {
    stream.close();
  }
  return ids.flatMap((id) => jobs.get(id) ?? []);
}

async function answer(
  context: Context,
  link: Link,
  jobs: JobView[],
  batchId: string | null,
  waitS: number | null,
): Promise<Answer> {
  const exits = jobs.map((job): Exit =>
    job.state === 'failed' || job.state === 'cancelled'
      ? EXIT.failed
      : waitS !== null && !isTerminal(job.state)
        ? EXIT.notProven
        : EXIT.done,
  );
  const exit = worst(exits);
  const { servers } = await link.call('servers.list', {});
  const text = (): string[] => {
    if (waitS === null) {
      const rows = jobs.slice(0, 12).map((job) => jobRow(job, namesOf(servers), context.now()));
      return [
        ...context.out.table(rows),
        ...(jobs.length > rows.length ? [`and ${String(jobs.length - rows.length)} more`] : []),
      ];
    }
    return context.out.table(jobs.map((job) => [shortId(job.id), stateWord(job), endWords(job), titleOf(job)]));
  };
  const failed = jobs.find((job) => job.error !== null);
  const error =
    exit === EXIT.done
      ? null
      : exit === EXIT.notProven
        ? errorFor(exit, `Not ended within ${String(waitS)} s; it goes on.`)
        : (failed?.error ?? errorFor(exit, 'It was cancelled.'));
  return { exit, data: { jobs, batchId }, text, ...(error === null ? {} : { error }) };
}

function endWords(job: JobView): string {
  if (job.error !== null) return errorLine(job.error);
  const outcome = outcomeOf(job);
  if (outcome !== null) return outcomeSentence(outcome, job);
  if (job.state !== 'done') return '';
  return `${job.ranMs === null ? '' : `after ${duration(job.ranMs)}, `}${plural(job.outputs.stored, 'output', 'outputs')} stored`;
}
