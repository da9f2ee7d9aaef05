/** `jobs` and `job`: what runs and waits, and everything known of one. */
import type { JobDetail } from '../../../shared/job.ts';
import { defined } from '../../../shared/util/defined.ts';
import type { Context } from '../context.ts';
import { Finder, openJobs, serverIdOf } from '../find.ts';
import { plural } from '../../../shared/words/count.ts';
import { bytes, clean, duration, indented, joined, timeOfDay, when } from '../format.ts';
import { errorLine, foreignRow, jobRow, namesOf, outcomeOf, stateWord, titleOf, whereWord } from '../job-words.ts';
import type { ServerNames } from '../job-words.ts';
import type { Answer } from '../output.ts';
import { awaitedSentence, outcomeSentence } from '../cancel-words.ts';
import { isCancelling } from '../../../shared/job-view.ts';
import { askedFrom } from '../../../shared/words/asker.ts';
import { says } from '../text.ts';
import { done } from './answers.ts';

export async function jobs(context: Context): Promise<Answer> {
  const { args } = context;
  const link = await context.link();
  const serverId = await serverIdOf(link, args.text('server'));
  const withForeign = args.has('foreign') || link.alone;
  const [open, others, { servers }] = await Promise.all([
    openJobs(link, serverId),
    withForeign ? link.call('foreign.list', defined({ serverId })) : null,
    link.call('servers.list', {}),
  ]);
  return done({ jobs: open, ...(others === null ? {} : { foreign: others.servers }) }, () => {
    const names = namesOf(servers);
    const now = context.now();
    const rows = [
      ...open.map((job) => jobRow(job, names, now)),
      ...(others?.servers ?? []).flatMap((view) => view.jobs.map((job) => foreignRow(job, names, now))),
    ];
    const counted = (others?.servers ?? []).flatMap((view) =>
      view.counts.map(({ user, waiting, running }) =>
        clean(
          `${names.get(view.serverId) ?? ''}: ${user ?? 'others'}: ${String(running)} running, ${String(waiting)} waiting`,
        ),
      ),
    );
    return rows.length + counted.length === 0 ? [says.nothingOpen] : [...context.out.table(rows), ...counted];
  });
}

export async function job(context: Context): Promise<Answer> {
  const link = await context.link();
  const { id } = await new Finder(link).job(context.args.words[0] ?? '');
  const [detail, { servers }] = await Promise.all([link.call('jobs.get', { id }), link.call('servers.list', {})]);
  return done(detail, () => detailLines(detail, namesOf(servers), context.now()));
}

function detailLines(detail: JobDetail, names: ServerNames, nowMs: number): string[] {
  const { job: is, outputs, trail, attempts } = detail;
  const { info, cancel } = is;
  const facts: string[][] = [
    ['id', is.id],
    ['state', `${stateWord(is)}${isCancelling(is) ? ` (${awaitedSentence(is)})` : ''}`],
    ['server', whereWord(is, names)],
    ['made', when(is.createdAt, nowMs)],
  ];
  if (is.startedAt !== null) facts.push(['started', when(is.startedAt, nowMs)]);
  if (is.endedAt !== null)
    facts.push(['ended', `${when(is.endedAt, nowMs)}${is.ranMs === null ? '' : `, ran ${duration(is.ranMs)}`}`]);
  if (info.source !== null) facts.push(['from', info.source]);
  const made = [
    info.width === null ? '' : `${String(info.width)}×${String(info.height)}`,
    info.seed === null ? '' : `seed ${info.seed}`,
    info.model ?? '',
    info.images === null ? '' : plural(info.images, 'image', 'images'),
    info.nodes === null ? '' : plural(info.nodes, 'node', 'nodes'),
  ];
  if (joined(made) !== '') facts.push(['makes', joined(made)]);
  if (is.note !== null) facts.push(['note', is.note]);
  const outcome = outcomeOf(is);
  if (cancel !== null && outcome !== null)
    facts.push([
      'cancel',
      `${outcomeSentence(outcome, is)} (${askedFrom[cancel.by]}${cancel.note === null ? '' : `: ${cancel.note}`})`,
    ]);
  if (is.error !== null) facts.push(['error', errorLine(is.error)]);
  const key = attempts.at(-1)?.remoteKey;
  if (key !== undefined) facts.push(['on server', key]);
  const lines = [clean(titleOf(is)), ...indented(facts)];
  if (outputs.length > 0) {
    lines.push('', 'Outputs');
    lines.push(
      ...indented(
        outputs.map((one) => [
          one.name,
          one.state === 'stored' ? (one.partial ? 'kept, partial' : 'stored') : one.state,
          one.bytes === null ? '' : bytes(one.bytes),
          one.text ?? '',
        ]),
      ),
    );
  }
  for (const { by, note, steps } of trail) {
    lines.push('', clean(`Cancel ${askedFrom[by]}${note === null ? '' : `: ${note}`}`));
    lines.push(
      ...indented(
        steps.map((step) => [
          timeOfDay(step.at),
          duration(step.sinceMs),
          step.step,
          step.route ?? '',
          step.detail ?? '',
        ]),
      ),
    );
  }
  return lines;
}
