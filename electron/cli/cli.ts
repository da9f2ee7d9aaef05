/**
 * The entry of `switchyard`: words → one verb → answer → exit code. Loads nothing heavy: a verb's wall time is mostly
 * Node's own start (docs/benchmarks.md). What verbs do is in commands/, how they reach a host in host-link.ts.
 */
import '../node-gate.ts';
import { fileURLToPath } from 'node:url';
import { dataDirectory, demoDirectory } from '../data-dir.ts';
import { Aborted } from '../../shared/util/async.ts';
import { isAbort, toWire } from '../../shared/errors.ts';
import { readArguments } from './args.ts';
import type { Arguments } from './args.ts';
import { call } from './commands/call.ts';
import { cancel } from './commands/cancel/command.ts';
import { history } from './commands/history.ts';
import { job, jobs } from './commands/jobs.ts';
import { hold, move, pause, putBack, release, resume, runAgain } from './commands/queue.ts';
import * as servers from './commands/servers.ts';
import { status } from './commands/status.ts';
import { submit } from './commands/submit.ts';
import { watch } from './commands/watch.ts';
import { linkFor } from './context.ts';
import type { Command } from './context.ts';
import { EXIT, toFailure, usage } from './exit-codes.ts';
import type { Failure } from './exit-codes.ts';
import { helpText } from './help.ts';
import { Output, whyOf } from './output.ts';
import { clean } from './format.ts';
import { errorWords } from '../../shared/words/errors.ts';
import { atServer, says } from './text.ts';
import type { VerbName } from './verbs.ts';

const COMMANDS: Record<Exclude<VerbName, 'host'>, Command> = {
  status,
  submit,
  jobs,
  job,
  cancel,
  history,
  watch,
  pause,
  resume,
  hold,
  release,
  move,
  call,
  'put-back': putBack,
  'run-again': runAgain,
  'servers list': servers.list,
  'servers add': servers.add,
  'servers remove': servers.remove,
  'servers test': servers.test,
  'servers discover': servers.discover,
};

/** The exit code; null for `host`, which ends by itself. */
async function main(argv: readonly string[]): Promise<number | null> {
  const left = new AbortController();
  // Even a command line that can't be read is answered in the form it asked for.
  const plainly = new Output(
    process,
    { json: argv.includes('--json'), quiet: false, verbose: false, yes: false },
    left.signal,
  );
  let args: Arguments;
  try {
    args = readArguments(argv);
  } catch (error) {
    return fail(plainly, toFailure(error));
  }
  const { verb } = args;
  if (args.has('version')) {
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
    process.stdout.write(`${version}\n`);
    return EXIT.done;
  }
  if (args.has('help')) {
    process.stdout.write(`${helpText(verb)}\n`);
    return EXIT.done;
  }
  if (verb === null) return fail(plainly, usage(says.noVerb, says.seeHelp(null)));
  if (verb.name === 'host') {
    await becomeHost(args.raw);
    return null;
  }

  const out = new Output(
    process,
    { json: args.has('json'), quiet: args.has('quiet'), verbose: args.has('verbose'), yes: args.has('yes') },
    left.signal,
  );
  const given = dataDirectory({ given: args.text('data') });
  const dataDir = args.has('demo') ? demoDirectory(given) : given;
  process.once('SIGINT', () => {
    left.abort(new Aborted('CallerLeft'));
    // Whoever waits for something that hears no signal leaves all the same.
    setTimeout(() => process.exit(EXIT.interrupted), 3_000).unref();
  });
  const { link, close } = linkFor(args, dataDir, out, left.signal);
  try {
    const answer = await COMMANDS[verb.name]({ args, out, link, signal: left.signal, now: () => Date.now() });
    out.answer(answer);
    const why = whyOf(answer);
    if (why !== null && !out.manner.json) {
      // What came of a cancel is its answer, and -q wants none; everything else is an error.
      if (answer.exit === EXIT.notProven || answer.exit === EXIT.tooLate) out.note(clean(why));
      else out.complain(clean(why));
    }
    return answer.exit;
  } catch (error) {
    if (isAbort(error)) {
      out.note(says.interrupted);
      return EXIT.interrupted;
    }
    return fail(out, toFailure(error), args);
  } finally {
    await close();
  }
}

/** The host is a build of its own beside ours; its entry reads the words of the process it runs in. */
async function becomeHost(words: readonly string[]): Promise<void> {
  const place = new URL(import.meta.url.endsWith('.ts') ? '../host/host.ts' : '../host/host.js', import.meta.url);
  process.argv.splice(1, process.argv.length, fileURLToPath(place), ...words);
  await import(place.href);
}

/** `args` where they could be read: what was asked, and of whom. */
function fail(out: Output, failure: Failure, args?: Arguments): number {
  const { exit, code, message, hint, details } = failure;
  if (out.manner.json) out.answer({ exit, data: null, text: () => [], error: toWire(failure) });
  else {
    const url = details?.['url'];
    const lead = typeof url === 'string' ? atServer(url, failure) : `${errorWords[code]}: ${message}`;
    out.complain(`switchyard: ${failure.bare ? clean(lead) : message}`);
    if (hint !== null) out.complain(hint);
    else if (exit === EXIT.unreachable && details?.['peer'] !== 'host' && args?.verb?.name !== 'status')
      out.complain(says.seeStatus(args?.text('url') ?? null));
  }
  return exit;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `switchyard history | head` has seen enough.
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
});

const exit = await main(process.argv.slice(2));
if (exit !== null) process.exitCode = exit;
