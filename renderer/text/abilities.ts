/** What can and can't be done on a server, in words: a sentence for each thing its probe found. */
import type { Kind } from '../../shared/job.ts';
import type { CapabilitiesOf } from '../../shared/server.ts';
import { listed, may } from './swarm.ts';

/** What can (`go`), can't quite (`hold`) be done on a server, in words. Asked of the server, never concluded from its version. */
export interface Ability {
  tone: 'go' | 'hold' | 'bad';
  text: string;
}

const abilitiesOf: {
  readonly [K in Kind]: (capabilities: CapabilitiesOf<K>, allowUntargeted: boolean) => Ability[];
} = { comfy: comfyAbilities, swarm: swarmAbilities };

export const abilities = <K extends Kind>(capabilities: CapabilitiesOf<K>, allowUntargeted: boolean): Ability[] =>
  abilitiesOf[capabilities.kind](capabilities, allowUntargeted);

function comfyAbilities(capabilities: CapabilitiesOf<'comfy'>, allowUntargeted: boolean): Ability[] {
  const list: Ability[] = [];
  const go = (text: string): number => list.push({ tone: 'go', text });
  const hold = (text: string): number => list.push({ tone: 'hold', text });
  if (capabilities.targetedInterrupt) go('One running job can be stopped without touching its neighbours');
  else if (allowUntargeted)
    hold('A running job is stopped by an untargeted interrupt, which may hit a neighbour. You allowed this.');
  else hold('Too old to stop one running job by name: running jobs can’t be cancelled here. Waiting ones can.');
  if (!capabilities.promptId) hold('It picks its own ids: a job may be sent twice if an answer is lost');
  if (!capabilities.jobsApi)
    hold('It has no list of jobs: after a lost connection, looking up how a job ended takes longer');
  if (!capabilities.previewMetadata) hold('Its previews carry no job id: they go to the running job');
  return list;
}

/** What can and can't be done on a SwarmUI server, as its permissions and routes say. */
function swarmAbilities(capabilities: CapabilitiesOf<'swarm'>): Ability[] {
  const allowed = (permission: string): boolean => may(capabilities, permission);
  const list: Ability[] = [];
  if (capabilities.targetedInterrupt)
    list.push({ tone: 'go', text: 'Each of your jobs runs in a session of its own and can be stopped alone' });
  else
    list.push({
      tone: 'hold',
      text: 'Up to 0.9.7 it stops whatever runs on a backend, not one job: a running job is only cancelled where you allow that a neighbour may be hit',
    });
  if (capabilities.passthrough)
    list.push({
      tone: 'go',
      text: 'Its ComfyUI backends can be inspected, so stops are confirmed, and others’ running jobs can be stopped one by one',
    });
  else
    list.push({
      tone: 'hold',
      text: 'Its ComfyUI backends can’t be inspected: a stopped job may finish its current step unseen',
    });
  list.push({
    tone: 'hold',
    text:
      allowed('interrupt_others') && allowed('read_server_info_panels')
        ? 'What others have waiting inside SwarmUI can only be cancelled together, a whole user at a time'
        : 'What others have waiting inside SwarmUI can’t be cancelled with your account',
  });
  const lacking = [
    allowed('view_backends_list') ? null : 'see its backends',
    allowed('comfy_dynamic_custom_workflows') ? null : 'send ComfyUI workflows',
    allowed('restart_backends') ? null : 'restart backends',
    allowed('control_mem_clean') ? null : 'free its memory',
  ].filter((what) => what !== null);
  if (lacking.length > 0) list.push({ tone: 'hold', text: `Your account may not ${listed(lacking)}` });
  return list;
}
