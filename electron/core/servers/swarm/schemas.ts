/**
 * Tolerant schemas of what we read from SwarmUI: only the fields we use, unknown ones ignored, odd ones made null or
 * zero rather than refused (swarmui §1.2, §3.2, §5, §8). Knows no meaning; its users do.
 */
import { z } from 'zod';
import { readable } from '../answers.ts';

const count = z.coerce.number().catch(0);
const text = z.string().catch('');
const textOrNull = z.string().nullable().catch(null);

/** Every refusal, over HTTP and in a stream (swarmui §1.2): either key may be missing, `Login` has only the id. */
export const RefusalSchema = z.object({
  error: z.string().optional().catch(undefined),
  error_id: z.string().optional().catch(undefined),
});

export const SessionSchema = z.object({
  session_id: z.string().min(1),
  user_id: text,
  output_append_user: z.boolean().catch(true),
  version: textOrNull,
  server_id: textOrNull,
  permissions: z.array(z.string()).catch([]),
});
export type SwarmSession = z.infer<typeof SessionSchema>;

/** The four counters of one session, or of all (swarmui §5). */
export const CountersSchema = z.object({
  waiting_gens: count,
  loading_models: count,
  waiting_backends: count,
  live_gens: count,
});
export type Counters = z.infer<typeof CountersSchema>;
export const NO_COUNTERS: Counters = { waiting_gens: 0, loading_models: 0, waiting_backends: 0, live_gens: 0 };
export const isIdle = (counters: Counters): boolean =>
  counters.waiting_gens === 0 &&
  counters.loading_models === 0 &&
  counters.waiting_backends === 0 &&
  counters.live_gens === 0;

const BackendStatusSchema = z.object({ any_loading: z.boolean().catch(false) });
export const StatusSchema = z.object({
  status: CountersSchema,
  backend_status: BackendStatusSchema.nullish().catch(null),
});
export type SwarmStatus = z.infer<typeof StatusSchema>;

export const UsersSchema = z.object({ users: z.array(CountersSchema.extend({ id: text })) });
export type SwarmUserCounts = z.infer<typeof UsersSchema>['users'][number];

export const BackendSchema = z.object({
  id: z.coerce.number(),
  type: text,
  status: text,
  settings: z.record(z.string(), z.unknown()).catch({}),
  enabled: z.boolean().catch(false),
  title: text,
  max_usages: count,
  can_load_models: z.boolean().catch(false),
  current_model: textOrNull,
});
export type SwarmBackend = z.infer<typeof BackendSchema>;
/** Keyed by id, without a wrapper. Entries that can't be read are left out. */
export const BackendsSchema = z
  .record(z.string(), BackendSchema.nullable().catch(null))
  .transform((all) => Object.values(all).filter((one) => one !== null));

const GpuSchema = z.object({ name: text, total_memory: count, used_memory: count });
export const ResourcesSchema = z.object({
  system_ram: z.object({ total: count, used: count }),
  gpus: z.record(z.string(), GpuSchema).nullish().catch(null),
});
export type SwarmResources = z.infer<typeof ResourcesSchema>;

export const ImagesSchema = z.object({
  files: z.array(z.object({ src: z.string(), metadata: textOrNull })).catch([]),
});
export type SwarmFile = z.infer<typeof ImagesSchema>['files'][number];

export const ModelsSchema = z.object({
  files: readable(
    z.object({
      name: z.string(),
      title: textOrNull,
      architecture: textOrNull,
      standard_width: z.coerce.number().nullish().catch(null),
      standard_height: z.coerce.number().nullish().catch(null),
    }),
  ).catch([]),
});

/** One entry of `ListT2IParams.list`: what a form needs of it. `default` is always text. */
const ParamSchema = z.object({
  id: z.string(),
  name: text,
  description: text,
  type: text,
  default: z.coerce.string().catch(''),
  min: count,
  max: count,
  view_min: count,
  view_max: count,
  step: count,
  values: z.array(z.string()).nullable().catch(null),
  value_names: z.array(z.string()).nullable().catch(null),
  visible: z.boolean().catch(true),
  advanced: z.boolean().catch(false),
  toggleable: z.boolean().catch(false),
  priority: count,
  group: textOrNull,
});
const ParamGroupSchema = z.object({
  id: z.string(),
  name: text,
  open: z.boolean().catch(false),
  priority: count,
  advanced: z.boolean().catch(false),
});
export const ParamsSchema = z.object({
  list: readable(ParamSchema),
  /** `{"Stable-Diffusion": [[name, architecture], …]}` */
  models: z.record(z.string(), z.array(z.tuple([z.string()]).rest(z.unknown())).catch([])).catch({}),
  groups: readable(ParamGroupSchema).catch([]),
});
export type SwarmParam = z.infer<typeof ParamSchema>;

/** ComfyUI's `GET /queue` through the passthrough: `[number, prompt_id, graph, …]`; the graph carries our mark (S18). */
const QueueItemSchema = z.tuple([z.unknown(), z.string().min(1)]).rest(z.unknown());
export const QueueSchema = z.object({
  queue_running: readable(QueueItemSchema),
  queue_pending: readable(QueueItemSchema),
});

export const AddedBackendSchema = z.object({ id: z.coerce.number() });
