/**
 * `cancel`, in one direction: what is meant (plan.ts), a yes where somebody can be asked (agree.ts), the request on disk
 * (ask.ts), proof (follow.ts), the answer (report.ts). The sentences are in cancel-words.ts.
 */
import type { Context } from '../../context.ts';
import type { Answer } from '../../output.ts';
import { says } from '../../text.ts';
import { declined } from '../answers.ts';
import { agreeTo, mustBeAsked } from './agree.ts';
import { NOTHING, ask } from './ask.ts';
import { follow } from './follow.ts';
import { hintAtOthers } from './hint.ts';
import { planCancel } from './plan.ts';
import { report } from './report.ts';
import { cancelUser } from './user.ts';

const DEFAULT_WAIT_S = 10;
const OTHERS_WORK = 'That is other people’s work.';

export async function cancel(context: Context): Promise<Answer> {
  const { args, signal } = context;
  const user = args.text('user');
  if (user !== undefined) return await cancelUser(context, user);
  const waitMs = (args.number('wait', 0, false) ?? DEFAULT_WAIT_S) * 1_000;
  // Known before anything is looked at: nobody can be asked, so nobody's work but one's own is touched.
  if (args.has('foreign')) mustBeAsked(context, OTHERS_WORK);
  const link = await context.link();
  const plan = await planCancel(link, args);
  if (plan.foreign.length > 0) mustBeAsked(context, OTHERS_WORK);
  const nothing = plan.scope === null && plan.foreign.length === 0;
  if (nothing && plan.missing.length === 0) await hintAtOthers(context, link, plan.serverId);
  const asked = nothing
    ? { receipts: [], foreign: [], summary: NOTHING }
    : await agreeTo(context, link, plan, (token) => ask(link, plan, token, args.text('note')));
  if (asked === null) return declined(says.kept);
  const views = await follow(link, asked, { waitMs, mode: plan.manner.mode, signal });
  return report(context, link, { plan, asked, views, waitMs });
}
