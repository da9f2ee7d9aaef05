/** `servers list | add | remove | test | discover`. */
import { fromWire } from '../../../shared/errors.ts';
import type { Kind } from '../../../shared/job.ts';
import { KINDS } from '../../../shared/kinds/kinds.ts';
import type { ProbeReport } from '../../../shared/server.ts';
import { defined } from '../../../shared/util/defined.ts';
import type { Arguments } from '../args.ts';
import type { Context } from '../context.ts';
import { EXIT, toFailure, usage } from '../exit-codes.ts';
import type { Exit } from '../exit-codes.ts';
import { pickServer, findServer } from '../find.ts';
import { clean, duration, joined } from '../format.ts';
import { readKey } from '../key-file.ts';
import type { Answer } from '../output.ts';
import { jobs } from '../../../shared/words/count.ts';
import { errorWords } from '../../../shared/words/errors.ts';
import { kinds } from '../../../shared/kinds/kinds.ts';
import { atServer, says } from '../text.ts';
import { declined, done } from './answers.ts';
import { serverLines, serverRow } from './status.ts';

export async function list(context: Context): Promise<Answer> {
  const { servers } = await (await context.link()).call('servers.list', {});
  return done({ servers }, () => serverLines(servers, context, ''));
}

export async function add(context: Context): Promise<Answer> {
  const { args, out } = context;
  const url = args.words[0] ?? '';
  let kind = kindOf(args);
  const maxInFlight = args.number('max', 1, true);
  const name = args.text('name');
  const keyFile = args.text('key-file');
  const credential = keyFile === undefined ? null : readKey(keyFile);
  const link = await context.link();
  if (credential !== null && kind === undefined) {
    // What it is can only be seen with the key.
    const { probe } = await link.call('servers.probe', { url, credential });
    if (probe.error !== null) throw fromWire(probe.error);
    kind = probe.kind ?? undefined;
  }
  let { server } = await link.call('servers.add', { url, ...defined({ name, kind, maxInFlight }) });
  if (credential !== null) ({ server } = await link.call('servers.setCredential', { id: server.id, credential }));
  if (!/^https:|^http:\/\/(127\.|localhost|\[::1\])/.test(server.url) && credential !== null)
    out.note('The key travels to this server unencrypted.');
  return done({ server }, () => out.table([serverRow(server, context.now())]));
}

function kindOf(args: Arguments): Kind | undefined {
  const word = args.text('kind');
  const kind = KINDS.find((each) => each === word);
  if (word !== undefined && kind === undefined) throw usage(`--kind is ${KINDS.join(' or ')}, not "${word}".`);
  return kind;
}

export async function remove(context: Context): Promise<Answer> {
  const { args, out } = context;
  if (args.has('move-waiting') && args.has('cancel-waiting'))
    throw usage('--move-waiting and --cancel-waiting exclude each other.');
  if (args.has('cancel-running') && args.has('forget-running'))
    throw usage('--cancel-running and --forget-running exclude each other.');
  const link = await context.link();
  const server = await findServer(link, args.words[0] ?? '');
  if (out.canAsk && !(await out.ask([], `Remove ${clean(server.name)} (${clean(server.url)})?`)))
    return declined('Nothing was removed.');
  const waiting = args.has('move-waiting') ? 'move' : args.has('cancel-waiting') ? 'cancel' : undefined;
  const onServer = args.has('cancel-running') ? 'cancel-and-wait' : args.has('forget-running') ? 'forget' : undefined;
  try {
    const result = await link.call('servers.remove', { id: server.id, ...defined({ waiting, onServer }) });
    return done(result, () => [
      result.removed
        ? `${clean(server.name)} was removed.`
        : `${clean(server.name)} is removed once ${jobs(result.waitingFor.length)} on it ${result.waitingFor.length === 1 ? 'has' : 'have'} stopped.`,
    ]);
  } catch (error) {
    if (toFailure(error).code === 'conflict')
      out.note(
        'Say what becomes of its jobs: --move-waiting or --cancel-waiting, and --cancel-running or --forget-running.',
      );
    throw error;
  }
}

export async function test(context: Context): Promise<Answer> {
  const { args, out } = context;
  const kind = kindOf(args);
  const word = args.words[0] ?? '';
  const link = await context.link();
  const { servers } = await link.call('servers.list', {});
  const looksLikeAddress = /^https?:\/\/|[.:]/.test(word);
  const url =
    looksLikeAddress && !servers.some((server) => server.name === word) ? word : pickServer(servers, word).url;
  const { probe } = await link.call('servers.probe', { url, ...defined({ kind }) });
  const exit: Exit =
    probe.error === null
      ? EXIT.done
      : probe.error.code === 'server_unreachable' || probe.error.code === 'server_timeout'
        ? EXIT.unreachable
        : EXIT.failed;
  return {
    exit,
    data: { probe },
    text: () => (probe.error === null ? out.table([probeRow(probe)]) : []),
    ...(probe.error === null ? {} : { error: probe.error, why: atServer(probe.url, probe.error) }),
  };
}

export async function discover(context: Context): Promise<Answer> {
  const link = await context.link();
  const { found } = await link.call('servers.discover', {});
  return done({ found }, () => (found.length === 0 ? [says.noneFound] : context.out.table(found.map(probeRow))));
}

function probeRow(probe: ProbeReport): string[] {
  const facts = [
    probe.answeredInMs === null ? '' : `answered in ${duration(probe.answeredInMs)}`,
    probe.queueLength === null ? '' : `queue ${String(probe.queueLength)}`,
    probe.error === null ? '' : `${errorWords[probe.error.code]}: ${probe.error.message}`,
  ];
  return [
    probe.url,
    `${probe.kind === null ? '' : kinds[probe.kind].label} ${probe.version ?? ''}`.trim(),
    joined(facts),
  ];
}
