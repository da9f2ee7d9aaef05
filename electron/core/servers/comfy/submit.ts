/**
 * Sends one prompt, once, and says what became of it. Never repeats it: ids are not deduplicated by the server, and a
 * second one with the same number can kill its worker (C2). Never sends a number.
 */
import { AppError, isAbort } from '../../../../shared/errors.ts';
import type { CapabilitiesOf } from '../../../../shared/server.ts';
import type { HttpAnswer } from '../../net/http-client.ts';
import { deliveryOf } from '../../net/error.ts';
import type { SendAttempt, SubmitResult } from '../adapter.ts';
import { jsonOf } from '../answers.ts';
import type { Look } from './cancel.ts';
import type { ComfyHttp } from './http.ts';
import { readRefusal } from './outcome.ts';
import { RefusalSchema, SubmitAnswerSchema } from './schemas.ts';
import type { Track } from './tracks.ts';

/** `look` asks where the prompt is now; used where the answer alone can't tell. Never throws for what a server does. */
export async function sendPrompt(
  http: ComfyHttp,
  clientId: string,
  capabilities: CapabilitiesOf<'comfy'>,
  attempt: SendAttempt,
  track: Track,
  signal: AbortSignal,
  look: () => Promise<Look>,
): Promise<SubmitResult> {
  const { payload } = attempt;
  if (payload.kind !== 'comfy')
    return refused(new AppError('bug', 'a payload of another kind was given to a ComfyUI server'), false);
  if (!capabilities.promptId) {
    return refused(new AppError('server_unsupported', 'this server is too old: it does not take a prompt id'), true);
  }
  track.loaders = new Set(
    Object.entries(payload.graph)
      .filter(([, node]) => LOADER.test(node.class_type))
      .map(([id]) => id),
  );
  const body = {
    prompt: payload.graph,
    prompt_id: attempt.remoteKey,
    client_id: clientId,
    extra_data: {
      ...harmless(payload.extraData ?? {}),
      switchyard: { job: attempt.jobId, attempt: attempt.attemptId },
    },
  };
  let answer: HttpAnswer;
  try {
    answer = await http.submit(body);
  } catch (error) {
    if (isAbort(error) || !(error instanceof AppError)) throw error;
    // 401 and 403 are given before the prompt is read.
    if (error.code === 'server_auth') return { result: 'not-sent', error };
    return { result: deliveryOf(error), error };
  }
  return await readAnswer(answer, attempt, http, signal, look);
}

const LOADER = /Loader|Load(Checkpoint|Model|Diffusion)/i;

async function readAnswer(
  answer: HttpAnswer,
  attempt: SendAttempt,
  http: ComfyHttp,
  signal: AbortSignal,
  look: () => Promise<Look>,
): Promise<SubmitResult> {
  const json = jsonOf(answer);
  if (answer.status === 200) {
    const accepted = SubmitAnswerSchema.safeParse(json);
    if (!accepted.success) return { result: 'unsure', error: odd(answer, 'the answer to a submit could not be read') };
    if (accepted.data.prompt_id !== attempt.remoteKey) return await takeBack(accepted.data.prompt_id, http, signal);
    const errors = accepted.data.node_errors;
    const partial = typeof errors === 'object' && errors !== null && Object.keys(errors).length > 0;
    return {
      result: 'accepted',
      number: accepted.data.number ?? null,
      nodeErrors: partial ? errors : null,
    };
  }
  if (answer.status === 400) {
    const refusal = RefusalSchema.safeParse(json);
    if (refusal.success) {
      const read = readRefusal(refusal.data);
      return refused(read.error, read.elsewhere);
    }
  }
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 408)
    return refused(odd(answer, 'the server refuses the prompt'), answer.status !== 413);
  if (answer.status === 500) return await afterServerFault(answer, look);
  return { result: 'unsure', error: odd(answer, 'something between us and the server answered') };
}

/** ComfyUI's own 500 comes after it is done with the request, and the prompt may be stored all the same (C2): look. */
async function afterServerFault(answer: HttpAnswer, look: () => Promise<Look>): Promise<SubmitResult> {
  try {
    const seen = await look();
    if (seen.saw !== 'absent') return { result: 'accepted', number: null, nodeErrors: null };
    return refused(odd(answer, 'the server failed on this prompt'), false);
  } catch {
    return { result: 'unsure', error: odd(answer, 'the server failed, and could not be asked about the prompt') };
  }
}

/** The server minted an id of its own: under it the prompt could never be stopped exactly, so it must not stay. */
async function takeBack(otherId: string, http: ComfyHttp, signal: AbortSignal): Promise<SubmitResult> {
  const error = new AppError('server_unsupported', 'this server does not keep the prompt id it is given', {
    details: { otherId },
  });
  try {
    await http.deleteWaiting([otherId], signal);
  } catch (cause) {
    return refused(
      new AppError(error.code, `${error.message}; its own prompt could not be removed`, {
        details: { otherId },
        cause,
      }),
      true,
    );
  }
  return refused(error, true);
}

/** `extra_pnginfo` that is no object makes every `/api/jobs` call fail for everybody (comfyui §3.3): it is left out. */
function harmless(extraData: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const info = extraData['extra_pnginfo'];
  const { extra_pnginfo: _left, ...rest } = extraData;
  if (info === undefined || !isObject(info)) return rest;
  const { workflow, ...others } = info;
  return { ...rest, extra_pnginfo: workflow === undefined || isObject(workflow) ? info : others };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refused(error: AppError, elsewhere: boolean): SubmitResult {
  return { result: 'rejected', error, elsewhere };
}

function odd(answer: HttpAnswer, message: string): AppError {
  return new AppError(answer.status >= 500 ? 'server_protocol' : 'server_rejected', message, {
    details: { status: answer.status, sample: answer.text.slice(0, 500) },
  });
}
